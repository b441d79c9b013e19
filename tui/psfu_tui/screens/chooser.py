"""Which columns a table has: each by its letter, with what it means."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from psfu_tui.columns import Column, Table


class ColumnChooser(ModalScreen[str | None]):
    """Returns letters, the empty text for as many as fit, None for no change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,enter", "switch", "On or off", id="chooser.toggle"),
        Binding("left_square_bracket,shift+up", "shift(-1)", "To the left", key_display="[", id="chooser.left"),
        Binding("right_square_bracket,shift+down", "shift(1)", "To the right", key_display="]", id="chooser.right"),
        Binding("ctrl+r", "usual", "Usual", id="chooser.usual"),
        Binding("escape,q", "close", "Done", id="chooser.close"),
    ]

    def __init__(self, table: Table[Any], codes: str) -> None:
        super().__init__()
        self._table = table
        self._codes = list(codes)
        self._before = codes
        # Those that are shown come first, in their order.
        shown = table.chosen(codes)
        self._columns: list[Column[Any]] = shown + [each for each in table.columns if each not in shown]

    def compose(self) -> ComposeResult:
        """Compose the list."""
        with Vertical(classes="dialog -tall"):
            yield Static(Content.assemble(("Columns of ", "bold"), (self._table.noun, "bold")), classes="title")
            yield OptionList(*[self._option(each) for each in self._columns])
            yield Static(id="codes")
            yield Static(
                Content.assemble(
                    ("space", "bold $accent"), " on or off   ", ("[ ]", "bold $accent"), " move   ",
                    ("^r", "bold $accent"), " usual ones   ", ("esc", "bold $accent"), " done",
                ),
                classes="keys",
            )  # fmt: skip

    def on_mount(self) -> None:
        """Begin at the top."""
        self.query_one(OptionList).focus()
        self._tell()

    def _option(self, column: Column[Any]) -> Option:
        on = column.code in self._codes
        return Option(
            Content.assemble(
                ("●" if on else "○", "$success" if on else "$faint"), " ", (column.code, "bold $accent"),
                f"  {column.name:<12}", (column.help, "$quiet"),
            ),
            id=f"column-{ord(column.code)}",
        )  # fmt: skip

    def _tell(self) -> None:
        self.query_one("#codes", Static).update(Content(f"--columns {''.join(self._codes)}"))

    def _highlighted(self) -> int | None:
        return self.query_one(OptionList).highlighted

    def action_switch(self) -> None:
        """Show a column, or leave it out; one stays."""
        place = self._highlighted()
        if place is None:
            return
        column = self._columns[place]
        if column.code not in self._codes:
            self._codes.append(column.code)
        elif len(self._codes) > 1:
            self._codes.remove(column.code)
        self._in_order()
        self.query_one(OptionList).replace_option_prompt_at_index(place, self._option(column).prompt)
        self._tell()

    def action_shift(self, step: int) -> None:
        """Move a column to the left or right."""
        place = self._highlighted()
        if place is None or not 0 <= place + step < len(self._columns):
            return
        self._columns[place], self._columns[place + step] = self._columns[place + step], self._columns[place]
        self._in_order()
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([self._option(each) for each in self._columns])
        options.highlighted = place + step
        self._tell()

    def _in_order(self) -> None:
        chosen = set(self._codes)
        self._codes = [each.code for each in self._columns if each.code in chosen]

    def action_usual(self) -> None:
        """Show as many of the usual ones as fit."""
        self.dismiss("")

    def action_close(self) -> None:
        """Show what was chosen. Where nothing was, a table goes on to show as many columns as fit."""
        codes = "".join(self._codes)
        self.dismiss(codes if codes != self._before else None)
