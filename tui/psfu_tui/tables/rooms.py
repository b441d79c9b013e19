"""Columns of rooms."""

from __future__ import annotations

from typing import Final

from proctor_sfu.control.api.quality import Room
from psfu_tui import figures
from psfu_tui.columns import WORST, Column, Key, Table, same
from psfu_tui.glyphs import LEVEL
from psfu_tui.tables.candidates import LEVELS


def key(room: Room) -> Key:
    """Return what tells rooms apart."""
    return (room.id,)


def _live(room: Room) -> str:
    wanted = room.expected if room.expected is not None else room.candidates
    return f"{room.live}/{wanted}"


def _worst(room: Room) -> tuple[int, int, int]:
    return WORST.get(room.level, 3), -room.bad, 101 if room.health is None else room.health


ROOMS: Final[Table[Room]] = Table(
    noun="rooms",
    usual="hnslcExaqLtpIOeWro",
    first="hnlxaLtIOpqserWcEo",
    pinned=2,
    sort="level",
    key=key,
    words=("room", "state"),
    columns=(
        Column(
            code="h", name="level", title="", width=1, kind="choice", choices=LEVELS, value=lambda each: each.level,
            show=lambda value: LEVEL.get(value, "?"), level=lambda each: each.level, order=_worst,
            help="verdict of its worst candidate",
        ),
        Column(code="n", name="room", title="room", width=14, kind="text", value=lambda each: each.id, show=same,
               grows=20, help="room"),
        Column(code="s", name="state", title="state", width=7, kind="choice", choices=("running", "moving"),
               value=lambda each: each.state, show=same,
               level=lambda each: "bad" if each.state == "moving" else "ok",
               help="moving: its worker died, another one takes over"),
        Column(code="l", name="live", title="live", width=7, value=lambda each: each.live, show=figures.whole,
               help="candidates whose media flows", largest_first=True),
        Column(code="c", name="candidates", title="cand", width=5, value=lambda each: each.candidates,
               show=figures.whole, help="candidates that are connected", largest_first=True),
        Column(code="E", name="expected", title="of", width=5, value=lambda each: each.expected, show=figures.whole,
               help="candidates of the roster", largest_first=True),
        Column(code="x", name="bad", title="✖", width=3, value=lambda each: each.bad, show=figures.whole,
               level=lambda each: "bad" if each.bad else "ok", largest_first=True,
               help="candidates in bad trouble"),
        Column(code="a", name="warn", title="▲", width=3, value=lambda each: each.warn, show=figures.whole,
               level=lambda each: "warn" if each.warn else "ok", largest_first=True,
               help="candidates to keep an eye on"),
        Column(code="q", name="health", title="hlth", width=5, value=lambda each: each.health, show=figures.whole,
               level=lambda each: each.level, help="health of its worst candidate"),
        Column(code="L", name="loss", title="loss %", width=6, value=lambda each: each.loss_p95, show=figures.tenths,
               largest_first=True, help="loss that 95 of 100 candidates stay below"),
        Column(code="t", name="rtt", title="rtt ms", width=6, value=lambda each: each.rtt_p95_ms,
               show=figures.milliseconds, largest_first=True, help="round trip that 95 of 100 candidates stay below"),
        Column(code="p", name="proctors", title="proct", width=5, value=lambda each: each.proctors,
               show=figures.whole, largest_first=True, help="proctors and observers"),
        Column(code="I", name="in", title="in Mb/s", width=7, kind="rate", value=lambda each: each.bitrate_in,
               unit=1e6, show=figures.megabits, largest_first=True, help="all its candidates send"),
        Column(code="O", name="out", title="out Mb/s", width=8, kind="rate", value=lambda each: each.bitrate_out,
               unit=1e6, show=figures.megabits, largest_first=True, help="all its proctors are sent"),
        Column(code="e", name="recordings", title="rec", width=4, value=lambda each: each.recordings,
               show=figures.whole, largest_first=True, help="candidates that are recorded"),
        Column(code="W", name="worker", title="worker", width=7, value=lambda each: each.worker, show=figures.whole,
               help="process id of its worker"),
        Column(code="o", name="open", title="open", width=4, kind="choice", choices=("OPEN", "no"),
               value=lambda each: "OPEN" if each.open else "no", show=lambda value: "OPEN" if value == "OPEN" else "",
               level=lambda each: "warn" if each.open else "ok", help="OPEN: anybody may join without a token"),
        Column(code="r", name="created", title="since", width=8, kind="text", value=lambda each: each.created_at,
               show=figures.clock, help="when it was made"),
    ),
)  # fmt: skip
