"""Columns of recordings."""

from __future__ import annotations

from typing import Final

from proctor_sfu.control.api.quality import Level
from proctor_sfu.control.api.recordings import Recording
from psfu_tui import figures
from psfu_tui.columns import WORST, Column, Key, Table, same
from psfu_tui.glyphs import LEVEL
from psfu_tui.tables.candidates import LEVELS

STATES: Final = ("running", "finishing", "interrupted", "finished", "erased", "damaged", "failed")
_STATE_LEVELS: Final[dict[str, Level]] = {
    "running": "ok", "finishing": "ok", "interrupted": "warn", "damaged": "bad", "failed": "bad",
}  # fmt: skip


def key(recording: Recording) -> Key:
    """Return what tells recordings apart."""
    return (recording.id,)


def level(recording: Recording) -> Level:
    """Return how a recording is: bad when evidence is lost or being lost."""
    if any(track.state == "stalled" for track in recording.tracks):
        return "bad"
    return _STATE_LEVELS.get(recording.state, "none")


def _tracks(recording: Recording) -> str:
    """Return what is recorded, and of each source whether it flows."""
    if not recording.tracks:
        return "nothing now" if recording.state == "running" else recording.sources.replace(",", " ")
    return " ".join(
        each.track if each.state == "flows" else f"{each.track} ({each.state})" for each in recording.tracks
    )


def _why(recording: Recording) -> str:
    causes = [f"{each.track}: {each.cause}" for each in recording.tracks if each.cause]
    return ", ".join(causes + ([recording.reason] if recording.reason else []))


def _lost(recording: Recording) -> int | None:
    return sum(each.lost for each in recording.tracks) if recording.tracks else None


RECORDINGS: Final[Table[Recording]] = Table(
    noun="recordings",
    usual="hnrstmgLbeHdo",
    first="hnstmgrbLoeHd",
    pinned=2,
    sort="level",
    key=key,
    words=("candidate", "room", "state", "id", "why"),
    columns=(
        Column(
            code="h", name="level", title="", width=1, kind="choice", choices=LEVELS, value=level, level=level,
            show=lambda value: LEVEL.get(value, "?"), order=lambda each: WORST.get(level(each), 3),
            help="verdict: ✖ evidence is lost or being lost, ○ at its end",
        ),
        Column(code="n", name="candidate", title="candidate", width=16, kind="text", grows=10,
               value=lambda each: each.candidate, show=same, help="peer id"),
        Column(code="r", name="room", title="room", width=10, kind="text", grows=6, value=lambda each: each.room,
               show=same, help="room"),
        Column(code="s", name="state", title="state", width=11, kind="choice", choices=STATES,
               value=lambda each: each.state, show=same, level=level, help="interrupted: it may go on"),
        Column(code="t", name="tracks", title="tracks", width=24, kind="text", grows=20, value=_tracks, show=same,
               level=lambda each: "bad" if level(each) == "bad" and each.tracks else "ok", help="what is recorded"),
        Column(code="m", name="size", title="MiB", width=7, kind="size", value=lambda each: each.bytes, unit=2**20,
               show=figures.mebibytes, largest_first=True, help="bytes on disk"),
        Column(code="g", name="gaps", title="gaps", width=4, value=lambda each: each.gaps, show=figures.whole,
               largest_first=True, help="times without packets"),
        Column(code="L", name="lost", title="lost", width=6, value=_lost, show=figures.whole, largest_first=True,
               help="packets that never arrived, while it runs"),
        Column(code="b", name="begun", title="begun", width=8, kind="text", value=lambda each: each.begun_at,
               show=figures.clock, help="when"),
        Column(code="e", name="ended", title="ended", width=8, kind="text", value=lambda each: each.ended_at,
               show=figures.clock, help="arrival of the last packet"),
        Column(code="H", name="held", title="held", width=4, kind="choice", choices=("held", "no"),
               value=lambda each: "held" if each.held else "no", show=lambda value: "held" if value == "held" else "",
               help="nothing of it may be deleted"),
        Column(code="d", name="until", title="kept until", width=10, kind="text",
               value=lambda each: each.retain_until, show=lambda value: same(value)[:10], help="day it is deleted"),
        Column(code="i", name="id", title="recording", width=36, kind="text", value=lambda each: each.id, show=same,
               help="id, for psfu recordings"),
        Column(code="o", name="why", title="why", width=14, kind="text", grows=60, value=_why,
               show=lambda value: value, level=level, help="what is wrong"),
    ),
)  # fmt: skip
