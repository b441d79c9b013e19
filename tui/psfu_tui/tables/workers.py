"""Columns of workers."""

from __future__ import annotations

from typing import Final

from proctor_sfu.control.api.quality import Worker
from psfu_tui import figures
from psfu_tui.columns import WORST, Column, Key, Table, same
from psfu_tui.glyphs import LEVEL
from psfu_tui.tables.candidates import LEVELS
from psfu_tui.trends import load


def key(worker: Worker) -> Key:
    """Return what tells workers apart."""
    return (str(worker.pid),)


WORKERS: Final[Table[Worker]] = Table(
    noun="workers",
    usual="hnsutmaIOioRTPCrbw",
    first="hnsumatIOPCTRiowrb",
    pinned=2,
    sort="pid",
    key=key,
    words=("pid", "state", "why"),
    columns=(
        Column(
            code="h", name="level", title="", width=1, kind="choice", choices=LEVELS, value=lambda each: each.level,
            show=lambda value: LEVEL.get(value, "?"), level=lambda each: each.level,
            order=lambda each: WORST.get(each.level, 3), help="verdict",
        ),
        Column(code="n", name="pid", title="pid", width=8, value=lambda each: each.pid, show=figures.whole,
               help="process id"),
        Column(code="s", name="state", title="state", width=8, kind="choice", choices=("running", "draining"),
               value=lambda each: each.state, show=same, help="draining: takes no new rooms"),
        Column(code="u", name="cpu", title="cpu %", width=6, value=lambda each: each.cpu, show=figures.tenths,
               level=lambda each: each.level if "cpu" in each.reasons else "ok", largest_first=True,
               help="percent of one core"),
        load(None),
        Column(code="m", name="memory", title="MiB", width=5, kind="size", value=lambda each: each.memory,
               unit=2**20, show=figures.mebibytes, largest_first=True, help="resident memory"),
        Column(code="a", name="answer", title="ans ms", width=6, value=lambda each: each.answer_ms,
               show=figures.tenths, level=lambda each: each.level if "slow" in each.reasons else "ok",
               largest_first=True, help="time it took to answer this sample"),
        Column(code="I", name="in", title="in Mb/s", width=7, kind="rate", value=lambda each: each.bitrate_in,
               unit=1e6, show=figures.megabits, largest_first=True, help="media it receives"),
        Column(code="O", name="out", title="out Mb/s", width=8, kind="rate", value=lambda each: each.bitrate_out,
               unit=1e6, show=figures.megabits, largest_first=True, help="media it sends"),
        Column(code="i", name="packets_in", title="in pkt/s", width=8, value=lambda each: each.packets_in,
               show=figures.whole, largest_first=True, help="packets it receives"),
        Column(code="o", name="packets_out", title="out pkt/s", width=9, value=lambda each: each.packets_out,
               show=figures.whole, largest_first=True, help="packets it sends"),
        Column(code="R", name="rooms", title="rooms", width=5, value=lambda each: each.rooms, show=figures.whole,
               largest_first=True, help="rooms"),
        Column(code="T", name="transports", title="trans", width=5, value=lambda each: each.transports,
               show=figures.whole, largest_first=True, help="transports"),
        Column(code="P", name="producers", title="prod", width=5, value=lambda each: each.producers,
               show=figures.whole, largest_first=True, help="producers: sources that arrive"),
        Column(code="C", name="consumers", title="cons", width=6, value=lambda each: each.consumers,
               show=figures.whole, largest_first=True, help="consumers: sources that are passed on"),
        Column(code="r", name="port", title="port", width=5, value=lambda each: each.port, show=figures.whole,
               help="its port for media"),
        Column(code="b", name="started", title="since", width=8, kind="text", value=lambda each: each.started_at,
               show=figures.clock, help="when it was started"),
        Column(code="w", name="why", title="why", width=12, kind="text", grows=30,
               value=lambda each: ", ".join(each.reasons) or None, show=lambda value: value or "",
               level=lambda each: each.level if each.reasons else "ok", help="what is wrong"),
    ),
)  # fmt: skip
