"""One candidate's recording as the daemon sees it: its tap, its takes, and what it tells the recorder of them.

Everything the recorder has to know can be told again, since a recorder that died knows nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

from proctor_sfu.errors import RefusedError
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.layers import ConsumerLayers
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.recording.clocks import Clock
from proctor_sfu.recording.protocol import (
    Begin,
    BeginTrack,
    CloseInlet,
    End,
    EndTrack,
    Explain,
    Inlet,
    Note,
)
from proctor_sfu.recording.take import Take
from proctor_sfu.recording.tap import Tap, open_tap
from proctor_sfu.recording.watch import Watch
from proctor_sfu.rooms.peer import Published
from proctor_sfu.rooms.roles import Source

State: TypeAlias = Literal["beginning", "running", "finishing", "finished", "failed"]
ANSWER: Final = 10.0
"""Seconds the recorder has to answer."""


class Place(Protocol):
    """What a recording has to know of a room."""

    def media(self) -> Router:
        """Return its router. Raises `RefusedError` while there is none."""


class Recording:
    """Begun by `begin`, ended by `end`. ``send`` gives a message, and descriptors, to the recorder."""

    def __init__(
        self, recording: str, room: str, candidate: str, folder: Path, *, send: Callable[..., bool],
        fields: Mapping[str, Any], stall_seconds: float, reserved: Iterable[Source] = (),
    ) -> None:  # fmt: skip
        self.id = recording
        self.room = room
        self.candidate = candidate
        self.folder = folder
        self.state: State = "beginning"
        self.reason = ""
        """Why it failed."""
        self.resumed = False
        self.gaps = 0
        """Those the ledger names so far."""
        self.held = False
        """Nothing of it may be deleted."""
        self.begun_at = time.time()
        self.reserved = set(reserved)
        """Sources for which there is room on the disk."""
        self.takes: dict[Source, Take] = {}
        self.gone: dict[Source, int] = {}
        """Source -> bytes of takes that ended."""
        self.begun: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._tap: Tap | None = None
        self._send: Callable[..., bool] = send
        self._fields = fields
        self._stall_seconds = stall_seconds
        self._end: End | None = None
        self._hold: Note | None = None
        """What was said of `held` last, as long as the ledger does not have it."""
        self._untold: list[Note] = []
        """Rows that no recorder was there for."""
        self._changing = asyncio.Lock()

    # What the recorder is told.

    def begin(self, cause: str) -> None:
        """Have it written; ``cause``: what interrupted it, should it be there already."""
        self._send(Begin(recording=self.id, folder=str(self.folder), fields=self._fields, cause=cause))

    def tell_again(self, cause: str) -> None:
        """Tell a new recorder everything."""
        self.begin(cause)
        if self._hold is not None:
            self._send(self._hold)
        untold, self._untold = self._untold, []
        for each in untold:
            self._tell(each)
        if self._tap is not None:
            self._send(Inlet(recording=self.id, inlet=self._tap.number), self._tap.socket.fileno())
            for take in self.takes.values():
                take.begin_again(time.monotonic())
                self._begin_track(take)
        if self._end is not None:
            self._send(self._end)

    def note(self, event: str, **fields: Any) -> None:
        """Have a row written, by the next recorder if there is none at the moment."""
        self._tell(Note(recording=self.id, event=event, fields=fields, at=time.time()))

    def _tell(self, note: Note) -> None:
        if not self._send(note):
            self._untold.append(note)

    def hold(self, *, held: bool, by: Mapping[str, Any], reason: str) -> None:
        """Have nothing of it deleted, or release it; told again until the ledger has it."""
        self.held = held
        event, fields = "hold_set" if held else "hold_released", {"by": dict(by), "reason": reason}
        self._hold = Note(recording=self.id, event=event, fields=fields, at=time.time())
        self._send(self._hold)

    def stands(self, *, gaps: int, held: bool) -> None:
        """Take what its ledger has come to."""
        self.gaps = gaps
        if held == self.held:
            self._hold = None
        elif self._hold is None:
            self.held = held

    def end(self, *, final: bool, **fields: Any) -> None:
        """End it; `ended` is set when all is on the disk."""
        self.state = "finishing"
        self._end = End(recording=self.id, final=final, fields=fields)
        self._leave()
        self._send(self._end)
        self._drop_tap()

    def fail(self, reason: str) -> None:
        """The recorder cannot write it: let go of all it takes."""
        self.state, self.reason = "failed", reason
        self._leave()
        self._send(End(recording=self.id, final=False, fields={"cause": "disk-failed"}))
        self._drop_tap()

    def _leave(self) -> None:
        """Have no takes any more."""
        for source in list(self.takes):
            self._end_take(source)

    # Takes.

    def has(self, published: Published) -> bool:
        """Whether a producer is recorded."""
        take = self.takes.get(published.source)
        return take is not None and take.consumer.producer_id == published.producer.id

    async def take(self, room: Place, published: Published, is_wanted: Callable[[], bool]) -> None:
        """Record a producer, unless it is recorded, or not wanted any more once it could be.

        Raises what the host raises, `OSError`, and `RefusedError` if the recorder does not answer; nothing of the
        take is left then.
        """
        async with self._changing:
            await self._answer(self.begun)
            if self.state != "running" or self.has(published) or not is_wanted():
                return
            tap = await self._own_tap(room)
            if tap is None:
                return
            consumer = await tap.consume(published.producer)
            if self._tap is not tap or consumer.closed or not is_wanted():
                consumer.close()
                return
            self.stop_source(published.source, "source-ended")
            take = self._add(published, consumer)
            try:
                await self._answer(take.ready)
                if not consumer.closed:
                    # The worker asks for a key frame now, and not before somebody writes it down.
                    await consumer.resume()
            except BaseException:
                if self.takes.get(take.source) is take:
                    self.stop_source(take.source, "recorder-deaf")
                raise

    def _add(self, published: Published, consumer: Consumer) -> Take:
        watch = Watch(patience=self._stall_seconds, since=time.monotonic())
        clock = Clock(
            published.producer, lambda offset: self.note("clock_offset", track=published.source, offset_ms=offset)
        )
        take = self.takes[published.source] = Take(published.source, consumer, watch, clock)
        self._follow(take)
        self._begin_track(take)
        return take

    async def _answer(self, future: asyncio.Future[None]) -> None:
        try:
            async with asyncio.timeout(ANSWER):
                await asyncio.shield(future)
        except TimeoutError:
            raise RefusedError("recorder_silent", f"the recorder did not answer within {ANSWER:g} s") from None

    async def _own_tap(self, room: Place) -> Tap | None:
        """Return the tap in the room's router; None if the recording ended while it was made."""
        router = room.media()
        if self._tap is not None and (self._tap.router is not router or self._tap.transport.closed):
            self._drop_tap()
        if self._tap is None:
            tap = await open_tap(router)
            if self.state != "running":
                tap.close()
                return None
            self._tap = tap
            self._send(Inlet(recording=self.id, inlet=self._tap.number), self._tap.socket.fileno())
        return self._tap

    def _drop_tap(self) -> None:
        if self._tap is not None:
            self._send(CloseInlet(inlet=self._tap.number))
            self._tap.close()
            self._tap = None

    def lose_inlet(self, number: int, error: RefusedError) -> bool:
        """The recorder takes nothing from a tap: let go of it and of its takes. Returns whether it is still ours."""
        if self._tap is None or self._tap.number != number:
            return False
        for take in list(self.takes.values()):
            take.refuse(error)
            self.stop_source(take.source, "recorder-deaf")
        self._drop_tap()
        return True

    def _begin_track(self, take: Take) -> None:
        consumer = take.consumer
        assert self._tap is not None
        codec = consumer.rtp_parameters.codecs[0]
        self._send(
            BeginTrack(
                recording=self.id, track=take.source, inlet=self._tap.number, kind=consumer.kind,
                codec=codec.mime_type.partition("/")[2].lower(), ssrc=take.ssrc, payload_type=codec.payload_type,
                clock_rate=codec.clock_rate, channels=codec.channels or 1, parameters=dict(codec.parameters),
                fields={"producer": consumer.producer_id, "type": consumer.type, "paused": consumer.producer_paused},
            )
        )  # fmt: skip

    def _follow(self, take: Take) -> None:
        """Write down what happens to a source."""
        consumer, track = take.consumer, take.source
        consumer.on("producerpause", lambda: self._paused(take))
        consumer.on("producerresume", lambda: self.note("track_resumed", track=track))
        consumer.on("layerschange", lambda layers: self._layers_changed(take, layers))

    def _paused(self, take: Take) -> None:
        self.note("track_paused", track=take.source, by="producer")
        self._send(Explain(recording=self.id, track=take.source, cause="producer-paused"))

    def _layers_changed(self, take: Take, layers: ConsumerLayers | None) -> None:
        spatial, temporal = (None, None) if layers is None else (layers.spatial_layer, layers.temporal_layer)
        self.note("layers_changed", track=take.source, spatial=spatial, temporal=temporal)

    def source_ended(self, source: Source, producer_id: str, cause: str) -> None:
        """A producer is gone, and its consumer with it."""
        take = self.takes.get(source)
        if take is None or take.consumer.producer_id != producer_id:
            return
        self._end_take(source)
        self._send(EndTrack(recording=self.id, track=source, cause=cause))

    def _end_take(self, source: Source) -> None:
        take = self.takes.pop(source)
        take.set_ready()
        take.clock.close()
        self.gone[source] = self.gone.get(source, 0) + take.bytes

    def explain(self, take: Take, cause: str) -> None:
        """Tell why a take is stalled."""
        take.cause = cause
        self._send(Explain(recording=self.id, track=take.source, cause=cause))

    def stop_source(self, source: Source, cause: str) -> None:
        """Record a source no more."""
        if (take := self.takes.get(source)) is not None:
            self.source_ended(source, take.consumer.producer_id, cause)
            take.consumer.close()

    # What it comes to.

    @property
    def bytes(self) -> int:
        """Bytes written since the daemon runs."""
        return sum(self.gone.values()) + sum(take.bytes for take in self.takes.values())
