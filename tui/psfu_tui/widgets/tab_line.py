"""The second line: the screens by number, where one is, and at the right what the table is limited to."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from psfu_tui import cells


class TabLine(Widget):
    """Screens to choose from."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    TabLine { height: 1; background: $surface; color: $quiet; }
    """

    crumbs: reactive[tuple[str, ...]] = reactive(())
    """Where one is below the chosen screen."""
    context: reactive[tuple[tuple[str, str], ...]] = reactive(())
    """Texts and styles at the right; the first ones are left out where there is no room."""

    class Chosen(Message):
        """A screen was clicked."""

        def __init__(self, mode: str) -> None:
            super().__init__()
            self.mode = mode

    def __init__(self, tabs: Sequence[tuple[str, str, str]], current: str) -> None:
        super().__init__()
        self._tabs = tabs
        """Key, mode and title of each."""
        self._current = current

    def render(self) -> Content:
        """Return the line."""
        width = self.size.width
        short = sum(len(title) + 4 for _, _, title in self._tabs) + 24 > width
        begin = Content.assemble(*[part for tab in self._tabs for part in self._tab(*tab, short=short)])
        for crumb in self.crumbs:
            begin = Content.assemble(begin, (" › ", "$quiet"), (cells.clean(crumb), "bold $foreground"))
        parts = list(self.context)
        while parts and begin.cell_length + sum(cells.width(text) + 3 for text, _ in parts) > width:
            parts.pop(0)
        end = Content.assemble(*[part for text, style in parts for part in (("  ", ""), (cells.clean(text), style))])
        gap = max(0, width - begin.cell_length - end.cell_length - 1)
        return Content.assemble(begin, " " * gap, end, " ")

    def _tab(self, key: str, mode: str, title: str, *, short: bool) -> list[tuple[str, str]]:
        if mode == self._current:
            return [(f" {key} {title} ", "bold $accent on $panel")]
        return [(f" {key}", "$faint"), (" " if short else f" {title} ", "$quiet")]

    def on_click(self, event: events.Click) -> None:
        """Choose the screen that was clicked."""
        short = sum(len(title) + 4 for _, _, title in self._tabs) + 24 > self.size.width
        end = 0
        for tab in self._tabs:
            end += sum(len(text) for text, _ in self._tab(*tab, short=short))
            if event.x < end:
                self.post_message(self.Chosen(tab[1]))
                return
