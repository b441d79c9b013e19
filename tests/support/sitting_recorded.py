"""A room in this process that is recorded: a real worker, a real recorder, and producers made by hand."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from proctor_sfu.audit.audit import Audit
from proctor_sfu.events import Bus, Event, Record, SourcePublished
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.plain_transport import PlainTransport
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.rtp import RtpParameters
from proctor_sfu.mediasoup.worker import WorkerSettings
from proctor_sfu.pool.pool import Pool
from proctor_sfu.recording.ledger import Row
from proctor_sfu.recording.recordings import Recordings
from proctor_sfu.recording.taking import Recording
from proctor_sfu.rooms.ice import IceServers
from proctor_sfu.rooms.peer import Absent, Peer, Published
from proctor_sfu.rooms.profile import Profile
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.rooms.store import Store
from proctor_sfu.rooms.tokens import OwnKeys, PublicKeys, Tokens
from proctor_sfu.settings import Recording as RecordingSettings
from proctor_sfu.settings import Settings
from support.deck import rows
from support.host import LOOPBACK, audio, video

LIMIT: Final = 20.0
"""Seconds after which a test stops waiting."""
_PARAMETERS: Final = {Source.CAMERA: video(1111), Source.SCREEN: video(3333), Source.MICROPHONE: audio(2222)}


class Sitting:
    """One room, ``exam``, of which nothing is recorded at first. Made by `sitting`."""

    def __init__(self, registry: Registry, room: Room, recordings: Recordings) -> None:
        self.registry = registry
        self.room = room
        self.recordings = recordings
        self.told: list[Event] = []
        """Every event since it began."""
        self._changed = asyncio.Event()
        registry.events.subscribe(self._hear)

    def _hear(self, record: Record) -> None:
        self.told.append(record.event)
        self._changed.set()

    def enter(self, name: str) -> Peer:
        """Let a candidate in."""
        peer = Peer(name, Role.CANDIDATE, name, "127.0.0.1", Absent())
        self.room.enter(peer)
        return peer

    async def publish(
        self, peer: Peer, source: Source = Source.CAMERA, parameters: RtpParameters | None = None
    ) -> tuple[Producer, PlainTransport]:
        """Have a candidate publish; its packets come from wherever a test sends them."""
        transport = await self.room.media().create_plain_transport(
            listen_info=LOOPBACK, rtcp_mux=True, comedia=True
        )  # fmt: skip
        parameters = parameters or _PARAMETERS[source]
        kind = "audio" if source is Source.MICROPHONE else "video"
        producer = await transport.produce(kind=kind, rtp_parameters=parameters)
        self.room.forwarding.publish(peer, Published(source=source, producer=producer))
        self.registry.events.publish(
            SourcePublished(room=self.room.id, peer=peer.id, source=source, producer=producer.id)
        )  # fmt: skip
        return producer, transport

    async def until(self, condition: Callable[[], Any]) -> Any:
        """Wait until ``condition`` returns something; looked at whenever something is told, and now and then."""
        async with asyncio.timeout(LIMIT):
            while not (found := condition()):
                self._changed.clear()
                try:
                    async with asyncio.timeout(0.05):
                        await self._changed.wait()
                except TimeoutError:
                    pass
        return found

    async def recording(self, name: str, *sources: Source) -> Recording:
        """Wait until a candidate is recorded with just these sources, all of them ready."""

        def found() -> Recording | None:
            running = self.recordings.running.get((self.room.id, name))
            good = running is not None and running.state == "running" and set(running.takes) == set(sources)
            good = good and running is not None and all(not each.consumer.paused for each in running.takes.values())
            return running if good else None

        recording: Recording = await self.until(found)
        return recording

    async def idle(self) -> None:
        """Wait until nobody is about to be recorded, or finished."""
        names = ("record ", "finish ")
        await self.until(lambda: not any(each.get_name().startswith(names) for each in asyncio.all_tasks()))

    async def consumers(self, producer: Producer) -> list[str]:
        """Return the ids of all consumers of a producer, as the worker has them."""
        dump = await self.room.media().dump()
        return [each for pair in dump.map_producer_id_consumer_ids if pair.key == producer.id for each in pair.values]

    def rows(self, folder: Path, event: str) -> list[Row]:
        """Return the rows of an event."""
        return rows(folder, event)


@asynccontextmanager
async def sitting(folder: Path, binary: WorkerBinary, **configured: Any) -> AsyncIterator[Sitting]:
    """Have a sitting, whose recordings are below ``folder``."""
    settings, events = Settings(), Bus()
    audit = Audit(folder / "audit", events, **settings.audit.model_dump())
    audit.start()
    store = Store(folder)
    await store.open()
    keys = OwnKeys(folder / "keys")
    keys.open(time.time())
    tokens = Tokens(keys, PublicKeys((), None), audience="psfu", leeway=0)
    registry = Registry(settings, audit, events, IceServers(), store, tokens)
    pool = Pool(WorkerSettings(path=binary.path, schema=binary.schema), settings.rtc, lost=registry.worker_lost)
    registry.use(pool)
    recordings = Recordings(
        registry, RecordingSettings(reserve_bytes=0, reserve_hours=0, **configured), folder / "recordings",
        folder / "key.pem",
    )  # fmt: skip
    try:
        await pool.start(1)
        recordings.start()
        profile = Profile(id="exam", open=True, created_at=time.time(), max_candidates=10)
        yield Sitting(registry, await registry.create(profile), recordings)
    finally:
        await recordings.close()
        await pool.close()
        await store.close()
        audit.close()
