"""All rooms of the daemon: create, find, close, and move to another worker when theirs died."""

from __future__ import annotations

from typing import Final

import structlog

from proctor_sfu.aio import spawn
from proctor_sfu.audit.audit import Audit
from proctor_sfu.audit.entry import DAEMON, By
from proctor_sfu.errors import MediasoupError, RefusedError
from proctor_sfu.events import Bus, RoomClosed, RoomCreated, RoomMoved, WorkerDied
from proctor_sfu.mediasoup.rtp import RtpCapabilities
from proctor_sfu.pool.member import Member
from proctor_sfu.pool.pool import Pool
from proctor_sfu.rooms.codecs import ROOM_CODECS
from proctor_sfu.rooms.ice import IceServers
from proctor_sfu.rooms.names import checked_id
from proctor_sfu.rooms.peer import Peer
from proctor_sfu.rooms.roles import Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.settings import Settings

_log = structlog.get_logger("psfu.rooms")

OPEN_WARNING: Final = "OPEN ROOM: anybody who reaches the server can join it without a token"


REPAIR: Final = 1.2
"""What retransmissions and key frames may add to the bitrates of the sources."""


class Registry:
    """Rooms by id. The pool is given later, since it tells the registry of workers that died."""

    def __init__(self, settings: Settings, audit: Audit, events: Bus, ice: IceServers) -> None:
        self.audit = audit
        self.events = events
        self.rooms: dict[str, Room] = {}
        self.capabilities: dict[RtpCapabilities, RtpCapabilities] = {}
        """Capabilities of clients, each kept once; see `Transport.consume`."""
        self._settings = settings
        self.ice = ice
        self._pool: Pool | None = None

    def use(self, pool: Pool) -> None:
        """Place rooms in ``pool``."""
        self._pool = pool

    @property
    def pool(self) -> Pool:
        """The pool rooms are placed in."""
        assert self._pool is not None
        return self._pool

    @property
    def key_frame_delay(self) -> int:
        """Least milliseconds between two key frame requests to a producer, however many viewers ask."""
        return self._settings.rtc.key_frame_milliseconds

    def bitrates(self, peer: Peer) -> dict[Source, int]:
        """Return what a peer may send as each of its sources, bits per second."""
        caps = self._settings.bitrates
        video = {Source.CAMERA: caps.camera, Source.SCREEN: caps.screen}
        return {source: video.get(source, caps.microphone) for source in peer.sources}

    def uplink_limit(self, peer: Peer) -> int:
        """Return what a peer may send in all, bits per second: its sources and what repairs them."""
        return int(REPAIR * sum(self.bitrates(peer).values()))

    def get(self, room_id: str) -> Room:
        """Return a room; raises `RefusedError` ``room_not_found``."""
        room = self.rooms.get(room_id)
        if room is None:
            known = ", ".join(sorted(self.rooms)[:5])
            raise RefusedError("room_not_found", f'room "{room_id}" not found{f" (rooms: {known})" if known else ""}')
        return room

    async def create(
        self, room_id: str, *, open_to_all: bool, max_candidates: int | None = None, by: By = DAEMON
    ) -> Room:
        """Make a room on the least loaded worker. Raises `RefusedError`: bad id, exists, nobody could join it."""
        checked_id("a room id", room_id)
        if not open_to_all:
            raise RefusedError(
                "bad_data", "only open rooms can be joined in this version: create it with --open, on trusted networks"
            )
        if room_id in self.rooms:
            raise RefusedError("conflict", f'room "{room_id}" exists already')
        room = Room(
            room_id, open_to_all=open_to_all, rtc=self._settings.rtc,
            max_candidates=max_candidates or self._settings.rooms.max_candidates, audit=self.audit, events=self.events,
        )  # fmt: skip
        self.rooms[room_id] = room
        try:
            await self._settle(room)
        except BaseException:
            del self.rooms[room_id]
            raise
        room.note("room_created", by=by, open=room.open, max_candidates=room.max_candidates)
        self.events.publish(RoomCreated(room=room_id))
        _log.info("room_created", room=room_id, worker=room.member.worker.pid if room.member else None)
        if room.open:
            _log.warning("open_room", room=room_id, message=OPEN_WARNING)
        return room

    async def _settle(self, room: Room) -> None:
        member = self.pool.place()
        room.settle(member, await member.worker.create_router(media_codecs=ROOM_CODECS, app_data={"room": room.id}))

    def close(self, room_id: str, reason: str, *, by: By = DAEMON) -> Room:
        """Close a room and the connections of everybody in it."""
        room = self.get(room_id)
        del self.rooms[room_id]
        for peer in list(room.peers.values()):
            room.leave(peer, reason)
            peer.link.end("room_closed", reason)
        if room.router is not None:
            room.router.close()
        room.note("room_closed", by=by, reason=reason)
        self.events.publish(RoomClosed(room=room_id, reason=reason))
        _log.info("room_closed", room=room_id, reason=reason)
        return room

    def kick(self, room: Room, peer: Peer, reason: str, *, by: By = DAEMON) -> None:
        """Take a peer out of a room and close its connection."""
        room.leave(peer, "kicked")
        peer.link.end("kicked", reason)
        room.note("kick", by=by, target=peer, reason=reason)
        _log.info("peer_kicked", room=room.id, peer=peer.id, reason=reason)

    def worker_lost(self, member: Member) -> None:
        """Move the rooms of a dead worker to live ones and tell their peers to begin again.

        Also those an earlier move left without a router.
        """
        self.events.publish(WorkerDied(pid=member.worker.pid))
        for room in self.rooms.values():
            if room.member is member or (room.router is not None and room.router.closed):
                spawn(self._move(room), name=f"move room {room.id}")

    async def _move(self, room: Room) -> None:
        try:
            await self._settle(room)
        except (MediasoupError, RefusedError) as error:
            # The worker chosen died as well; its own death moves the room once more.
            _log.error("room_not_moved", room=room.id, reason=str(error))
            return
        worker = room.member.worker.pid if room.member else None
        self.events.publish(RoomMoved(room=room.id, worker=worker))
        _log.warning("room_moved", room=room.id, worker=worker)
        for peer in list(room.peers.values()):
            peer.clear()
            peer.link.reset()
