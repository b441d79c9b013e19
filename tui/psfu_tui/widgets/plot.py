"""A line of numbers over time in braille dots, with its scale; holes stay holes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from psfu_tui import glyphs

_AXIS: Final = 7


class Plot(Widget):
    """Shows ``values``, one a second, oldest first."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    Plot { height: 1fr; min-height: 4; }
    """

    values: reactive[tuple[float | None, ...]] = reactive(())

    def __init__(
        self, title: str, unit: str, show: Callable[[float | None], str], *, least: float, top: float | None = None
    ) -> None:
        super().__init__()
        self._title = title
        self._unit = unit
        self._show = show
        self._least = least
        """The scale never ends below it, so that noise looks like noise."""
        self._top = top
        """Where it always ends."""

    def render(self) -> Content:
        """Return the picture."""
        width, height = self.size.width - _AXIS - 1, self.size.height - 1
        if width < 4 or height < 2:
            return Content("")
        known = [value for value in self.values if value is not None]
        top = self._top or nice(max([self._least, *known]))
        last = self.values[-1] if self.values else None
        lines = [self._head(width, known, last)]
        for number, line in enumerate(glyphs.line(columns(self.values, 2 * width), top, height)):
            label = self._show(top) if number == 0 else "0" if number == height - 1 else ""
            sign = "┤" if label else "│"
            lines.append(Content.assemble((f"{label:>{_AXIS}}", "$quiet"), (sign, "$faint"), (line, "$primary")))
        return Content("\n").join(lines)

    def _head(self, width: int, known: Sequence[float], last: float | None) -> Content:
        """Return title and figures; the lesser ones only where there is room."""
        parts = [(self._title, "bold"), (f" {self._show(last)}", "bold $accent" if last is not None else "$faint")]
        parts.append((f" {self._unit}", "$quiet"))
        more = [(f"   highest {self._show(max(known))}", "$quiet")] if known else []
        more.append((f"   last {len(self.values) // 60} min", "$faint"))
        for part in more:
            if sum(len(text) for text, _ in [*parts, part]) <= width:
                parts.append(part)
        return Content.assemble(" " * (_AXIS + 1), *parts)


def nice(value: float) -> float:
    """Return the next of 1, 2, 5, 10, 20, … that is not smaller."""
    step = 1.0
    while True:
        for factor in (1, 2, 5):
            if value <= factor * step:
                return factor * step
        step *= 10


def columns(values: Sequence[float | None], count: int) -> list[float | None]:
    """Return ``count`` numbers, the highest of those that fall together; the newest at the right."""
    if len(values) <= count:
        return [None] * (count - len(values)) + list(values)
    found: list[float | None] = []
    for number in range(count):
        part = values[number * len(values) // count : (number + 1) * len(values) // count]
        found.append(max((value for value in part if value is not None), default=None))
    return found
