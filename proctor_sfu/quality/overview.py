"""Everybody at once: what to ask the workers each second, and the frame their answers make."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from proctor_sfu.aio import gently
from proctor_sfu.clock import timestamp
from proctor_sfu.control.api import quality as api
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.pool.member import Member
from proctor_sfu.pool.pool import Pool
from proctor_sfu.quality.blame import Blame, Finding, proctor_downlink
from proctor_sfu.quality.candidates import CandidateTrack, absent
from proctor_sfu.quality.counters import Counters
from proctor_sfu.quality.levels import Level
from proctor_sfu.quality.pictures import Counted
from proctor_sfu.quality.proctors import ProctorTrack
from proctor_sfu.quality.rates import Gauge
from proctor_sfu.quality.sampler import Answers, Questions
from proctor_sfu.quality.totals import Own, by_room, daemon_line, room_line
from proctor_sfu.quality.workers import WorkerTrack, memory_of
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Role
from proctor_sfu.settings import Settings

Key: TypeAlias = tuple[str, str]
"""Ids of room and peer."""

_Track = TypeVar("_Track", CandidateTrack, ProctorTrack)

RELAXED: Final = 4
"""Every how many seconds proctors are asked when nobody looks."""
COUNTED: Final = 5
"""Every how many seconds counters and distributions for other tools are fed; nobody scrapes more often."""
REMEMBERED: Final = 60.0
"""Seconds somebody who left, and an incident, stay in the frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The clocks of one frame."""

    monotonic: float
    wall: float


class Overview:
    """Tracks of everybody. Each second: `questions`, then `take` with the answers."""

    def __init__(self, registry: Registry, pool: Pool, settings: Settings, *, ready: Callable[[], bool]) -> None:
        self._registry = registry
        self._pool = pool
        self._settings = settings
        self._ready = ready
        self._began = time.monotonic()
        self.candidates: dict[Key, CandidateTrack] = {}
        self.proctors: dict[Key, ProctorTrack] = {}
        self.relays: set[str] = set()
        """Addresses of TURN servers, as far as they are known by now."""
        self.counters = Counters()
        self.lost: set[Key] = set()
        """Candidates whose time to come back ran out, as opposed to those who left."""
        self._workers: dict[int, WorkerTrack] = {}
        self._blame = Blame()
        self._incidents: deque[tuple[float, api.Incident]] = deque()
        self._incident = 0
        self._seq = 0
        self._cpu = Gauge()

    @property
    def thorough(self) -> bool:
        """Whether the coming frame is about proctors too even if nobody looks."""
        return self._seq % RELAXED == 0

    # Before the answers.

    def questions(self, now: float, *, full: bool) -> dict[Member, Questions]:
        """Return what to ask each worker; ``full``: about proctors too."""
        self._follow(now)
        asked: dict[Member, dict[str, list[Any]]] = {
            member: {"transports": [], "producers": [], "consumers": []} for member in self._pool.members
        }
        for candidate in self.candidates.values():
            into = asked.get(candidate.room.member) if candidate.room.member is not None else None
            if into is not None and candidate.gone_at is None:
                if candidate.peer.sending is not None:
                    into["transports"].append(candidate.peer.sending)
                into["producers"] += [each.producer for each in candidate.peer.published.values()]
        if full:
            for proctor in self.proctors.values():
                into = asked.get(proctor.room.member) if proctor.room.member is not None else None
                if into is not None and proctor.peer.receiving is not None:
                    into["transports"].append(proctor.peer.receiving)
                    into["consumers"] += [viewed.consumer for viewed in proctor.to_ask()]
        return {**asked}

    def _follow(self, now: float) -> None:
        """Begin tracks of those who came and end those of who went."""
        bounds = self._settings.quality
        candidates: set[Key] = set()
        proctors: set[Key] = set()
        for room in self._registry.rooms.values():
            for peer in room.peers.values():
                key = room.id, peer.id
                if peer.role is Role.CANDIDATE:
                    candidates.add(key)
                    track = self.candidates.get(key)
                    if track is None:
                        track = self.candidates[key] = CandidateTrack(room, peer, bounds, self.relays, now)
                    track.follow(room, peer)
                    self.lost.discard(key)
                else:
                    proctors.add(key)
                    staff = self.proctors.get(key)
                    if staff is None or staff.peer is not peer:
                        self.proctors[key] = ProctorTrack(room, peer, bounds, self.relays, now)
        for key in self.proctors.keys() - proctors:
            del self.proctors[key]
        for key in self.candidates.keys() - candidates:
            self._depart(key, now)

    def _depart(self, key: Key, now: float) -> None:
        track, lost = self.candidates[key], key in self.lost
        track.gone(now, for_good=not lost)
        over = key[0] not in self._registry.rooms
        # Who is expected is missed for as long as there is a room; ids of one use would only ever add up.
        expected = lost and key[1] in track.room.roster
        shown = self._settings.quality.lost_seconds if lost else REMEMBERED
        if over or (not expected and track.gone_at is not None and now - track.gone_at > shown):
            del self.candidates[key]
            self.lost.discard(key)

    def video(self) -> Iterable[Producer]:
        """Return the video producers of all candidates."""
        for candidate in self.candidates.values():
            for each in candidate.peer.published.values():
                if each.producer.kind == "video":
                    yield each.producer

    def counted(self, producer: str, counted: Counted) -> None:
        """Take what the pictures of a producer told."""
        for candidate in self.candidates.values():
            for source in candidate.sources.values():
                if source.published.producer.id == producer:
                    source.counted_pictures(time.monotonic(), counted)
                    return

    # After the answers.

    async def take(self, at: Moment, answers: Answers, *, full: bool, lag: float | None, spent: float) -> api.Frame:
        """Return the frame. ``lag``: how late the event loop was, ``spent``: what asking took; seconds."""
        self._seq += 1
        now = at.monotonic
        async for candidate in gently(list(self.candidates.values())):
            if candidate.there:  # Of who left while the workers were asked, the next frame tells.
                candidate.feed(now, answers.transport(candidate.peer.sending), answers.producers)
        if full:
            async for proctor in gently(list(self.proctors.values())):
                if proctor.there:
                    proctor.feed(now, answers.transport(proctor.peer.receiving), answers.consumers)
            self.counters.sent.feed(self._sent(answers))
        self._find(at)
        watchers = self._watchers()
        known = [
            track.shown(now, tuple(watchers.get(key, ()))) async for key, track in gently(list(self.candidates.items()))
        ]
        candidates = (*known, *self._absent())
        first_guess = self._settings.rtc.initial_outgoing_bitrate
        proctors = tuple(track.shown(now, first_guess) for track in self.proctors.values())
        workers = tuple([line async for line in gently(self._worker_lines(at, answers))])
        members = by_room(candidates)
        rooms = tuple(
            [
                room_line(room, members.get(room.id, []), [each for each in proctors if each.room == room.id])
                async for room in gently(list(self._registry.rooms.values()))
            ]
        )
        cpu = self._cpu.feed(now, time.process_time())
        own = Own(
            uptime=now - self._began, ready=self._ready(), cpu=cpu, memory=memory_of(os.getpid()), lag=lag,
            spent=spent, full=full,
        )  # fmt: skip
        if self._seq % COUNTED == 0:
            async for _ in gently(self.counters.answers(answers.producers)):
                pass
        frame = api.Frame(
            seq=self._seq, at=timestamp(at.wall), daemon=daemon_line(own, self._pool, rooms, candidates, proctors),
            workers=workers, rooms=rooms, candidates=candidates, proctors=proctors,
            incidents=tuple(incident for _, incident in self._incidents),
        )  # fmt: skip
        if self._seq % COUNTED == 0:
            self.counters.frame(frame)
        return frame

    def streams_sent(self) -> dict[str, int]:
        """Return kind -> streams that are sent to somebody and not paused."""
        found = {"audio": 0, "video": 0}
        for room in self._registry.rooms.values():
            for peer in room.peers.values():
                for viewed in peer.viewed.values():
                    if not viewed.consumer.paused and not viewed.consumer.producer_paused:
                        found[viewed.consumer.kind] += 1
        return found

    def cpu_seconds(self, pid: int) -> float | None:
        """Return the processor time a worker used so far."""
        track = self._workers.get(pid)
        return None if track is None else track.cpu_seconds

    def _sent(self, answers: Answers) -> dict[str, int | None]:
        """Return id -> RTP bytes sent of the transports of proctors, None: its worker is late."""
        transports = [each.peer.receiving for each in self.proctors.values() if each.peer.receiving is not None]
        told = {each.id: answers.transport(each) for each in transports}
        return {key: None if stats is None else stats.rtp_bytes_sent for key, stats in told.items()}

    def _absent(self) -> Iterable[api.Candidate]:
        """Yield those on a roster whom this daemon has not seen."""
        for room in self._registry.rooms.values():
            for expected in room.roster.values():
                if expected.role is Role.CANDIDATE and (room.id, expected.id) not in self.candidates:
                    yield absent(room, expected)

    def _watchers(self) -> dict[Key, list[str]]:
        found: dict[Key, list[str]] = {}
        for (room, peer), track in self.proctors.items():
            owners = {
                viewed.owner.id for viewed in track.peer.viewed.values()
                if not viewed.consumer.paused and not viewed.consumer.producer_paused
            }  # fmt: skip
            for owner in owners:
                found.setdefault((room, owner), []).append(peer)
        return found

    def _find(self, at: Moment) -> None:
        now = at.monotonic
        # Looked at only when there is something to explain.
        subjects = (track.subject for track in self.candidates.values() if track.gone_at is None)
        fell = [track.subject for track in _fell(self.candidates.values())]
        finding = self._blame.feed(now, fell, subjects)
        if finding is not None:
            self._note(at, finding)
        for track in _fell(self.proctors.values()):
            if "downlink" in track.health.verdict.reasons:
                room, peer = track.room.id, track.peer.id
                watched = {viewed.owner.id for viewed in track.peer.viewed.values()}
                well = [f"{room}/{each}" for each in watched if self._well((room, each))]
                if well:
                    self._note(at, proctor_downlink(peer, well, room))
        while self._incidents and now - self._incidents[0][0] > REMEMBERED:
            self._incidents.popleft()

    def _well(self, key: Key) -> bool:
        track = self.candidates.get(key)
        return track is not None and track.health.verdict.level <= Level.WARN

    def _note(self, at: Moment, finding: Finding) -> None:
        self._incident += 1
        incident = api.Incident(
            id=self._incident, at=timestamp(at.wall), room=finding.room, candidates=finding.candidates,
            shared=finding.shared, value=finding.value, others=finding.others, summary=finding.summary,
        )  # fmt: skip
        self._incidents.append((at.monotonic, incident))

    # Lines of the frame.

    def _worker_lines(self, at: Moment, answers: Answers) -> Iterator[api.Worker]:
        members = {member.worker.pid: member for member in self._pool.members}
        self._workers = {
            pid: self._workers.get(pid) or WorkerTrack(member, self._settings.quality)
            for pid, member in members.items()
        }
        candidates = _by_member(self.candidates.values())
        proctors = _by_member(self.proctors.values())
        for pid, track in self._workers.items():
            yield track.shown(
                at.monotonic, answers.usage.get(pid), answers.seconds.get(pid), candidates.get(track.member, ()),
                proctors.get(track.member, ()),
                sum(room.member is track.member for room in self._registry.rooms.values()),
            )  # fmt: skip


def _fell(tracks: Iterable[_Track]) -> list[_Track]:
    """Return those that got worse since this was asked last: some are not measured each second."""
    fell = [track for track in tracks if track.worsened]
    for track in fell:
        track.worsened = False
    return fell


def _by_member(tracks: Iterable[Any]) -> dict[Member, list[Any]]:
    groups: dict[Member, list[Any]] = {}
    for each in tracks:
        if each.room.member is not None:
            groups.setdefault(each.room.member, []).append(each)
    return groups
