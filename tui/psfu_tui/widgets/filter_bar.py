"""Where a filter is typed: it takes effect with every letter, and says at once what it does not understand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input, Label, Static

from psfu_tui import cells
from psfu_tui.columns import Table
from psfu_tui.completion import complete
from psfu_tui.filters import Filter, FilterError, parse

_HINT = "word · !not · ~letters · loss>3 · state:lost,left · room:exam · ( or ) · rtt:none"


class FilterBar(Vertical):
    """Hidden until it is opened."""

    DEFAULT_CSS = """
    FilterBar {
        height: auto;
        display: none;
        background: $surface;
        &.-open { display: block; }
        & > Horizontal { height: 1; }
        Label { width: auto; color: $accent; text-style: bold; padding: 0 1; }
        Input { width: 1fr; background: $surface; border: none; height: 1; padding: 0; }
        #hint { height: 1; color: $quiet; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
        &.-wrong #hint { color: $error; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "drop", "Clear", id="filter.clear"),
        Binding("tab", "complete", "Complete", id="filter.complete"),
    ]

    class Changed(Message):
        """There is another filter."""

        def __init__(self, found: Filter[Any]) -> None:
            super().__init__()
            self.filter = found

    class Closed(Message):
        """Nothing more is typed."""

    def __init__(self, table: Table[Any], text: str = "") -> None:
        super().__init__()
        self._table = table
        self._text = text
        self.records: Sequence[Any] = ()
        """What values are completed from."""

    def compose(self) -> ComposeResult:
        """Compose the line and its hint."""
        with Horizontal():
            yield Label("/")
            yield Input(self._text, suggester=_Suggester(self), compact=True, select_on_focus=False)
        yield Static(Content(_HINT), id="hint")

    def open(self) -> None:
        """Begin to type."""
        self.add_class("-open")
        field = self.query_one(Input)
        field.value = self._text
        field.focus()
        field.action_end()

    @property
    def text(self) -> str:
        """What was typed."""
        return self._text

    def put(self, text: str) -> None:
        """Have another filter. Raises `FilterError`."""
        found = parse(text, self._table)
        self._text = text
        self.post_message(self.Changed(found))

    def completion(self, text: str) -> tuple[str, ...]:
        """Return what may come next."""
        return complete(text, self._table, self.records).options

    def completed(self, text: str) -> str | None:
        """Return a filter with its last word completed."""
        return complete(text, self._table, self.records).first(text)

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        event.stop()
        if not self.has_class("-open"):
            return
        if options := self.completion(event.value):
            # It may become the name of a column, or a value that is not at its end.
            self._say("   ".join(options))
            return
        try:
            self.put(event.value)
        except FilterError as error:
            self._complain(error)
        else:
            self._say(_HINT)

    def _say(self, text: str, *, wrong: bool = False) -> None:
        self.set_class(wrong, "-wrong")
        self.query_one("#hint", Static).update(Content(cells.clean(text)))

    def _complain(self, error: FilterError) -> None:
        self._say(f"at {error.at + 1}: {error}", wrong=True)

    def action_complete(self) -> None:
        """Take the first word that fits."""
        field = self.query_one(Input)
        if (completed := self.completed(field.value)) is not None:
            field.value = completed
            field.action_end()

    @on(Input.Submitted)
    def _keep(self, event: Input.Submitted) -> None:
        """Go back to the table, if all is understood."""
        event.stop()
        try:
            self.put(event.value)
        except FilterError as error:
            self._complain(error)
        else:
            self._close()

    def action_drop(self) -> None:
        """Go back to the table without a filter."""
        self.put("")
        self._close()

    def _close(self) -> None:
        self.remove_class("-open", "-wrong")
        self.post_message(self.Closed())


class _Suggester(Suggester):
    def __init__(self, bar: FilterBar) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._bar = bar

    async def get_suggestion(self, value: str) -> str | None:
        """Return the whole filter with its last word completed."""
        return self._bar.completed(value)


def quoted(words: Iterable[str]) -> str:
    """Return words as values of a filter."""
    return ",".join('"' + word.replace('"', "") + '"' for word in words)
