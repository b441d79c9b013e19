"""The life of one simulated peer: it comes, does its part, goes as planned, and tries again after trouble."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from typing import Final

from proctor_sfu.simulate import events
from proctor_sfu.simulate.candidate import Candidate
from proctor_sfu.simulate.clip import Clip
from proctor_sfu.simulate.ending import FINAL, TROUBLES, Ending
from proctor_sfu.simulate.feed import Tell
from proctor_sfu.simulate.formats import Source
from proctor_sfu.simulate.glass import Pace
from proctor_sfu.simulate.impairment import Impairment
from proctor_sfu.simulate.plan import Departure, Part, Plan, Visit
from proctor_sfu.simulate.proctor import Proctor
from proctor_sfu.simulate.protoo import Data
from proctor_sfu.simulate.track import ClipTrack, Sent

BACKOFF: Final = (0.5, 5.0)
"""First and longest pause before another try, seconds."""
ENTER: Final = 30.0
"""Seconds a peer may take to join."""
FAREWELL: Final = 3.0
"""Seconds a peer may take to leave."""

WORD: Final = 0.5
"""Seconds in which a server that closed the media says whether that is final."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What all peers of a process share; ``stop`` is done when the simulation is over."""

    url: str
    plan: Plan
    clips: Mapping[str, Clip]
    tell: Tell
    executor: Executor | None
    tls: ssl.SSLContext
    stop: asyncio.Future[None]


class Life:
    """One peer; ``zero`` is when the simulation begins."""

    def __init__(self, part: Part, stage: Stage, credentials: Data, *, seed: int, zero: float) -> None:
        self.peer = part.peer
        self.role = part.role
        self.present = False
        self._visits = part.visits
        self._stage = stage
        self._credentials = credentials
        self._zero = zero
        self._again = False
        self._ended: asyncio.Future[Ending] | None = None
        """Why the stay cannot go on."""
        self._final: asyncio.Future[Ending] | None = None
        """Likewise, if the peer does not come back after it; may be known later."""
        network = _shifted(stage.plan.impairment, zero) if part.impaired else None
        self._client = _Watcher(self, stage, seed) if part.role == "proctor" else _Publisher(self, stage, network, seed)

    async def live(self) -> None:
        """Make all visits; returns early when the simulation is stopped."""
        for visit in self._visits:
            if await self._wait(self._zero + visit.arrive):
                await self._visit(visit)

    @property
    def arrived(self) -> int:
        """Pictures and packets of sound that came so far."""
        return self._client.arrived if isinstance(self._client, Proctor) else 0

    @property
    def received(self) -> int:
        """Bytes of media that came so far."""
        return self._client.received if isinstance(self._client, Proctor) else 0

    def flush(self) -> None:
        """Tell what was decoded since the last time."""
        if isinstance(self._client, Proctor):
            self._client.flush()

    def end(self, ending: Ending | None) -> None:
        """The client noticed that the stay cannot go on; None: that it can."""
        if ending is None:
            return
        for future in (self._ended, self._final if ending.code in FINAL else None):
            if future is not None and not future.done():
                future.set_result(ending)

    async def _visit(self, visit: Visit) -> None:
        depart = self._zero + visit.depart
        pause, longest = BACKOFF
        while not self._stage.stop.done() and time.monotonic() < depart:
            end = await self._stay(depart)
            self.present = False
            if end is None:
                break
            self._tell_end(end)
            await self._leave("leave")
            if end.code in FINAL:
                return
            await self._wait(min(depart, time.monotonic() + pause))
            pause = min(longest, pause * 2)
        await self._leave(visit.how)
        self._stage.tell(events.Left(peer=self.peer, at=time.monotonic()))

    async def _stay(self, until: float) -> Ending | None:
        """Be there until a time or the end of the simulation; return what ended it before."""
        end = await self._attempt(self._enter)
        while end is None:
            assert self._ended is not None
            await self._wait(until, self._ended)
            if not self._ended.done():
                return None
            end = self._ended.result()
            if end.code == "media":
                end = await self._explained(end, until)
            if end.code == "closed":
                # Only the WebSocket is lost: media flows on while the server keeps the seat.
                self._tell_trouble(end)
                end = await self._attempt(self._resume)
        return end

    async def _explained(self, end: Ending, until: float) -> Ending:
        """Return why media ended: who is sent away may lose them before it hears so."""
        assert self._final is not None
        await self._wait(min(until, time.monotonic() + WORD), self._final)
        return self._final.result() if self._final.done() else end

    async def _attempt(self, way: Callable[[], Awaitable[None]]) -> Ending | None:
        """Come in, in whatever way; return what went wrong."""
        began = time.monotonic()
        loop = asyncio.get_running_loop()
        self._ended, self._final = loop.create_future(), loop.create_future()
        try:
            async with asyncio.timeout(ENTER):
                await way()
        except TROUBLES as error:
            return self._final.result() if self._final.done() else Ending.failed(error)
        now = time.monotonic()
        self._stage.tell(
            events.Joined(peer=self.peer, role=self.role, at=now, took=round(now - began, 4), again=self._again)
        )
        self.present = self._again = True
        return None

    async def _enter(self) -> None:
        await self._client.connect(self._stage.url, self._credentials)
        await self._client.perform()

    async def _resume(self) -> None:
        answer = await self._client.reconnect(self._stage.url, self._credentials)
        if not answer.get("resumed"):
            raise ConnectionError("the seat was not kept")

    async def _leave(self, how: Departure) -> None:
        self._ended = self._final = None
        if how != "vanish":
            with contextlib.suppress(*TROUBLES):
                async with asyncio.timeout(FAREWELL):
                    await self._client.leave()
        # Does nothing after leaving, and all that is possible when the network is gone.
        await self._client.vanish()

    async def _wait(self, until: float, other: asyncio.Future[Ending] | None = None) -> bool:
        """Wait for a time, or for something else; return False when the simulation is over."""
        waiting: set[asyncio.Future[None] | asyncio.Future[Ending]] = {self._stage.stop}
        if other is not None:
            waiting.add(other)
        timeout = max(0.0, until - time.monotonic())
        await asyncio.wait(waiting, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
        return not self._stage.stop.done()

    def _tell_end(self, end: Ending) -> None:
        if end.code == "kicked":
            self._stage.tell(events.Kicked(peer=self.peer, at=time.monotonic(), reason=end.reason[:300]))
        else:
            self._tell_trouble(end)

    def _tell_trouble(self, end: Ending) -> None:
        self._stage.tell(events.Trouble(peer=self.peer, at=time.monotonic(), code=end.code, reason=end.reason[:300]))


class _Publisher(Candidate):
    """A candidate that tells its life what happens."""

    def __init__(self, life: Life, stage: Stage, network: Impairment | None, seed: int) -> None:
        super().__init__(network, seed, tls=stage.tls, relayed=stage.plan.relayed)
        self._life = life
        self._stage = stage

    async def perform(self) -> None:
        """Publish what the plan says."""
        await self.publish(self._life.peer, self._stage.plan.codec, self._tracks())

    def told(self, method: str, data: Data) -> None:
        """Follow what happens to the room."""
        self._life.end(Ending.told(method, data))

    def closed(self, code: int | None) -> None:
        """Come again."""
        self._life.end(Ending.closed(code))

    def connection(self, state: str) -> None:
        """Come again when the media connection is lost."""
        self._life.end(Ending.media(state))

    def _tracks(self) -> dict[Source, list[ClipTrack]]:
        clips = self._stage.clips
        tracks: dict[Source, list[ClipTrack]] = {}
        for source in self._stage.plan.sources:
            if source == "microphone":
                tracks[source] = [ClipTrack.audio(clips[source], self._stage.plan.kit.packet)]
            else:
                layers = [name for name in clips if name.partition("/")[0] == source]
                tracks[source] = [ClipTrack.video(clips[name], self._pace(source, clips[name])) for name in layers]
        return tracks

    def _pace(self, source: str, clip: Clip) -> Sent | None:
        """Tell where a stream begins and where it jumps, if somebody decodes it."""
        if not self._stage.plan.decode:
            return None
        pace = Pace(fps=clip.format.fps, frames=clip.format.frames)
        peer, height, tell = self._life.peer, clip.format.height, self._stage.tell

        def sent(number: int, key: bool, at: float) -> None:
            if pace.sent(number, at):
                tell(events.Stretch(peer=peer, source=source, height=height, at=at, number=number))

        return sent


class _Watcher(Proctor):
    """A proctor that tells its life what happens."""

    def __init__(self, life: Life, stage: Stage, seed: int) -> None:
        plan = stage.plan
        super().__init__(
            life.peer, stage.tell, stage.executor, tiles=plan.tiles, ahead=seed, tls=stage.tls, relayed=plan.relayed
        )
        self._life = life

    async def perform(self) -> None:
        """Watch what the plan says."""
        await self.watch()

    def told(self, method: str, data: Data) -> None:
        """Follow what happens to consumers and to the room."""
        super().told(method, data)
        self._life.end(Ending.told(method, data))

    def closed(self, code: int | None) -> None:
        """Come again."""
        self._life.end(Ending.closed(code))

    def connection(self, state: str) -> None:
        """Come again when the media connection is lost."""
        self._life.end(Ending.media(state))


def _shifted(impairment: Impairment, zero: float) -> Impairment:
    """Return the impairment with its outages on the clock of this process."""
    return replace(impairment, outages=tuple((zero + begin, zero + end) for begin, end in impairment.outages))
