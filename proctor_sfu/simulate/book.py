"""From events to numbers: a book takes what all processes tell. No I/O; the events carry the times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from proctor_sfu.simulate import events, formats
from proctor_sfu.simulate.glass import Timeline
from proctor_sfu.simulate.plan import Part, Plan
from proctor_sfu.simulate.results import PATIENCE, Media, Now, Process, Result, Spread, Trouble

TROUBLES: Final = 50
"""Troubles told in full; the rest is counted."""


@dataclass(slots=True)
class _Group:
    """What is collected of a group of candidates."""

    watched: list[events.Watched] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    first_pictures: list[float] = field(default_factory=list)
    first_sounds: list[float] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)


class Book:
    """Takes the events of all processes."""

    def __init__(self, plan: Plan, parts: Sequence[Part]) -> None:
        self.troubles: list[events.Trouble] = []
        self._kicks: list[events.Kicked] = []
        self.gaps = 0
        self._plan = plan
        self._impaired = {
            part.peer for part in parts if part.impaired or any(visit.how == "vanish" for visit in part.visits)
        }
        self._hindered = {part.peer for part in parts if part.impaired}
        """Who has the bad network; ``_impaired`` are, besides, those who vanish, for what proctors get of them."""
        self._groups = {False: _Group(), True: _Group()}
        self._joined: set[str] = set()
        self._joins: list[float] = []
        self._rejoins: list[tuple[str, float]] = []
        """Peer, and what coming back took it."""
        self._away: dict[str, float] = {}
        """Peer with a good network that is out of the room against its will -> since when."""
        self._longest_away = 0.0
        self._timelines: dict[tuple[str, str, int], Timeline] = {}
        self._pulses: dict[int, list[events.Pulse]] = {}
        """Process -> its first and its last two pulses."""
        self._lags: Counter[int] = Counter()

    def take(self, process: int, event: events.Event) -> None:
        """Take an event of a process."""
        match event:
            case events.Joined():
                self._joined.add(event.peer)
                if event.again:
                    self._rejoins.append((event.peer, event.took))
                else:
                    self._joins.append(event.took)
                self._back(event.peer, event.at)
            case events.Left():
                self._back(event.peer, event.at)
            case events.Trouble():
                self.troubles.append(event)
                if event.peer in self._joined - self._hindered:
                    self._away.setdefault(event.peer, event.at)
            case events.Kicked():
                self._kicks.append(event)
                self._back(event.peer, event.at)
            case events.First():
                group = self._group(event.peer)
                (group.first_sounds if event.source == "microphone" else group.first_pictures).append(event.took)
            case events.Gap():
                self.gaps += 1
                self._group(event.peer).gaps.append(event.seconds)
            case events.Watched():
                self._group(event.peer).watched.append(event)
            case events.Stretch():
                self._timeline(event.peer, event.source, event.height).begin(event.at, event.number)
            case events.Seen():
                timeline = self._timeline(event.peer, event.source, event.height)
                sent = [(at, timeline.sent(number, at)) for number, at in event.pictures]
                self._group(event.peer).delays += [max(0.0, at - left) for at, left in sent if left is not None]
            case events.Pulse():
                pulses = self._pulses.setdefault(process, [])
                self._pulses[process] = [*pulses[-1:], event]
                self._lags[process] = max(self._lags[process], round(event.lag * 10_000))

    def now(self, seconds: float) -> Now:
        """Return how it goes, ``seconds`` after it began."""
        last = [pulses[-1] for pulses in self._pulses.values()]
        pairs = [(pulses[0], pulses[1]) for pulses in self._pulses.values() if len(pulses) == 2]
        return Now(
            seconds=seconds,
            candidates=sum(pulse.present.get("candidate", 0) for pulse in last),
            proctors=sum(pulse.present.get("proctor", 0) for pulse in last),
            megabits=sum(_rate(a, b, a.received, b.received) for a, b in pairs) * 8 / 1e6,
            arrived=sum(_rate(a, b, a.arrived, b.arrived) for a, b in pairs),
            gaps=self.gaps,
            troubles=len(self.troubles),
            lag_ms=max((pulse.lag * 1000 for pulse in last), default=0.0),
            cpu=sum(_rate(a, b, a.cpu, b.cpu) for a, b in pairs),
        )

    def process(self, process: int, *, pid: int, peers: int, exit_code: int | None, said: Iterable[str]) -> Process:
        """Return what is known of a process."""
        last = self._pulses.get(process, [None])[-1]
        return Process(
            pid=pid,
            peers=peers,
            cpu_s=0.0 if last is None else last.cpu,
            memory_bytes=0 if last is None else last.memory,
            lag_ms=self._lags[process] / 10,
            exit=exit_code,
            said=tuple(said),
        )

    def result(
        self, *, room: str, zero: float, duration: float, complete: bool, processes: Iterable[Process]
    ) -> Result:
        """Return everything measured, without a verdict; ``zero`` is when it began on the clock of the events."""
        plan = self._plan
        for peer in list(self._away):
            self._back(peer, zero + duration)
        return Result(
            room=room,
            candidates=plan.candidates,
            proctors=plan.proctors,
            sources=plan.sources,
            codec=plan.codec,
            simulcast=plan.simulcast,
            light=plan.light,
            tiles=plan.tiles,
            impaired=len(self._impaired),
            seed=plan.seed,
            duration_s=round(duration, 1),
            complete=complete,
            joined=len(self._joined),
            join_ms=spread(self._joins),
            rejoin_ms=spread([took for _, took in self._rejoins]),
            rejoin_clean_ms=spread([took for peer, took in self._rejoins if peer not in self._hindered]),
            away_longest_s=round(self._longest_away, 1),
            clean=_media(self._groups[False], plan.kit),
            impaired_media=_media(self._groups[True], plan.kit) if self._impaired else None,
            troubles=tuple(
                Trouble(at_s=round(each.at - zero, 2), peer=each.peer, code=each.code, reason=each.reason)
                for each in self.troubles[:TROUBLES]
            ),
            trouble_count=len(self.troubles),
            kicks=tuple(
                Trouble(at_s=round(each.at - zero, 2), peer=each.peer, code="kicked", reason=each.reason)
                for each in self._kicks
            ),
            processes=tuple(processes),
            broken=(),
            ok=True,
        )

    def _back(self, peer: str, at: float) -> None:
        if (since := self._away.pop(peer, None)) is not None:
            self._longest_away = max(self._longest_away, at - since)

    def _group(self, peer: str) -> _Group:
        return self._groups[peer in self._impaired]

    def _timeline(self, peer: str, source: str, height: int) -> Timeline:
        key = (peer, source, height)
        if key not in self._timelines:
            form = formats.of_height(height)
            self._timelines[key] = Timeline(fps=form.fps, frames=form.frames)
        return self._timelines[key]


def spread(seconds: Sequence[float]) -> Spread | None:
    """Return how values in seconds spread, in milliseconds; None if there are none."""
    if not seconds:
        return None
    ordered = sorted(seconds)

    def at(part: float) -> float:
        return round(ordered[max(0, math.ceil(part * len(ordered)) - 1)] * 1000, 1)

    return Spread(count=len(ordered), min=at(0), p50=at(0.5), p95=at(0.95), p99=at(0.99), max=at(1))


def _media(group: _Group, kit: formats.Kit) -> Media:
    pictures = [each for each in group.watched if each.source != "microphone"]
    sounds = [each for each in group.watched if each.source == "microphone"]
    expected = sum(each.active * kit.fps(each.source) for each in pictures)
    came = sum(each.arrived for each in pictures)
    return Media(
        views=len(group.watched),
        never_began=sum(not each.began and each.offered > PATIENCE for each in group.watched),
        pictures=came,
        pictures_expected=round(expected),
        pictures_percent=_percent(came, expected),
        sound_percent=_percent(sum(each.arrived for each in sounds), sum(each.active for each in sounds) * kit.sounds),
        packets=sum(each.packets for each in group.watched),
        lost=sum(each.lost for each in group.watched),
        repaired=sum(each.repaired for each in group.watched),
        gaps=len(group.gaps),
        gap_longest_s=max(group.gaps, default=0.0),
        gap_total_s=round(sum(group.gaps), 3),
        first_picture_ms=spread(group.first_pictures),
        first_sound_ms=spread(group.first_sounds),
        delay_ms=spread(group.delays),
    )


def _percent(came: float, expected: float) -> float:
    """At most 100: the first picture and the last are not a whole interval apart."""
    return min(100.0, round(100 * came / expected, 2)) if expected > 0 else 100.0


def _rate(before: events.Pulse, after: events.Pulse, first: float, last: float) -> float:
    """Counters begin again when a peer does, and then tell of no time before."""
    return max(0.0, last - first) / (after.at - before.at) if after.at > before.at else 0.0
