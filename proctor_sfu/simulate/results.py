"""From events to numbers: what a simulation measured. No I/O; the events carry the times."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

from proctor_sfu.simulate import events, formats
from proctor_sfu.simulate.glass import Timeline
from proctor_sfu.simulate.plan import Part, Plan

TROUBLES: Final = 50
"""Troubles told in full; the rest is counted."""
PATIENCE: Final = 5.0
"""Seconds after which a view that shows nothing counts as one that never did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How values spread, in milliseconds; a percentile is the smallest value that so many do not exceed."""

    count: int
    min: float
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What proctors got from a group of candidates."""

    views: int
    """Sources watched, each proctor's counted."""
    never_began: int
    """Of which nothing came within `PATIENCE`."""
    pictures: int
    """Complete pictures that can be decoded."""
    pictures_expected: int
    pictures_percent: float
    sound_percent: float
    packets: int
    lost: int
    """Packets that never came."""
    repaired: int
    gaps: int
    """Times without a picture or without sound for a second or longer."""
    gap_longest_s: float
    gap_total_s: float
    first_picture_ms: Spread | None
    """From the server's offer of the camera or screen to its first complete picture."""
    first_sound_ms: Spread | None
    delay_ms: Spread | None
    """From the candidate's packetiser to the decoded picture; null without --decode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that was not planned."""

    at_s: float
    """Since the simulation began."""
    peer: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of simulated peers."""

    pid: int
    peers: int
    cpu_s: float
    memory_bytes: int
    lag_ms: float
    """Longest its event loop was late: above 50 its own numbers are not to be trusted."""
    exit: int | None
    """0: as planned; below 0: the signal that ended it."""
    said: tuple[str, ...]
    """Last lines it wrote to standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was simulated and what came of it."""

    room: str
    candidates: int
    proctors: int
    sources: tuple[str, ...]
    codec: str
    simulcast: bool
    light: bool
    tiles: int
    """Candidates a proctor saw at once; 0: everything of everybody."""
    impaired: int
    seed: int
    duration_s: float
    """That was reached."""
    complete: bool
    """Neither interrupted nor cut short."""
    joined: int
    """Peers that were in the room at least once."""
    join_ms: Spread | None
    """From the first attempt to connect to everything published, or to watching."""
    rejoin_ms: Spread | None
    """The same for those that came back."""
    rejoin_clean_ms: Spread | None
    """Of which had a good network."""
    away_longest_s: float
    """Longest that a peer with a good network was out of the room although it should have been in it."""
    clean: Media
    impaired_media: Media | None
    """Of candidates whose network is impaired or fails altogether when they vanish; ``clean`` is of all others."""
    troubles: tuple[Trouble, ...]
    trouble_count: int
    kicks: tuple[Trouble, ...]
    """Peers that somebody took out of the room meanwhile, which is nobody's fault."""
    processes: tuple[Process, ...]
    broken: tuple[str, ...]
    """Limits that were not kept."""
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """A look at a simulation that goes on."""

    seconds: float
    candidates: int
    proctors: int
    megabits: float
    """Received by the proctors in the last second, per second."""
    arrived: float
    """Pictures and packets of sound in the last second."""
    gaps: int
    troubles: int
    lag_ms: float
    cpu: float
    """Of all processes in the last second, in cores."""


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
