"""The line of a replay: from its first to its last second, where it is, and where something bad happened."""

from __future__ import annotations

from datetime import datetime

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from psfu_tui.links import Progress

_ENDS = 10
"""Cells of a time of day and what is around it."""


class Timeline(Widget):
    """Out of sight unless something is replayed; a click goes there."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Timeline { height: 1; display: none; background: $surface; color: $quiet; }
    Timeline.-replay { display: block; }
    """

    progress: reactive[Progress | None] = reactive(None)

    class Sought(Message):
        """A time was clicked."""

        def __init__(self, at: float) -> None:
            super().__init__()
            self.at = at

    def watch_progress(self, progress: Progress | None) -> None:
        """Come into sight."""
        self.set_class(progress is not None, "-replay")

    def render(self) -> Content:
        """Return the line."""
        progress = self.progress
        if progress is None:
            return Content("")
        signs = ["─"] * self._length
        for mark in progress.marks:
            signs[self._place(mark.at)] = "✖"
        here = self._place(progress.at)
        before, after = "".join(signs[:here]), "".join(signs[here + 1 :])
        return Content.assemble(
            f" {_clock(progress.begin)} ", *_coloured(before, "$accent"), ("●", "bold $accent"),
            *_coloured(after, "$faint"), f" {_clock(progress.end)} ",
        )  # fmt: skip

    @property
    def _length(self) -> int:
        return max(1, self.size.width - 2 * _ENDS)

    def _place(self, at: float) -> int:
        assert self.progress is not None
        span = self.progress.end - self.progress.begin
        part = (at - self.progress.begin) / span if span > 0 else 0.0
        return max(0, min(self._length - 1, int(part * self._length)))

    def on_click(self, event: events.Click) -> None:
        """Go to the time that was clicked."""
        if self.progress is None:
            return
        part = (event.x - _ENDS) / self._length
        self.post_message(self.Sought(self.progress.begin + part * (self.progress.end - self.progress.begin)))


def _coloured(text: str, style: str) -> list[tuple[str, str]]:
    """Return a piece of the line, its marks in the colour of what is bad."""
    parts: list[tuple[str, str]] = []
    for sign in text:
        own = "bold $error" if sign == "✖" else style
        if parts and parts[-1][1] == own:
            parts[-1] = (parts[-1][0] + sign, own)
        else:
            parts.append((sign, own))
    return parts


def _clock(at: float) -> str:
    return datetime.fromtimestamp(at).strftime("%H:%M:%S")
