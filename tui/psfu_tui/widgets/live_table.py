"""A table that is told all its rows every second and repaints only the lines that look different.

Textual's own `DataTable` repaints its whole viewport for one changed cell, which costs six times as much. Rows are
known by a key: the cursor stays with its row wherever the order takes it. Nothing out of sight is formatted.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar, Generic

from textual import events
from textual.binding import Binding, BindingType
from textual.filter import ANSIToTruecolor
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from psfu_tui.columns import Column, Key, T, Table
from psfu_tui.cursor import Cursor
from psfu_tui.ordering import Sort
from psfu_tui.widgets.table_lines import Lines, Looks, scroll_bar
from psfu_tui.widgets.table_styles import CSS, PARTS, Styles


class LiveTable(ScrollView, Generic[T], can_focus=True):
    """Shows records as a `Table` says; how they are sorted and filtered is the business of who calls `show`."""

    COMPONENT_CLASSES: ClassVar[set[str]] = PARTS
    DEFAULT_CSS = CSS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("pageup,ctrl+b", "page(-1)", "Page up", show=False, id="table.page_up"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="table.page_down"),
        Binding("home,g", "jump(0)", "First", show=False, id="table.first"),
        Binding("end,G", "jump(-1)", "Last", show=False, id="table.last"),
        Binding("left,h", "shift(-1)", "Columns to the left", show=False, id="table.left"),
        Binding("right,l", "shift(1)", "Columns to the right", show=False, id="table.right"),
        Binding("enter", "open", "Open", id="table.open"),
    ]

    class Opened(Message):
        """A row was chosen."""

        def __init__(self, table: LiveTable[Any], key: Key) -> None:
            super().__init__()
            self.table = table
            self.key = key

    class SortAsked(Message):
        """The head of a column was clicked."""

        def __init__(self, table: LiveTable[Any], column: Column[Any]) -> None:
            super().__init__()
            self.table = table
            self.column = column

    def __init__(
        self,
        table: Table[T],
        *,
        present: Callable[[T], T] = lambda record: record,
        opens: bool = True,
    ) -> None:
        super().__init__()
        self.table = table
        self._opens = opens
        self.present = present
        """What is shown of a record, as behind a privacy mask."""
        self.codes: str | None = None
        """Letters of the columns; None: as many as fit."""
        self.sort: Sort | None = None
        """What the head says."""
        self.empty = f"no {table.noun}"
        """What is said when there are no rows."""
        self.following = False
        """Whether the row of the cursor is kept in sight when the order changes."""
        self.marks: set[Key] = set()
        self._cursor = Cursor(table)
        self._shift = 0
        self._style = Styles(self)
        self._lines = Lines((), 0, self._style)
        self._shown: dict[int, Looks | None] = {}
        self._drawn: dict[int, tuple[Looks, Strip]] = {}
        """What was drawn of a line, and what it looked like."""
        self._head: Strip | None = None

    # What is shown.

    def show(self, records: Sequence[T]) -> None:
        """Show records in this order."""
        self._cursor.follow(records)
        size = Size(self.scrollable_content_region.width, len(records) + 1)
        if size.height != self.virtual_size.height:
            self.virtual_size = size
        if self.following:
            self._reveal()
        self._paint()

    @property
    def record(self) -> T | None:
        """The record under the cursor."""
        return self._cursor.record

    @property
    def cursor(self) -> Key | None:
        """The key of the row under the cursor, None without rows."""
        return self._cursor.key

    @property
    def columns(self) -> list[Column[T]]:
        """The columns in sight."""
        return list(self._lines.columns)

    @property
    def chosen(self) -> list[Column[T]]:
        """The columns that are shown, those out of sight at either side too."""
        size = self.scrollable_content_region.width
        return self.table.fitting(size - 1) if self.codes is None else self.table.chosen(self.codes)

    def choose(self, codes: str | None) -> None:
        """Show other columns, from their first one on; None: as many as fit."""
        self.codes = codes
        self._shift = 0
        self.repaint()

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of all rows, in order."""
        return self._cursor.keys

    def as_text(self) -> str:
        """Return the lines in sight as text."""
        height = self.scrollable_content_region.height
        return "\n".join(line for y in range(height) if (line := self.render_line(y).text.rstrip()))

    @property
    def at_first(self) -> bool:
        """Whether the cursor is on the first row, or there is none."""
        return self._cursor.place == 0

    def repaint(self) -> None:
        """Lay out and draw anew: columns, sort or what is presented are others."""
        self._forget()
        self._lines = self._lay_out()
        self.refresh()

    def put_cursor(self, key: Key) -> None:
        """Put the cursor on a row, now or when it is there."""
        self._cursor.put(key)
        self._reveal()
        self._paint()

    def mark(self, key: Key) -> None:
        """Mark a row, or take its mark away."""
        self.marks ^= {key}
        self._paint()

    def unmark(self, keys: Collection[Key]) -> None:
        """Take marks away."""
        self.marks -= set(keys)
        self._paint()

    def _reveal(self) -> None:
        top, height, place = round(self.scroll_y), self._height, self._cursor.place
        if place < top:
            self.scroll_to(y=place, animate=False)
        elif height > 0 and place >= top + height:
            self.scroll_to(y=place - height + 1, animate=False)

    @property
    def _height(self) -> int:
        return self.scrollable_content_region.height - 1

    @property
    def _records(self) -> Sequence[T]:
        return self._cursor.records

    # How it is drawn.

    def _lay_out(self) -> Lines:
        columns = self.chosen
        pinned = [each for each in columns if each.code in self.table.usual[: self.table.pinned]]
        others = [each for each in columns if each not in pinned]
        self._shift = max(0, min(self._shift, len(others) - 1))
        return Lines(
            pinned + others[self._shift :], self.scrollable_content_region.width, self._style,
            before=len(pinned) if self._shift else 0,
        )  # fmt: skip

    def _paint(self) -> None:
        """Repaint the lines that look different, those that follow one another as one region."""
        height = self._height
        if not self.is_attached or height < 1:
            return
        top, begin = round(self.scroll_y), 0
        bar = scroll_bar(top, height, len(self._records))
        for y in range(1, height + 2):
            looks = self._looks(y, top, bar)
            if y <= height and not (y in self._shown and self._shown[y] == looks):
                self._shown[y] = looks
                begin = begin or y
            elif begin:
                self.refresh(Region(0, begin, self.size.width, y - begin))
                begin = 0

    def _looks(self, y: int, top: int, bar: range) -> Looks | None:
        """Return what line ``y`` looks like when row ``top`` is the first in sight."""
        if top + y > len(self._records):
            return None
        record = self._records[top + y - 1]
        key = self.table.key(record)
        return self._lines.looks(
            self.present(record), under=key == self.cursor, marked=key in self.marks, bar=y - 1 in bar
        )

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the lines of a region.

        Textual's own way asks all styles anew for every line, and makes three of it; here it is needed only where
        the whole table is paler than usual.
        """
        if self.styles.text_opacity != 1 or self.opacity != 1:
            return super().render_lines(crop)
        strips = [self.render_line(y) for y in crop.line_range]
        for each in self.get_line_filters():
            if not isinstance(each, ANSIToTruecolor):  # The styles have it already.
                strips = [strip.apply_filter(each, self.background_colors[1]) for strip in strips]
        return [strip.crop(crop.x, crop.right) for strip in strips]

    def render_line(self, y: int) -> Strip:
        """Return line ``y`` of the widget."""
        if y == 0:
            if self._head is None:
                self._head = self._lines.head(self.sort)
            return self._head
        if y not in self._shown:
            top = round(self.scroll_y)
            self._shown[y] = self._looks(y, top, scroll_bar(top, self._height, len(self._records)))
        if (looks := self._shown[y]) is not None:
            drawn = self._drawn.get(y)
            if drawn is None or drawn[0] is not looks:
                drawn = self._drawn[y] = looks, self._lines.draw(looks)
            return drawn[1]
        says_why = not self._records and y == min(2, self._height)
        return self._lines.blank(f"  {self.empty}" if says_why else "")

    def _forget(self) -> None:
        """Keep nothing that was drawn."""
        self._style.forget()
        self._shown = {}
        self._drawn = {}
        self._head = None

    # What Textual tells it.

    def notify_style_update(self) -> None:
        """Forget what was made of the styles before."""
        super().notify_style_update()
        self._forget()

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._records) + 1)
        self.repaint()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw other rows."""
        super().watch_scroll_y(old_value, new_value)
        if round(old_value) != round(new_value):
            self._shown = {}

    def on_click(self, event: events.Click) -> None:
        """Sort by the head that was clicked, or choose a row; twice opens it."""
        if event.y == 0:
            if (column := self._lines.column_at(event.x)) is not None:
                self.post_message(self.SortAsked(self, column))
            return
        place = round(self.scroll_y) + event.y - 1
        if place < len(self._records):
            self.action_jump(place)
            if event.chain >= 2:
                self.action_open()

    # Actions.

    def action_move(self, rows: int) -> None:
        """Move the cursor."""
        self.action_jump(max(0, self._cursor.place + rows))

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is in sight."""
        self.action_move(pages * max(1, self._height - 1))

    def action_jump(self, place: int) -> None:
        """Move the cursor to a row, -1 to the last."""
        if self._records:
            self._cursor.jump(place if place >= 0 else len(self._records) - 1)
            self._reveal()
            self._paint()

    def action_shift(self, columns: int) -> None:
        """Move the columns behind the pinned ones."""
        self._shift += columns
        self.repaint()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to open only where there is more to see."""
        return self._opens if action == "open" else True

    def action_open(self) -> None:
        """Choose the row under the cursor."""
        if self.cursor is not None:
            self.post_message(self.Opened(self, self.cursor))
