"""The heart of quality: once a second asks, judges, tells rooms and events, and hands out the frame."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import structlog

from proctor_sfu.aio import spawn
from proctor_sfu.control.api import quality as api
from proctor_sfu.events import (
    Bus,
    IncidentFound,
    LevelChanged,
    PeerEntered,
    PeerLeft,
    PeerStateChanged,
    Record,
    WorkerLevelChanged,
)
from proctor_sfu.pool.pool import Pool
from proctor_sfu.quality.candidates import CandidateTrack
from proctor_sfu.quality.frames import Frames
from proctor_sfu.quality.levels import Level
from proctor_sfu.quality.overview import Key, Moment, Overview
from proctor_sfu.quality.pictures import Pictures
from proctor_sfu.quality.proctors import ProctorTrack
from proctor_sfu.quality.relays import addresses
from proctor_sfu.quality.sampler import Sampler
from proctor_sfu.quality.states import interrupts
from proctor_sfu.rooms.presence import Light
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Role
from proctor_sfu.settings import Settings

_log = structlog.get_logger("psfu.quality")

SECOND: Final = 1.0
_LAG_STEP: Final = 0.1
"""Seconds between two looks at how late the event loop is."""
_LIGHTS: Final[dict[str, Light]] = {"none": "grey", "ok": "green", "warn": "amber", "bad": "red"}


class Pulse:
    """Runs from `start` to `close`. ``frames`` has the newest frame; `each` is called with every one."""

    def __init__(
        self, registry: Registry, pool: Pool, settings: Settings, events: Bus, *, ready: Callable[[], bool]
    ) -> None:
        self.frames = Frames()
        self._turn_urls = settings.turn.urls
        self._events = events
        self.overview = Overview(registry, pool, settings, ready=ready)
        self._sampler = Sampler()
        self._pictures = Pictures(self.overview.counted)
        self._each: list[Callable[[api.Frame], None]] = []
        self._levels: dict[int, api.Level] = {}
        self._incident = 0
        self._entered: dict[Key, float] = {}
        """Candidates on their way in -> when they authenticated, on the monotonic clock."""
        self._beaten: float | None = None
        self._lag: float | None = None
        self._task: asyncio.Task[None] | None = None
        self._lookup: asyncio.Task[None] | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._lag_timer: asyncio.TimerHandle | None = None

    def each(self, take: Callable[[api.Frame], None]) -> None:
        """Call ``take`` with every frame, in the event loop; it must not block."""
        self._each.append(take)

    @property
    def age(self) -> float | None:
        """Seconds since the newest frame, None before the first."""
        return None if self._beaten is None else round(time.monotonic() - self._beaten, 1)

    def start(self) -> None:
        """Begin."""
        self._unsubscribe = self._events.subscribe(self._event)
        self._measure_lag(asyncio.get_running_loop().time())
        self._task = spawn(self._run(), name="quality")
        # Names may take their time; until they are known, relayed media looks like any other.
        self._lookup = spawn(self._find_relays(), name="turn servers")

    async def close(self) -> None:
        """Stop; nobody waits for a frame any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
        if self._lag_timer is not None:
            self._lag_timer.cancel()
        self._pictures.close()
        self.frames.close()
        tasks = [task for task in (self._task, self._lookup) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _event(self, record: Record) -> None:
        event, counters = record.event, self.overview.counters
        match event:
            case PeerEntered() if event.role == Role.CANDIDATE:
                self._entered[event.room, event.peer] = time.monotonic()
            case PeerStateChanged() if event.state == "live":
                if (entered := self._entered.pop((event.room, event.peer), None)) is not None:
                    counters.join.observe(time.monotonic() - entered)
            case PeerLeft():
                self._entered.pop((event.room, event.peer), None)
                if event.reason == "lost" and (event.room, event.peer) in self.overview.candidates:
                    self.overview.lost.add((event.room, event.peer))
            case IncidentFound():
                counters.count(counters.incidents, event.shared)

    def _measure_lag(self, due: float) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        self._lag = max(self._lag or 0.0, now - due)
        self._lag_timer = loop.call_later(_LAG_STEP, self._measure_lag, now + _LAG_STEP)

    async def _find_relays(self) -> None:
        self.overview.relays.update(await addresses(self._turn_urls))

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            try:
                await self.beat()
            except Exception:
                # One bad second must not end the watch over an exam; it is reported, and the next one begins anew.
                _log.exception("sample_failed")
            due += SECOND
            if due < loop.time() - SECOND:
                due = loop.time()  # The machine was stopped for a while: go on, do not catch up.
            await asyncio.sleep(max(0.0, due - loop.time()))

    async def beat(self) -> api.Frame:
        """Make one frame and tell everybody."""
        full = self.frames.watched or self.overview.thorough
        began = time.perf_counter()
        answers = await self._sampler.ask(self.overview.questions(time.monotonic(), full=full))
        spent = time.perf_counter() - began
        lag, self._lag = self._lag, None
        at = Moment(monotonic=time.monotonic(), wall=time.time())
        frame = await self.overview.take(at, answers, full=full, lag=lag, spent=spent)
        await asyncio.sleep(0)
        self._tell(frame)
        self._beaten = at.monotonic
        self.frames.publish(frame)
        # Whoever follows has it first: what a thread does with it, as that of the history, would slow this down.
        await asyncio.sleep(0)
        for take in self._each:
            take(frame)
        if full:
            self._pictures.turn(self.overview.video())
        return frame

    def _tell(self, frame: api.Frame) -> None:
        tracks: list[CandidateTrack | ProctorTrack] = [*self.overview.candidates.values()]
        for track in (*tracks, *self.overview.proctors.values()):
            if track.changed:
                track.changed = False
                self._tell_peer(track)
        for worker in frame.workers:
            before = self._levels.get(worker.pid, "ok")
            if worker.level != before:
                self._events.publish(
                    WorkerLevelChanged(pid=worker.pid, before=before, level=worker.level, reasons=worker.reasons)
                )
        self._levels = {worker.pid: worker.level for worker in frame.workers}
        for incident in frame.incidents:
            if incident.id > self._incident:
                self._incident = incident.id
                _log.warning("incident", summary=incident.summary, candidates=len(incident.candidates))
                self._events.publish(
                    IncidentFound(
                        id=incident.id, room=incident.room, candidates=incident.candidates, shared=incident.shared,
                        value=incident.value, others=incident.others, summary=incident.summary,
                    )
                )  # fmt: skip

    def _tell_peer(self, track: CandidateTrack | ProctorTrack) -> None:
        peer, room, verdict = track.peer, track.room, track.health.verdict
        self._count(track)
        if track.there:
            interrupted = track.health.silent
            light = _LIGHTS[verdict.level.word]
            if (light, verdict.reasons, interrupted) != (peer.light, peer.reasons, peer.interrupted):
                room.judged(peer, light, verdict.reasons, interrupted=interrupted)
        told = track.told
        track.told = verdict.level, verdict.reasons
        began_well = told[0] is Level.NONE and verdict.level is Level.OK
        # That somebody left is an event of its own.
        left = verdict.level is Level.NONE and not track.there
        if told != track.told and not began_well and not left:
            self._events.publish(
                LevelChanged(
                    room=room.id, peer=peer.id, role=peer.role.value, before=told[0].word, level=verdict.level.word,
                    reasons=verdict.reasons, health=verdict.health,
                )
            )  # fmt: skip

    def _count(self, track: CandidateTrack | ProctorTrack) -> None:
        state, counters = track.health.state, self.overview.counters
        if isinstance(track, CandidateTrack) and state != track.counted:
            before, track.counted = track.counted, state
            counters.count(counters.states, state)
            if interrupts(before, state):
                what = "signaling" if "disconnected" in track.health.verdict.reasons else "media"
                counters.count(counters.interruptions, what)
                if what == "media":
                    counters.count(counters.failures, track.link.failure)
