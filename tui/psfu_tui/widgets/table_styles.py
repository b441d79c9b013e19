"""What the parts of a `LiveTable` look like, and their styles, each made once."""

from __future__ import annotations

from typing import Final

from rich.style import Style
from textual.filter import ANSIToTruecolor
from textual.widget import Widget

CSS: Final = """
LiveTable {
    height: 1fr;
    overflow-x: hidden;
    scrollbar-size: 0 0;
    & > .live-table--head { color: $quiet; }
    & > .live-table--sorted { color: $accent; text-style: bold underline; }
    & > .live-table--cursor { background: $cursor; }
    & > .live-table--ok { color: $ok; }
    & > .live-table--warn { color: $warning; }
    & > .live-table--bad { color: $error; text-style: bold; }
    & > .live-table--absent { color: $faint; }
    & > .live-table--quiet { color: $quiet; }
    & > .live-table--bar { color: $scrollbar; }
    & > .live-table--mark { color: $accent; text-style: bold; }
    & > .live-table--empty { color: $quiet; }
    &:ansi > .live-table--head { text-style: dim; }
    &:ansi > .live-table--absent { text-style: dim; }
    &:ansi > .live-table--cursor { text-style: reverse; }
    &:nocolor > .live-table--warn { text-style: underline; }
    &:nocolor > .live-table--bad { text-style: bold underline; }
}
"""
PARTS: Final = {
    "live-table--head", "live-table--sorted", "live-table--cursor", "live-table--warn", "live-table--bad",
    "live-table--absent", "live-table--mark", "live-table--empty", "live-table--ok", "live-table--quiet",
    "live-table--bar",
}  # fmt: skip
"""Of `CSS`, as Textual names them."""


class Styles:
    """Styles of the parts of a widget, under its cursor or not."""

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._found: dict[tuple[str, bool], Style] = {}

    def __call__(self, part: str, under: bool) -> Style:
        """Return the style of a part; empty: of what is no particular one."""
        found = self._found.get((part, under))
        if found is None:
            found = self._found[part, under] = self._make(part, under)
        return found

    def forget(self) -> None:
        """Make them anew: what they were made of is not the same any more."""
        self._found.clear()

    def _make(self, part: str, under: bool) -> Style:
        widget = self._widget
        made = widget.rich_style
        if under:
            made += widget.get_component_rich_style("live-table--cursor")
        if part:
            made += widget.get_component_rich_style(f"live-table--{part}", partial=True)
        for each in widget.get_line_filters():
            if isinstance(each, ANSIToTruecolor):
                made = each.truecolor_style(made, widget.background_colors[1].rich_color)
        return made
