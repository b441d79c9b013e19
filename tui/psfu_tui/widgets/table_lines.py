"""The lines of a `LiveTable`: what they look like, compared cheaply, and then drawn."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from proctor_sfu.control.api.quality import Level
from psfu_tui import cells, figures
from psfu_tui.columns import GAP, Column, widths
from psfu_tui.ordering import Sort

MARK: Final = "▌"
BAR: Final = "▐"
_STYLES: Final[dict[Level, str]] = {"ok": "ok", "warn": "warn", "bad": "bad", "none": "absent"}
"""Level -> part of a style."""


_REMEMBERED: Final = 4096
"""Cells: most values of a second are those of some row in another."""


class Cell(NamedTuple):
    """What one cell looks like."""

    lead: str
    """Spaces before it that are not styled."""
    text: str
    part: str
    """Of a style; empty: the plain one."""


class Looks(NamedTuple):
    """What a line looks like; two that are equal need not be drawn twice."""

    under: bool
    """Under the cursor."""
    marked: bool
    bar: bool
    """Beside the scroll bar."""
    cells: tuple[Cell, ...]


class Lines:
    """Lines of so many cells. ``style(part, under)`` returns the style of a part, under the cursor or not.

    ``before``: behind how many columns some are out of sight; none of them if 0.
    """

    def __init__(
        self, columns: Sequence[Column[Any]], width: int, style: Callable[[str, bool], Style], *, before: int = 0
    ) -> None:
        self.columns: list[Column[Any]] = []
        self._before = before
        self._width = width
        self._style = style
        taken = 0
        for column in columns:
            if self.columns and taken + column.width >= width:
                break  # The last cell is the scroll bar's.
            taken += column.width + GAP
            self.columns.append(column)
        self._more = len(self.columns) < len(columns)
        self._widths = widths(self.columns, width - 1)
        self._rest = max(0, width - 1 - sum(self._widths) - GAP * (len(self._widths) - 1))
        self._cell = functools.lru_cache(_REMEMBERED)(self._make_cell)
        self._readers = [(place, each.text, each.level or _fine) for place, each in enumerate(self.columns)]

    def looks(self, record: Any, *, under: bool, marked: bool, bar: bool) -> Looks:
        """Return what the line of a record looks like."""
        cell = self._cell
        found = tuple([cell(place, text(record), level(record)) for place, text, level in self._readers])
        return Looks(under, marked, bar, found)

    def _make_cell(self, place: int, text: str, level: Level) -> Cell:
        column = self.columns[place]
        shown = cells.fit(text, self._widths[place], left=column.left)
        part = self._part(shown, level, column)
        bare = shown.lstrip(" ") if part else shown
        return Cell(shown[: len(shown) - len(bare)], bare, part)

    def draw(self, looks: Looks) -> Strip:
        """Return a line. Plain cells that follow one another become one segment, since each of them costs."""
        plain = self._style("", looks.under)
        segments: list[Segment] = []
        text = ""
        for number, (lead, shown, part) in enumerate(looks.cells):
            style = self._style(part, looks.under) if part else plain
            text += lead
            if style is plain:
                text += shown
            else:
                if text:
                    segments.append(Segment(text, plain))
                segments.append(Segment(shown, style))
                text = ""
            if number == 0 and looks.marked:
                if text:
                    segments.append(Segment(text, plain))
                segments.append(Segment(MARK, self._style("mark", looks.under)))
                text = ""
            else:
                # What is between two columns belongs to neither: a line below it would look as if it did.
                text += " "
        segments.append(Segment(text[:-1] + " " * self._rest, plain))
        segments.append(Segment(BAR, self._style("bar", looks.under)) if looks.bar else Segment(" ", plain))
        return Strip(segments, self._width)

    @staticmethod
    def _part(cell: str, level: Level, column: Column[Any]) -> str:
        if level in ("warn", "bad") or column.name == "level":
            return _STYLES.get(level, "absent")
        if cell.strip() == figures.ABSENT:
            return "absent"
        return "quiet" if column.quiet else ""

    def head(self, sort: Sort | None) -> Strip:
        """Return the line above all others."""
        head = self._style("head", False)
        segments = []
        for number, (column, size) in enumerate(zip(self.columns, self._widths, strict=True), 1):
            title, style = column.title, head
            if sort is not None and column.name == sort.column:
                title, style = f"{title[: size - 1]}{'↓' if sort.descending else '↑'}", self._style("sorted", False)
            title = cells.fit(title, min(size, cells.width(title)))
            pad = Segment(" " * (size - cells.width(title)), head)
            segments += [Segment(title, style), pad] if column.left else [pad, Segment(title, style)]
            segments.append(Segment("‹" if number == self._before else " ", head))
        if segments and self._more:
            segments[-1] = Segment("›", head)
        return Strip(segments).adjust_cell_length(self._width, head)

    def blank(self, text: str = "") -> Strip:
        """Return a line without a row."""
        return Strip([Segment(cells.fit(text, self._width), self._style("empty", False))], self._width)

    def column_at(self, x: int) -> Column[Any] | None:
        """Return the column at a cell."""
        for column, size in zip(self.columns, self._widths, strict=True):
            x -= size + GAP
            if x < 0:
                return column
        return None


def _fine(record: Any) -> Level:
    """Return that nothing is wrong, where a column does not tell."""
    return "ok"


def scroll_bar(top: int, rows: int, count: int) -> range:
    """Return the rows in sight a scroll bar stands at: of ``count`` rows ``rows`` are in sight from ``top`` on."""
    if count <= rows or rows < 1:
        return range(0)
    size = max(1, rows * rows // count)
    begin = min(top, count - rows) * (rows - size) // (count - rows)
    return range(begin, begin + size)
