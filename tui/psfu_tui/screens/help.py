"""Every key that does something here, what the columns mean, and how to filter; made of the same tables as the rest."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Final

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from psfu_tui.columns import Table
from psfu_tui.widgets.live_table import LiveTable

FILTERS: Final = (
    ("ana", "a word anywhere in the texts of a row"),
    ("!ana", "not"),
    ("~akv", "these letters in this order"),
    ("loss>3 rtt>200", "both; numbers in the unit of the table"),
    ("camera<1.5M", "or with one of their own: k M G, s m h d"),
    ("state:lost,left", "one of these; words may be cut short"),
    ("room:exam room=exam-1", "part of a text; all of it"),
    ("rtt:none", "not known"),
    ("(loss>5 or gap>3) !room:demo", "or, and parentheses"),
)

_KEY: Final = 11
"""Cells of a key."""


class Help(ModalScreen[None]):
    """Scrolls; any of its keys closes it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "dismiss", "Close", id="help.close"),
    ]

    def __init__(self, keys: Mapping[str, Iterable[tuple[str, str]]], table: Table[Any] | None) -> None:
        super().__init__()
        self._keys = keys
        """Heading -> keys and what they do."""
        self._table = table

    def compose(self) -> ComposeResult:
        """Compose all of it."""
        with Vertical(classes="dialog -tall"):
            yield Static(
                Content.assemble(("Help", "bold"), ("   man psfu-monitor has more", "$quiet")), classes="title"
            )
            with VerticalScroll():
                yield _Text(self._lines)
            yield Static(Content.assemble(("↑ ↓", "bold $accent"), " scroll   ", ("esc", "bold $accent"), " close"),
                         classes="keys")  # fmt: skip

    def on_mount(self) -> None:
        """Let arrows scroll."""
        self.query_one(VerticalScroll).focus()

    def _lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        for heading, keys in self._keys.items():
            lines += [Content.assemble((heading, "bold $accent"))]
            lines += _in_two(list(keys), width)
            lines.append(Content(""))
        if self._table is not None:
            lines.append(Content.assemble((f"Columns of {self._table.noun}", "bold $accent"),
                                          ("   letter, name for filters, meaning", "$quiet")))  # fmt: skip
            for column in self._table.columns:
                lines += _entry([(f"  {column.code} ", "bold"), (f"{column.name:<13}", "")], column.help, width)
            lines.append(Content(""))
        lines.append(Content.assemble(("Filters", "bold $accent")))
        for text, what in FILTERS:
            lines += _entry([(f"  {text:<29}", "bold")], what, width)
        return lines


class _Text(Static):
    """Lines made for the width there is."""

    def __init__(self, lines: Callable[[int], list[Content]]) -> None:
        super().__init__()
        self._lines = lines
        self._made_for = 0

    def on_resize(self, event: events.Resize) -> None:
        """Make them again."""
        if event.size.width != self._made_for:
            self._made_for = event.size.width
            self.update(Content("\n").join(self._lines(event.size.width)))


def keys_of(screen: Screen[Any]) -> dict[str, list[tuple[str, str]]]:
    """Return the keys that do something on a screen, by heading."""
    found: dict[str, dict[str, tuple[list[str], str]]] = {"This screen": {}, "Everywhere": {}, "Moving": {}}
    for active in screen.active_bindings.values():
        binding = active.binding
        if binding.id is None:
            continue  # Textual's own.
        moving = isinstance(active.node, LiveTable)
        heading = "Moving" if moving else "Everywhere" if active.node is screen.app else "This screen"
        keys, _ = found[heading].setdefault(binding.id, ([], binding.description))
        keys.append(screen.app.get_key_display(binding.with_key(binding.key)))
    return {heading: [(" ".join(keys), what) for keys, what in entries.values()] for heading, entries in found.items()}


def _in_two(keys: Sequence[tuple[str, str]], width: int) -> list[Content]:
    """Return keys in two columns, down the first and then the second; in one where two have no room."""
    half = (len(keys) + 1) // 2
    first, second = (max((len(what) for _, what in part), default=0) for part in (keys[:half], keys[half:]))
    if 2 * _KEY + first + second + 5 > width:
        return [line for key, what in keys for line in _entry([(f"  {key:<{_KEY}}", "bold")], what, width)]
    lines = []
    for number in range(half):
        parts = [(f"  {keys[number][0]:<{_KEY}}", "bold"), (f"{keys[number][1]:<{first}}", "")]
        if number + half < len(keys):
            parts += [(f"   {keys[number + half][0]:<{_KEY}}", "bold"), (keys[number + half][1], "")]
        lines.append(Content.assemble(*parts))
    return lines


def _entry(head: Sequence[tuple[str, str]], what: str, width: int) -> list[Content]:
    """Return what stands before a text and the text, broken between words and kept away from the left."""
    indent = sum(len(text) for text, _ in head)
    first, *rest = textwrap.wrap(what, max(8, width - indent)) or [""]
    return [
        Content.assemble(*head, (first, "$quiet")), *[Content.assemble(" " * indent, (each, "$quiet")) for each in rest]
    ]  # fmt: skip
