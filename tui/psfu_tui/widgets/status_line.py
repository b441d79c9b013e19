"""The first line: which server, how many are in trouble, how much flows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, TypeAlias

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from proctor_sfu.control.api.quality import Frame
from psfu_tui import cells, figures
from psfu_tui.glyphs import LEVEL

Part: TypeAlias = list[tuple[str, str]]
"""Texts with their styles that stay together."""

_LONGEST = 40
"""Letters of why something cannot be kept."""


class StatusLine(Widget):
    """What has no room is left out, from the least important."""

    ALLOW_SELECT = False
    DEFAULT_CSS = """
    StatusLine { height: 1; background: $panel; color: $foreground; }
    """
    STYLES: ClassVar = {"name": "bold", "quiet": "$quiet"}

    frame: reactive[Frame | None] = reactive(None)
    clock: reactive[str] = reactive("")
    masked: reactive[bool] = reactive(False)
    keeping: reactive[str | None] = reactive(None)
    """Why what is shown cannot be kept, empty if it is; None: it is not meant to be."""

    def render(self) -> Content:
        """Return the line."""
        left, right = self._parts()
        room = self.size.width - 2
        kept = fitting([*((rank, part) for rank, part in left), *((rank, part) for rank, part in right)], room)
        begin = Content("   ").join([_content(part) for rank, part in left if rank in kept])
        end = Content("   ").join([_content(part) for rank, part in right if rank in kept])
        gap = max(1, room - begin.cell_length - end.cell_length)
        return Content.assemble(" ", begin, " " * gap, end, " ")

    def _parts(self) -> tuple[list[tuple[int, Part]], list[tuple[int, Part]]]:
        """Return the parts at the left and at the right with their ranks; the lowest stays longest."""
        head: Part = [("psfu", "bold $accent")]
        frame = self.frame
        if frame is None:
            return [(0, head)], []
        daemon = frame.daemon
        node = cells.clean(daemon.node)
        left: list[tuple[int, Part]] = [
            (0, head),
            (5, [(node, "bold")]),
            (1, [(f"{LEVEL['bad']} {daemon.bad}", "bold $error" if daemon.bad else "$quiet")]),
            (2, [(f"{LEVEL['warn']} {daemon.warn}", "$warning" if daemon.warn else "$quiet")]),
            (3, [(f"{LEVEL['ok']} {daemon.ok}", "$success" if daemon.ok else "$quiet")]),
            (4, [(f"{daemon.live}", ""), (f"/{daemon.candidates} live", "$quiet")]),
        ]
        right: list[tuple[int, Part]] = [
            (6, [("in ", "$quiet"), (f"{figures.megabits(daemon.bitrate_in)}", ""), (" out ", "$quiet"),
                 (f"{figures.megabits(daemon.bitrate_out)}", ""), (" Mb/s", "$quiet")]),
            (9, [("lag ", "$quiet"), (f"{figures.whole(daemon.loop_lag_ms)}", ""), (" ms", "$quiet")]),
            (8, [("cpu ", "$quiet"), (f"{figures.whole(daemon.cpu)}", ""), (" %", "$quiet")]),
        ]  # fmt: skip
        if daemon.recordings is not None:
            right.insert(1, (7, [("rec ", "$quiet"), (f"{daemon.recordings}", "")]))
        if daemon.workers < daemon.workers_target:
            left.append((1, [(f"{daemon.workers} of {daemon.workers_target} workers", "bold $error")]))
        if not daemon.ready:
            left.append((1, [("stopping", "bold $error")]))
        if self.masked:
            right.append((3, [("masked", "bold $accent")]))
        if self.keeping is not None:
            lost = cells.clean(self.keeping)[:_LONGEST]
            right.append((1, [(f"not kept: {lost}", "bold $error")]) if lost else (3, [("keeping", "bold $accent")]))
        right.append((2, [(self.clock, "bold")]))
        return left, right


def fitting(parts: Iterable[tuple[int, Part]], room: int) -> set[int]:
    """Return the ranks of the parts that have room."""
    kept: set[int] = set()
    by_rank: dict[int, int] = {}
    for rank, part in parts:
        by_rank[rank] = by_rank.get(rank, 0) + sum(cells.width(text) for text, _ in part) + 3
    left = room
    for rank in sorted(by_rank):
        if by_rank[rank] > left:
            break
        left -= by_rank[rank]
        kept.add(rank)
    return kept


def _content(part: Part) -> Content:
    return Content.assemble(*part)
