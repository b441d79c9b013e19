"""What a monitor remembers since it began to look: a few numbers a second of everybody, in little memory."""

from __future__ import annotations

import math
import operator
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias, get_args

from proctor_sfu.control.api import lists
from proctor_sfu.control.api.quality import Candidate, Frame, Worker
from psfu_tui import glyphs
from psfu_tui.columns import Column, Key, same

SECONDS: Final = 600
"""How far back."""

Name: TypeAlias = Literal["bitrate", "loss", "rtt_ms", "jitter_ms"]
"""Of a number that is remembered: a member of `Candidate`."""

_DRAWN: Final = 60
_SIGNS: Final = 10
"""Seconds and signs of what is drawn in a table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is remembered, and of what."""

    records: Callable[[Frame], Sequence[Any]]
    keys: Callable[[Sequence[Any]], list[Key]]
    numbers: tuple[str, ...]
    """Members."""
    drawn: str
    """Which of the numbers is drawn in a table."""
    step: int
    """Seconds that become one number of what is drawn."""
    draw: Callable[[Sequence[float | None]], str]


def _line(means: Sequence[float | None]) -> str:
    """Draw relative to the highest: bitrates have no end."""
    return glyphs.line(means, max((value for value in means if value is not None), default=0.0), 1)[0]


CANDIDATES: Final = About(
    records=operator.attrgetter("candidates"), keys=lambda records: list(lists.values(records, "room", "id")),
    numbers=get_args(Name),
    drawn="bitrate", step=_DRAWN // (2 * _SIGNS), draw=_line,
)  # fmt: skip
WORKERS: Final = About(
    records=operator.attrgetter("workers"), keys=lambda records: [(str(worker.pid),) for worker in records],
    numbers=("cpu",),
    drawn="cpu", step=_DRAWN // _SIGNS, draw=lambda means: glyphs.bars(means, 100.0),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Second:
    seq: int
    places: dict[Key, int]
    numbers: dict[str, array[float]]


class Trends:
    """The latest numbers. A second that was not seen, or in which nothing was known, is a hole."""

    def __init__(self, about: About = CANDIDATES) -> None:
        self._about = about
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
        records = self._about.records(frame)
        keys = self._about.keys(records)
        # As long as nobody comes or goes, all seconds share one index.
        known = last is not None and len(last.places) == len(keys) and list(last.places) == keys
        places = last.places if last is not None and known else {key: place for place, key in enumerate(keys)}
        numbers = {
            name: array("f", [math.nan if value is None else value for value in lists.values(records, name)])
            for name in self._about.numbers
        }
        self._seconds.append(_Second(frame.seq, places, numbers))

    def replace(self, frames: Iterable[Frame]) -> None:
        """Remember these frames, oldest first, and nothing else."""
        self._seconds.clear()
        self._drawn.clear()
        for frame in frames:
            self.add(frame)

    def series(self, key: Key, name: str, seconds: int = SECONDS) -> list[float | None]:
        """Return the latest numbers of somebody, oldest first, one a second; None: not known."""
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
        """Return the last minute as a line, which is drawn again every few seconds."""
        if not self._seconds:
            return ""
        newest = self._seconds[-1].seq
        drawn = self._drawn.get(key)
        step = self._about.step
        if drawn is None or drawn[0] != newest // step:
            rest = newest % step + 1
            found = self.series(key, self._about.drawn, _DRAWN + rest)[:-rest]
            means = [_mean(found[index : index + step]) for index in range(0, _DRAWN, step)]
            drawn = self._drawn[key] = (newest // step, self._about.draw(means))
        return drawn[1]


def column(trends: Trends | None) -> Column[Candidate]:
    """Return the bitrate of the last minute as a column; without ``trends`` nothing is known of it."""
    return Column(
        code="T", name="trend", title="last 60 s", width=_SIGNS, kind="text", quiet=True,
        value=lambda each: None if trends is None else trends.line((each.room, each.id)), show=same,
        help="bitrate of the last 60 s, as long as the monitor has seen it",
    )  # fmt: skip


def load(trends: Trends | None) -> Column[Worker]:
    """Return what a worker had to do in the last minute as a column; without ``trends`` nothing is known of it."""
    return Column(
        code="t", name="trend", title="last 60 s", width=_SIGNS, kind="text", quiet=True,
        value=lambda each: None if trends is None else trends.line((str(each.pid),)), show=same,
        help="cpu of the last 60 s, of one core, as long as the monitor has seen it",
    )  # fmt: skip


def _mean(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None
