"""A screen around one table: filter, sort, columns, marks."""

from __future__ import annotations

import json
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar, Generic

from textual import on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from proctor_sfu.control.api.plain import plain
from proctor_sfu.control.api.quality import Frame
from psfu_tui.columns import Column, Key, T, Table
from psfu_tui.filters import Filter, parse
from psfu_tui.messages import EventsAsked
from psfu_tui.model import EVERY
from psfu_tui.options import View
from psfu_tui.ordering import Order, Sort, initial
from psfu_tui.screens.base import MonitorScreen, Stage
from psfu_tui.screens.chooser import ColumnChooser
from psfu_tui.widgets.filter_bar import FilterBar
from psfu_tui.widgets.live_table import LiveTable


class TableScreen(MonitorScreen, Generic[T]):
    """Shows those records of a frame that the filter lets through."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="table.filter"),
        Binding("exclamation_mark,ctrl+z", "problems", "Problems", id="table.problems"),
        Binding("greater_than_sign", "sort(1)", "Sort", key_display="<>", id="table.sort_next"),
        Binding("less_than_sign", "sort(-1)", "Sort by the column before", show=False, id="table.sort_previous"),
        Binding("r", "reverse", "Reverse the order", show=False, id="table.reverse"),
        Binding("c", "columns", "Columns", id="table.columns"),
        Binding("w", "wide", "All columns", show=False, id="table.wide"),
        Binding("F", "follow", "Follow", id="table.follow"),
        Binding("m", "mark", "Mark", show=False, id="table.mark"),
        Binding("M", "unmark", "Clear marks", show=False, id="table.unmark"),
        Binding("y", "copy", "Copy ids", show=False, id="table.copy"),
        Binding("Y", "copy_json", "Copy as JSON", show=False, id="table.copy_json"),
        Binding("e", "events", "Events of this", show=False, id="table.events"),
    ]
    TABLE: ClassVar[Table[Any]]
    SORTABLE: ClassVar[bool] = True
    OPENS: ClassVar[bool] = True
    """Whether there is more to see of a record."""

    def __init__(self, stage: Stage, *, view: View | None = None, mode: str = "", crumbs: tuple[str, ...] = ()) -> None:
        super().__init__(stage, mode=mode, crumbs=crumbs)
        view = view or View()
        self.table = self.make_table()
        self.order = Order(self.table, view.sort or initial(self.table, self.table.sort))
        self.filter: Filter[T] = parse(view.filter, self.table)
        self.problems = False
        self._codes = view.columns
        self._filter_bar = FilterBar(self.table, self.filter.text)
        self._live: LiveTable[T] = LiveTable(self.table, present=self.present, opens=self.OPENS)

    def make_table(self) -> Table[T]:
        """Return the columns."""
        return self.TABLE

    @abstractmethod
    def records(self, frame: Frame) -> Sequence[T]:
        """Return what a frame has to show here."""

    def present(self, record: T) -> T:
        """Return a record as it may be shown."""
        return record

    def peer_of(self, record: T) -> tuple[str, str | None] | None:
        """Return the room and peer a record is about, None if it is about neither."""
        return None

    def body(self) -> Iterator[Widget]:
        """Yield filter and table."""
        yield self._filter_bar
        self._live.codes = self._codes
        self._live.sort = self.order.sort if self.SORTABLE else None
        yield self._live

    def on_mount(self) -> None:
        """Begin at the table."""
        self._live.focus()
        super().on_mount()

    def fill(self) -> None:
        """Show what the filter lets through."""
        frame = self.model.frame
        found = self.records(frame) if frame is not None else ()
        self._filter_bar.records = found
        kept = self.filter.of(found)
        if self.problems:
            kept = tuple([each for each in kept if getattr(each, "level", None) in ("warn", "bad")])
        self._live.empty = self._why_empty(len(found))
        self._live.show(self.arranged(kept))
        self._tabs.context = tuple(self._limits(len(kept), len(found)))

    def arranged(self, records: Sequence[T]) -> Sequence[T]:
        """Return records in order."""
        return self.order.arrange(records, self.stage.clock())

    def _why_empty(self, count: int) -> str:
        if self.model.frame is None:
            return "waiting for the first numbers"
        if not count:
            return f"no {self.table.noun}"
        return f"none of {count} {self.table.noun} fits; esc shows all again"

    def _limits(self, kept: int, count: int) -> Iterator[tuple[str, str]]:
        """Yield what the table is limited to, the least important first."""
        if self.model.interval != EVERY:
            yield f"every {self.model.interval:g} s", "$quiet"
        sort = self.order.sort
        if self.SORTABLE:
            yield f"by {sort.column} {'↓' if sort.descending else '↑'}", "$quiet"
        if self._live.marks:
            yield f"{len(self._live.marks)} marked", "$accent"
        if self._live.following:
            yield "following", "$accent"
        if self.problems:
            yield "problems only", "bold $warning"
        if self.filter.text:
            yield f"/{self.model.shown_text(self.filter.text)}", "bold $accent"
        yield (f"{kept} of {count}" if kept != count else f"{count}"), "bold $foreground"

    # What the table and the filter tell.

    @on(FilterBar.Changed)
    def _filtered(self, event: FilterBar.Changed) -> None:
        self.filter = event.filter
        self.fill()

    @on(FilterBar.Closed)
    def _filter_closed(self) -> None:
        self._live.focus()

    @on(LiveTable.SortAsked)
    def _sort_asked(self, event: LiveTable.SortAsked) -> None:
        if self.SORTABLE:
            self.sort_by(event.column)

    @on(LiveTable.Opened)
    def _opened(self, event: LiveTable.Opened) -> None:
        self.open(event.key)

    def open(self, key: Key) -> None:
        """Show more of a record."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer no deeds where they are not allowed, and no order where there is only one."""
        if action == "deed":
            return self.stage.allow_actions
        return self.SORTABLE if action in ("sort", "reverse") else True

    def sort_by(self, column: Column[Any]) -> None:
        """Sort by a column; by the one it is sorted by already, the other way round."""
        sort = self.order.sort
        if column.name == sort.column:
            self._sort(Sort(column=sort.column, descending=not sort.descending))
        else:
            self._sort(initial(self.table, column.name))

    def _sort(self, sort: Sort) -> None:
        self.order.by(sort)
        self._live.sort = sort
        self._live.repaint()
        self.fill()

    # Actions.

    def action_filter(self) -> None:
        """Type a filter."""
        self._filter_bar.open()

    def filter_by(self, text: str) -> None:
        """Have another filter. Raises `FilterError`."""
        self._filter_bar.put(text)

    def action_problems(self) -> None:
        """Show only what is in trouble, or everything."""
        self.problems = not self.problems
        self.fill()

    def action_sort(self, step: int) -> None:
        """Sort by the next column in sight."""
        names = [each.name for each in self._live.columns]
        now = self.order.sort.column
        place = names.index(now) + step if now in names else 0
        self._sort(initial(self.table, names[place % len(names)]))

    def action_reverse(self) -> None:
        """Sort the other way round."""
        sort = self.order.sort
        self._sort(Sort(column=sort.column, descending=not sort.descending))

    def action_columns(self) -> None:
        """Choose columns."""
        shown = "".join(each.code for each in self._live.chosen)
        self.app.push_screen(ColumnChooser(self.table, shown or self.table.usual), self._columns_chosen)

    def _columns_chosen(self, codes: str | None) -> None:
        if codes is not None:
            self._show_columns(codes or None)

    def _show_columns(self, codes: str | None) -> None:
        self._codes = codes
        self._live.choose(codes)
        self.fill()

    def action_wide(self) -> None:
        """Show all columns, or as many as fit."""
        every = "".join(each.code for each in self.table.columns)
        self._show_columns(None if self._live.codes == every else every)

    def action_follow(self) -> None:
        """Keep the row under the cursor in sight, or no longer."""
        self._live.following = not self._live.following
        self.fill()

    def action_mark(self) -> None:
        """Mark the row and go on."""
        if self._live.cursor is not None:
            self._live.mark(self._live.cursor)
            self._live.action_move(1)
            self.fill()

    def action_unmark(self) -> None:
        """Take all marks away."""
        self._live.unmark(set(self._live.marks))
        self.fill()

    def chosen(self) -> list[T]:
        """Return the marked records, or else the one under the cursor."""
        frame = self.model.frame
        if frame is None:
            return []
        cursor = self._live.cursor
        wanted = self._live.marks or ({cursor} if cursor is not None else set())
        return [each for each in self.records(frame) if self.table.key(each) in wanted]

    def shown_keys(self) -> tuple[Key, ...]:
        """Return what is in the table, in its order."""
        return self._live.keys

    def as_text(self) -> str:
        """Return what is in sight as lines of text."""
        return self._live.as_text()

    def action_copy(self) -> None:
        """Put the ids of the chosen rows into the clipboard of the terminal."""
        self._copy("\n".join("/".join(self.table.key(self.present(each))) for each in self.chosen()), "ids")

    def action_copy_json(self) -> None:
        """Put the chosen rows as JSON into the clipboard of the terminal."""
        records = [plain(self.present(each)) for each in self.chosen()]
        self._copy(json.dumps(records, indent=2), "JSON")

    def _copy(self, text: str, what: str) -> None:
        if text:
            self.app.copy_to_clipboard(text)
            self.notify(f"{what} of {len(self.chosen())} copied", timeout=2, markup=False)

    def action_events(self) -> None:
        """Show what happened to the row under the cursor."""
        record = self._live.record
        about = None if record is None else self.peer_of(record)
        if about is not None:
            self.post_message(EventsAsked(*about))

    def action_back(self) -> None:
        """Take away what limits the table, or leave what was opened."""
        if self.filter.text:
            self.filter_by("")
        elif self.problems:
            self.action_problems()
        else:
            super().action_back()
