"""Columns of candidates."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Final

from proctor_sfu.control.api.quality import Candidate, Level, Source
from psfu_tui import figures
from psfu_tui.columns import WORST, Column, Key, Table, same, worst
from psfu_tui.glyphs import LEVEL
from psfu_tui.trends import column

STATES: Final = ("expected", "joining", "live", "degraded", "reconnecting", "lost", "left")
LEVELS: Final = ("ok", "warn", "bad", "none")
PATHS: Final = ("udp", "tcp", "relay")
_SHORT: Final = {"reconnecting": "reconnect"}
_RECORDING: Final = {"on": "REC", "error": "ERR", "off": "off"}
_SOURCE_REASONS: Final = frozenset({"bitrate", "no_media", "frozen", "silence", "score"})


key: Final[Callable[[Candidate], Key]] = operator.attrgetter("room", "id")
"""Returns what tells candidates apart."""


def source(candidate: Candidate, name: str) -> Source | None:
    """Return what a candidate publishes as camera, screen or microphone."""
    return _last.of(candidate).get(name)


class _ByName:
    """The sources of the candidate that was asked for last, by name: a row asks for its own ten times."""

    def __init__(self) -> None:
        self._found: tuple[Candidate | None, dict[str, Source]] = None, {}

    def of(self, candidate: Candidate) -> dict[str, Source]:
        known, found = self._found
        if known is not candidate:
            found = {}
            for each in candidate.sources:
                found.setdefault(each.source, each)
            self._found = candidate, found
        return found


_last: Final = _ByName()


def _bitrate(name: str) -> Callable[[Candidate], float | None]:
    def read(candidate: Candidate) -> float | None:
        found = source(candidate, name)
        return None if found is None else found.bitrate

    return read


def _paused(name: str) -> Callable[[Candidate], str | None]:
    def read(candidate: Candidate) -> str | None:
        found = source(candidate, name)
        return "paused" if found is not None and found.paused else None

    return read


def _source_level(name: str) -> Callable[[Candidate], Level]:
    def read(candidate: Candidate) -> Level:
        found = source(candidate, name)
        if found is None:
            return "bad" if name in candidate.missing else "ok"
        return found.level if _SOURCE_REASONS.intersection(found.reasons) else "ok"

    return read


def _sends(code: str, name: str, title: str) -> Column[Candidate]:
    """Return the column of a source: how much of it comes, if it is not paused."""
    return Column(
        code=code, name=name, title=title, width=8, kind="rate", value=_bitrate(name), unit=1000,
        show=figures.kilobits, instead=_paused(name), level=_source_level(name), help=f"bitrate of the {name}",
    )  # fmt: skip


def _blamed(*reasons: str) -> Callable[[Candidate], Level]:
    """Return what tells whether one of the reasons is among those of the daemon's verdict, which is debounced.

    They come worst first: the level is that of the first, the others are only warned of.
    """

    def read(candidate: Candidate) -> Level:
        if not candidate.reasons:
            return "ok"
        if candidate.reasons[0] in reasons:
            return candidate.level
        return "warn" if any(reason in candidate.reasons for reason in reasons) else "ok"

    return read


def _level(candidate: Candidate) -> Level:
    return candidate.level


def _state_level(candidate: Candidate) -> Level:
    return {"lost": "bad", "reconnecting": "warn"}.get(candidate.state, "ok")  # type: ignore[return-value]


def _frames(candidate: Candidate) -> float | None:
    found = source(candidate, "camera") or source(candidate, "screen")
    return None if found is None else found.fps


def _score(candidate: Candidate) -> int | None:
    return min((each.score for each in candidate.sources if each.score is not None), default=None)


def _health(candidate: Candidate) -> tuple[int, int]:
    return WORST.get(candidate.level, 3), 101 if candidate.health is None else candidate.health


def why(candidate: Candidate) -> str | None:
    """Return in a few words what is wrong, None if nothing is."""
    told = [each.replace("_", " ") for each in candidate.reasons if each != "source_missing"]
    told += [f"no {name}" for name in candidate.missing]
    return ", ".join(told) or None


def _row_level(candidate: Candidate) -> Level:
    return worst((candidate.level,)) if why(candidate) else "ok"


def _name(candidate: Candidate) -> str:
    return candidate.name or candidate.id


CANDIDATES: Final[Table[Candidate]] = Table(
    noun="candidates",
    usual="hnrsqcdmltjfgRebpTo",
    first="hnslctqdrmogjfpeRbT",
    pinned=2,
    sort="health",
    key=key,
    identity=("room", "id"),
    words=("name", "id", "room", "state", "address", "why"),
    columns=(
        Column(
            code="h", name="level", title="", width=1, kind="choice", choices=LEVELS, value=_level, level=_level,
            show=lambda value: LEVEL.get(value, "?"), order=lambda each: WORST.get(each.level, 3),
            help="verdict: ● ok, ▲ warn, ✖ bad, ○ nothing to judge",
        ),
        Column(code="n", name="name", title="candidate", width=16, kind="text", value=_name, show=same, grows=12,
               help="name, or id where there is none"),
        Column(code="i", name="id", title="id", width=14, kind="text", value=lambda each: each.id, show=same,
               help="peer id"),
        Column(code="r", name="room", title="room", width=10, kind="text", value=lambda each: each.room, show=same,
               grows=6, help="room"),
        Column(
            code="s", name="state", title="state", width=9, kind="choice", choices=STATES,
            value=lambda each: each.state, show=lambda value: _SHORT.get(value, value), level=_state_level,
            help="connection: expected, joining, live, degraded, reconnecting, lost, left",
        ),
        Column(code="S", name="for", title="for", width=6, kind="span", value=lambda each: each.state_s,
               show=figures.span, largest_first=True, help="how long in this state"),
        Column(code="q", name="health", title="hlth", width=5, value=lambda each: each.health, show=figures.whole,
               level=_level, order=_health, help="health, 0 to 100: the minimum of packets, bitrate and gaps"),
        _sends("c", "camera", "cam kb/s"), _sends("d", "screen", "scr kb/s"), _sends("m", "microphone", "mic kb/s"),
        Column(code="B", name="bitrate", title="all kb/s", width=8, kind="rate", value=lambda each: each.bitrate,
               unit=1000, show=figures.kilobits, largest_first=True, help="all it sends, with retransmissions"),
        Column(code="l", name="loss", title="loss %", width=6, value=lambda each: each.loss, show=figures.tenths,
               level=_blamed("loss"), largest_first=True,
               help="lost for good, of the worst source, over 10 s"),
        Column(code="R", name="repaired", title="rtx %", width=6, value=lambda each: each.repaired,
               show=figures.tenths, largest_first=True, help="lost but sent again in time"),
        Column(code="t", name="rtt", title="rtt ms", width=6, value=lambda each: each.rtt_ms, show=figures.milliseconds,
               level=_blamed("rtt"), largest_first=True, help="round trip; only where the client answers RTCP XR"),
        Column(code="j", name="jitter", title="jit ms", width=6, value=lambda each: each.jitter_ms,
               show=figures.milliseconds, level=_blamed("jitter"), largest_first=True,
               help="jitter of the worst source"),
        Column(code="f", name="fps", title="fps", width=3, value=_frames, show=figures.whole, level=_blamed("fps"),
               help="pictures per second of the camera, or else of the screen"),
        Column(code="g", name="gap", title="gap s", width=5, value=lambda each: each.gap_s, kind="span",
               show=figures.tenths, level=_blamed("gap", "no_media"), largest_first=True,
               help="seconds without media in the last 5 minutes"),
        Column(code="k", name="score", title="score", width=5, value=_score, show=figures.whole,
               level=_blamed("score"), help="lowest score of the worker, 0 to 10, of loss only; 7 is 8 % already"),
        Column(code="e", name="recording", title="rec", width=3, kind="choice", choices=("on", "off", "error"),
               value=lambda each: each.recording, show=lambda value: _RECORDING.get(value, figures.ABSENT),
               level=lambda each: "bad" if each.recording == "error" else "ok", help="whether it is recorded"),
        Column(code="b", name="available", title="can kb/s", width=8, kind="rate",
               value=lambda each: each.available_bitrate, unit=1000, show=figures.kilobits,
               help="what its uplink can carry"),
        Column(code="p", name="path", title="path", width=5, kind="choice", choices=PATHS,
               value=lambda each: each.path, show=same, help="how media travels: udp, tcp, relay"),
        Column(code="a", name="address", title="address", width=15, kind="text", value=lambda each: each.address,
               show=same, help="where its media comes from"),
        Column(code="w", name="watchers", title="seen by", width=12, kind="text", grows=12,
               value=lambda each: " ".join(each.watchers) or None, show=same, help="who receives it now"),
        Column(code="W", name="worker", title="worker", width=7, value=lambda each: each.worker, show=figures.whole,
               help="process id of its worker"),
        column(None),
        Column(code="o", name="why", title="why", width=14, kind="text", grows=60, value=why, level=_row_level,
               show=lambda value: value or "", help="what is wrong, worst first"),
    ),
)  # fmt: skip
