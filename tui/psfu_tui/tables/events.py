"""Columns of what happened."""

from __future__ import annotations

from typing import Final

from psfu_tui import figures
from psfu_tui.columns import WORST, Column, Key, Table, same
from psfu_tui.glyphs import LEVEL
from psfu_tui.happenings import Happening
from psfu_tui.tables.candidates import LEVELS


def key(happening: Happening) -> Key:
    """Return what tells events apart."""
    return (f"{happening.number:09}",)


def _text(happening: Happening) -> str:
    return f"{happening.text}: {happening.note}" if happening.note else happening.text


EVENTS: Final[Table[Happening]] = Table(
    noun="events",
    usual="thrpkx",
    first="htxprk",
    pinned=2,
    sort="number",
    key=key,
    words=("room", "peer", "kind", "text"),
    columns=(
        Column(code="t", name="at", title="time", width=8, kind="text", value=lambda each: each.at,
               show=figures.clock, help="when"),
        Column(
            code="h", name="level", title="", width=1, kind="choice", choices=LEVELS, value=lambda each: each.level,
            show=lambda value: LEVEL.get(value, "?"), level=lambda each: each.level,
            order=lambda each: WORST.get(each.level, 3), help="how bad it is",
        ),
        Column(code="r", name="room", title="room", width=10, kind="text", value=lambda each: each.room,
               show=lambda value: value or "", help="room"),
        Column(code="p", name="peer", title="who", width=14, kind="text", value=lambda each: each.peer,
               show=lambda value: value or "", help="peer id"),
        Column(code="k", name="kind", title="event", width=14, kind="text", grows=8,
               value=lambda each: each.kind, show=same, help="stable code"),
        Column(code="x", name="text", title="what", width=30, kind="text", grows=200, value=_text,
               show=same, help="what happened"),
        Column(code="N", name="number", title="no.", width=6, value=lambda each: each.number, show=figures.whole,
               largest_first=True, help="number since the monitor began"),
    ),
)  # fmt: skip
