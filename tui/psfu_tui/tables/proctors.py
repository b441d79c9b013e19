"""Columns of proctors and observers: what counts is their downlink."""

from __future__ import annotations

from typing import Final

from proctor_sfu.control.api.quality import Proctor
from psfu_tui import figures
from psfu_tui.columns import WORST, Column, Key, Table, same
from psfu_tui.glyphs import LEVEL
from psfu_tui.tables.candidates import LEVELS, PATHS, STATES


def key(proctor: Proctor) -> Key:
    """Return what tells proctors apart."""
    return proctor.room, proctor.id


PROCTORS: Final[Table[Proctor]] = Table(
    noun="proctors",
    usual="hnryscltbCzpWao",
    first="hnsclrtCbyzpoaW",
    pinned=2,
    sort="level",
    key=key,
    words=("name", "id", "room", "role", "state", "address", "why"),
    columns=(
        Column(
            code="h", name="level", title="", width=1, kind="choice", choices=LEVELS, value=lambda each: each.level,
            show=lambda value: LEVEL.get(value, "?"), level=lambda each: each.level,
            order=lambda each: WORST.get(each.level, 3), help="verdict",
        ),
        Column(code="n", name="name", title="proctor", width=16, kind="text", grows=12,
               value=lambda each: each.name or each.id, show=same, help="name, or id where there is none"),
        Column(code="i", name="id", title="id", width=14, kind="text", value=lambda each: each.id, show=same,
               help="peer id"),
        Column(code="r", name="room", title="room", width=10, kind="text", grows=6, value=lambda each: each.room,
               show=same, help="room"),
        Column(code="y", name="role", title="role", width=8, kind="text", value=lambda each: each.role, show=same,
               help="proctor, lead or observer"),
        Column(code="s", name="state", title="state", width=9, kind="choice", choices=STATES,
               value=lambda each: each.state, show=lambda value: "reconnect" if value == "reconnecting" else value,
               help="connection"),
        Column(code="S", name="for", title="for", width=6, kind="span", value=lambda each: each.state_s,
               show=figures.span, largest_first=True, help="how long in this state"),
        Column(code="c", name="bitrate", title="down Mb/s", width=9, kind="rate", value=lambda each: each.bitrate,
               unit=1e6, show=figures.megabits, largest_first=True, help="all it is sent"),
        Column(code="l", name="loss", title="loss %", width=6, value=lambda each: each.loss, show=figures.tenths,
               level=lambda each: each.level if each.reasons else "ok", largest_first=True,
               help="packets that never arrived there, over 10 s"),
        Column(code="t", name="rtt", title="rtt ms", width=6, value=lambda each: each.rtt_ms, show=figures.milliseconds,
               level=lambda each: "warn" if "rtt" in each.reasons else "ok", largest_first=True,
               help="round trip of its receiver reports"),
        Column(code="b", name="available", title="can Mb/s", width=8, kind="rate",
               value=lambda each: each.available_bitrate, unit=1e6, show=figures.megabits,
               help="what its downlink can carry"),
        Column(code="C", name="consumers", title="cons", width=5, value=lambda each: each.consumers,
               show=figures.whole, largest_first=True, help="sources it receives"),
        Column(code="P", name="paused", title="paus", width=4, value=lambda each: each.paused_consumers,
               show=figures.whole, largest_first=True, help="of them paused"),
        Column(code="z", name="lowered", title="low", width=4, value=lambda each: each.lowered_consumers,
               show=figures.whole, largest_first=True, help="of them with a smaller layer than there is, or none"),
        Column(code="p", name="path", title="path", width=5, kind="choice", choices=PATHS,
               value=lambda each: each.path, show=same, help="how media travels: udp, tcp, relay"),
        Column(code="W", name="worker", title="worker", width=7, value=lambda each: each.worker, show=figures.whole,
               help="process id of its worker"),
        Column(code="a", name="address", title="address", width=15, kind="text", value=lambda each: each.address,
               show=same, help="where its media goes"),
        Column(code="o", name="why", title="why", width=12, kind="text", grows=40,
               value=lambda each: ", ".join(each.reasons).replace("_", " ") or None,
               show=lambda value: value or "", level=lambda each: each.level if each.reasons else "ok",
               help="what is wrong"),
    ),
)  # fmt: skip
