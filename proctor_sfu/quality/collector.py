"""Collects what the frames of a time say about each candidate of a room, for a report. Pure.

Where the history has a hole, nothing is known, and that is said: a second without a frame is neither good nor bad.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api import quality as api
from proctor_sfu.control.api import sentences
from proctor_sfu.quality.archive import Recorded, RecordedEvent
from proctor_sfu.quality.report import CandidateReport, Curve, Happened, Report, Span
from proctor_sfu.quality.states import interrupts

POINTS: Final = 900
"""Points of a plot at most; a longer time has more seconds in each."""
HOLE: Final = 2.5
"""Seconds between two frames from which on the history has a hole."""
GAP: Final = 3.0
"""Seconds without media from which on a silence is a gap."""
SOURCES: Final = ("camera", "screen", "microphone")


@dataclass(slots=True)
class _Sampled:
    """A curve that grows."""

    sums: list[float]
    counts: list[int]
    worsts: list[float | None]
    low: bool = False
    """Whether less is worse."""

    @classmethod
    def of(cls, points: int, *, low: bool = False) -> _Sampled:
        return cls([0.0] * points, [0] * points, [None] * points, low)

    def add(self, places: Iterable[int], value: float | None) -> None:
        if value is None:
            return
        for place in places:
            self.sums[place] += value
            self.counts[place] += 1
            before = self.worsts[place]
            self.worsts[place] = value if before is None else min(before, value) if self.low else max(before, value)

    def curve(self, name: str, unit: str) -> Curve:
        means = [
            round(total / count, 2) if count else None for total, count in zip(self.sums, self.counts, strict=True)
        ]
        return Curve(name=name, unit=unit, mean=tuple(means), worst=tuple(self.worsts))

    @property
    def mean(self) -> float | None:
        total, count = sum(self.sums), sum(self.counts)
        return round(total / count, 2) if count else None

    @property
    def worst(self) -> float | None:
        known = [value for value in self.worsts if value is not None]
        return (min(known) if self.low else max(known)) if known else None


@dataclass(slots=True)
class _Open:
    """A span that still goes on."""

    begin: float
    last: float
    what: str

    def closed(self) -> Span:
        return _span(self.begin, self.last, self.what)


@dataclass(slots=True)
class _Person:
    """What is collected of a candidate."""

    points: int
    name: str = ""
    seconds: dict[str, float] = field(default_factory=dict)
    states: list[Span] = field(default_factory=list)
    gaps: list[Span] = field(default_factory=list)
    state: _Open | None = None
    silences: dict[str, _Open] = field(default_factory=dict)
    curves: dict[tuple[str, str], _Sampled] = field(default_factory=dict)
    interruptions: int = 0

    def curve(self, name: str, unit: str, *, low: bool = False) -> _Sampled:
        return self.curves.setdefault((name, unit), _Sampled.of(self.points, low=low))


class Collector:
    """Takes the frames of a time, in order, then makes a report of them."""

    def __init__(self, room: str, begin: float, end: float, *, only: Sequence[str] = ()) -> None:
        self._room = room
        self._begin, self._end = begin, max(end, begin + 1.0)
        self._step = max(1.0, float(-(-(self._end - begin) // POINTS)))
        self._points = round((self._end - begin) / self._step) + 1
        self._only = frozenset(only)
        self._people: dict[str, _Person] = {}
        self._incidents: dict[tuple[str, int], Happened] = {}
        """By time and number: numbers begin anew with each daemon."""
        self._holes: list[Span] = []
        self._lost: set[str] = set()
        """Who is lost, also when the list of the room has forgotten it."""
        self._last: float | None = None
        self._frames = 0

    def add(self, recorded: Recorded) -> None:
        """Take a frame."""
        at = recorded.at
        if not self._begin <= at <= self._end or (self._last is not None and at <= self._last):
            return  # A clock that was put back tells a time twice; the first telling counts.
        if at - (self._begin if self._last is None else self._last) > HOLE:
            self._interrupt(at)
        length = 1.0 if self._last is None else min(at - self._last, HOLE)
        places = self._places(at)
        self._last = at
        self._frames += 1
        if all(each.id != self._room for each in recorded.frame.rooms):
            self._lost.clear()
        still_lost = set(self._lost)
        for candidate in recorded.frame.candidates:
            if candidate.room == self._room and (not self._only or candidate.id in self._only):
                self._candidate(at, length, places, candidate)
                still_lost.discard(candidate.id)
        for key in still_lost:
            self._state(at, length, self._people[key], "lost")
        for incident in recorded.frame.incidents:
            self._incident(incident)

    def _places(self, at: float) -> range:
        """Return the points a frame is for: also those before it that a clock which is not even left out."""
        place = round((at - self._begin) / self._step)
        if self._last is None or at - self._last > HOLE:
            return range(place, place + 1)
        return range(min(place, round((self._last - self._begin) / self._step) + 1), place + 1)

    def _interrupt(self, at: float) -> None:
        self._holes.append(_span(self._begin if self._last is None else self._last, at, "the history tells nothing"))
        for person in self._people.values():
            self._end_state(person)
            for source in list(person.silences):
                self._end_silence(person, source)

    def _incident(self, incident: api.Incident) -> None:
        if any(each.partition("/")[0] == self._room for each in incident.candidates):
            self._incidents[incident.at, incident.id] = Happened(
                at=incident.at, kind="incident", peer=None, level="bad", text=incident.summary
            )  # fmt: skip

    def _candidate(self, at: float, length: float, places: range, shown: api.Candidate) -> None:
        person = self._people.get(shown.id)
        if person is None:
            if shown.state == "expected":
                return
            person = self._people[shown.id] = _Person(self._points)
        person.name = shown.name
        self._state(at, length, person, shown.state)
        (self._lost.add if shown.state == "lost" else self._lost.discard)(shown.id)
        person.curve("health", "", low=True).add(places, shown.health)
        person.curve("loss", "%").add(places, shown.loss)
        person.curve("repaired", "%").add(places, shown.repaired)
        person.curve("round trip", "ms").add(places, shown.rtt_ms)
        person.curve("jitter", "ms").add(places, shown.jitter_ms)
        there = set()
        for source in shown.sources:
            there.add(source.source)
            self._source(at, places, person, source)
        for name in person.silences.keys() - there:
            self._end_silence(person, name, at)

    def _state(self, at: float, length: float, person: _Person, state: str) -> None:
        person.seconds[state] = person.seconds.get(state, 0.0) + length
        before = None if person.state is None else person.state.what
        if person.state is None or before != state:
            self._end_state(person, at)
            person.state = _Open(at, at, state)
            person.interruptions += interrupts(before, state)
        person.state.last = at

    def _source(self, at: float, places: range, person: _Person, source: api.Source) -> None:
        kilobits = None if source.bitrate is None else source.bitrate / 1000
        person.curve(source.source, "kbit/s", low=True).add(places, kilobits)
        silent = source.silent_s if not source.paused else None
        running = person.silences.get(source.source)
        if silent is not None and silent >= GAP:
            if running is None:
                person.silences[source.source] = _Open(max(self._begin, at - silent), at, source.source)
            else:
                running.last = at
        elif running is not None:
            self._end_silence(person, source.source, at)

    @staticmethod
    def _end_state(person: _Person, at: float | None = None) -> None:
        if person.state is not None:
            if at is not None:
                person.state.last = at
            person.states.append(person.state.closed())
            person.state = None

    @staticmethod
    def _end_silence(person: _Person, source: str, at: float | None = None) -> None:
        silence = person.silences.pop(source)
        if at is not None:
            silence.last = at
        person.gaps.append(silence.closed())

    def report(self, node: str, version: str, events: Iterable[RecordedEvent]) -> Report:
        """Return the report; ``events`` are those of the room in the time."""
        told = [_told(each) for each in events]
        if self._last is not None and self._end - self._last > HOLE:
            self._interrupt(self._end)
        for person in self._people.values():
            self._end_state(person)
            for source in list(person.silences):
                self._end_silence(person, source)
        return Report(
            room=self._room, node=node, version=version, begin=timestamp(self._begin), end=timestamp(self._end),
            step_s=self._step, frames=self._frames, holes=tuple(self._holes),
            candidates=tuple(
                _person(key, person, [each for each in told if each.peer == key])
                for key, person in sorted(self._people.items())
            ),
            incidents=tuple(self._incidents.values()),
        )  # fmt: skip


def _person(key: str, person: _Person, told: Sequence[Happened]) -> CandidateReport:
    seconds, curves = person.seconds, person.curves
    loss, trip, health = (curves[each] for each in (("loss", "%"), ("round trip", "ms"), ("health", "")))
    gaps: dict[str, float] = {}
    for gap in person.gaps:
        gaps[gap.what] = gaps.get(gap.what, 0.0) + gap.seconds
    order = [
        ("health", ""),
        *((each, "kbit/s") for each in SOURCES),
        ("loss", "%"),
        ("repaired", "%"),
        ("round trip", "ms"),
        ("jitter", "ms"),
    ]
    return CandidateReport(
        id=key, name=person.name, seen_s=round(sum(seconds.values()), 1), live_s=round(seconds.get("live", 0.0), 1),
        degraded_s=round(seconds.get("degraded", 0.0), 1),
        away_s=round(seconds.get("reconnecting", 0.0) + seconds.get("lost", 0.0), 1),
        gap_s=round(max(gaps.values(), default=0.0), 1), interruptions=person.interruptions,
        loss_mean=loss.mean, loss_worst=loss.worst, rtt_mean_ms=trip.mean, rtt_worst_ms=trip.worst,
        health_worst=None if health.worst is None else int(health.worst),
        states=tuple(person.states), gaps=tuple(sorted(person.gaps, key=lambda each: each.begin)),
        curves=tuple(curves[each].curve(*each) for each in order if each in curves), happened=tuple(told),
    )  # fmt: skip


def _told(event: RecordedEvent) -> Happened:
    level, text = sentences.said(event.kind, event.details)
    note = sentences.typed(event.details)
    return Happened(
        at=timestamp(event.at), kind=event.kind, peer=event.peer, level=level,
        text=text if note in ("", text) else f"{text}: {note}",
    )  # fmt: skip


def _span(begin: float, end: float, what: str) -> Span:
    return Span(begin=timestamp(begin), end=timestamp(end), seconds=round(end - begin, 1), what=what)
