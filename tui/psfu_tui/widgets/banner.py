"""A line across the whole screen whenever what it shows is not simply live."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from psfu_tui import cells
from psfu_tui.model import Condition, Phase

WORDS: Final[Mapping[Phase, str]] = {
    "connecting": "CONNECTING", "late": "LATE", "paused": "PAUSED", "idle": "IDLE",
    "disconnected": "DISCONNECTED", "replay": "REPLAY", "demo": "DEMO",
}  # fmt: skip


class Banner(Widget):
    """Out of sight while all is live."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Banner {
        height: 1;
        display: none;
        background: $panel;
        color: $foreground;
        text-style: bold;
        &.-connecting { display: block; }
        &.-late { display: block; background: $warning; color: $background; }
        &.-paused { display: block; background: $warning; color: $background; }
        &.-idle { display: block; background: $warning; color: $background; }
        &.-disconnected { display: block; background: $error; color: $background; }
        &.-replay { display: block; background: $accent; color: $background; }
        &.-demo { display: block; background: $accent; color: $background; }
        &:nocolor { text-style: bold reverse; }
        &:ansi { color: ansi_black; }
    }
    """

    condition: reactive[Condition | None] = reactive(None, layout=False, repaint=False)

    def watch_condition(self, before: Condition | None, condition: Condition | None) -> None:
        """Come into sight, or leave it. What is out of sight is not drawn, or all widgets would be looked through."""
        if (before and before.phase) != (condition and condition.phase):
            for phase in WORDS:
                self.set_class(condition is not None and condition.phase == phase, f"-{phase}")
        if condition is not None and condition.phase in WORDS:
            self.refresh()

    def render(self) -> Content:
        """Return the line."""
        if self.condition is None:
            return Content("")
        word = WORDS.get(self.condition.phase, "")
        return Content(cells.fit(f" {word}  {cells.clean(self.condition.text)}", self.size.width))
