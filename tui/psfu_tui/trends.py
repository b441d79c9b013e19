"""What a monitor remembers of each candidate since it began to look: a few numbers a second, in little memory."""

from __future__ import annotations

import math
import operator
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from proctor_sfu.control.api.quality import Candidate, Frame
from psfu_tui import glyphs
from psfu_tui.columns import Column, Key, same

SECONDS: Final = 600
"""How far back."""

Name: TypeAlias = Literal["bitrate", "loss", "rtt_ms", "jitter_ms"]
"""Of a number that is remembered: a member of `Candidate`."""

_READ: Final = {name: operator.attrgetter(name) for name in get_args(Name)}
_KEY: Final = operator.attrgetter("room", "id")
_DRAWN: Final = 60
_SIGNS: Final = 10
_STEP: Final = _DRAWN // (2 * _SIGNS)
"""Seconds, signs, and seconds in half a sign of the line in a table."""


@dataclass(frozen=True, slots=True)
class _Second:
    seq: int
    places: dict[Key, int]
    numbers: dict[str, array[float]]


class Trends:
    """The latest numbers. A second that was not seen, or in which nothing was known, is a hole."""

    def __init__(self) -> None:
        self._seconds: deque[_Second] = deque(maxlen=SECONDS)
        self._drawn: dict[Key, tuple[int, str]] = {}

    def add(self, frame: Frame) -> None:
        """Remember a frame. One that is not soon after the last, as when a replay is wound, begins anew."""
        last = self._seconds[-1] if self._seconds else None
        if last is not None and frame.seq == last.seq:
            return
        if last is not None and not 0 < frame.seq - last.seq < SECONDS:
            self._seconds.clear()
            self._drawn.clear()
            last = None
        keys: list[Key] = list(map(_KEY, frame.candidates))
        # As long as nobody comes or goes, all seconds share one index.
        known = last is not None and len(last.places) == len(keys) and list(last.places) == keys
        places = last.places if last is not None and known else {key: place for place, key in enumerate(keys)}
        numbers = {
            name: array("f", [math.nan if value is None else value for value in map(read, frame.candidates)])
            for name, read in _READ.items()
        }
        self._seconds.append(_Second(frame.seq, places, numbers))

    def replace(self, frames: Iterable[Frame]) -> None:
        """Remember these frames, oldest first, and nothing else."""
        self._seconds.clear()
        self._drawn.clear()
        for frame in frames:
            self.add(frame)

    def series(self, key: Key, name: Name, seconds: int = SECONDS) -> list[float | None]:
        """Return the latest numbers of a candidate, oldest first, one a second; None: not known."""
        if not self._seconds:
            return []
        newest = self._seconds[-1].seq
        found: list[float | None] = [None] * seconds
        for second in reversed(self._seconds):
            place = seconds - 1 - (newest - second.seq)
            if place < 0:
                break
            at = second.places.get(key)
            if at is not None:
                value = second.numbers[name][at]
                found[place] = None if value != value else value
        return found

    def line(self, key: Key) -> str:
        """Return the bitrate of the last minute as a line, which is drawn again every few seconds."""
        if not self._seconds:
            return ""
        newest = self._seconds[-1].seq
        drawn = self._drawn.get(key)
        if drawn is None or drawn[0] != newest // _STEP:
            rest = newest % _STEP + 1
            found = self.series(key, "bitrate", _DRAWN + rest)[:-rest]
            means = [_mean(found[index : index + _STEP]) for index in range(0, _DRAWN, _STEP)]
            top = max((value for value in means if value is not None), default=0.0)
            drawn = self._drawn[key] = (newest // _STEP, glyphs.line(means, top, 1)[0])
        return drawn[1]


def column(trends: Trends | None) -> Column[Candidate]:
    """Return the bitrate of the last minute as a column; without ``trends`` nothing is known of it."""
    return Column(
        code="T", name="trend", title="last 60 s", width=_SIGNS, kind="text", quiet=True,
        value=lambda each: None if trends is None else trends.line((each.room, each.id)), show=same,
        help="bitrate of the last 60 s, as long as the monitor has seen it",
    )  # fmt: skip


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
