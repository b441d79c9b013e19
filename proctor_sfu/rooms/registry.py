"""All rooms of the daemon: create, find, close, and move to another worker when theirs died."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import structlog

from proctor_sfu.aio import spawn
from proctor_sfu.audit.audit import Audit
from proctor_sfu.audit.entry import DAEMON, By
from proctor_sfu.errors import MediasoupError, RefusedError, StateError
from proctor_sfu.events import (
    AssignmentsChanged,
    Bus,
    PeerEntered,
    PeerLeft,
    Record,
    RoomClosed,
    RoomCreated,
    RoomMoved,
    WorkerDied,
)
from proctor_sfu.limits import Bucket
from proctor_sfu.mediasoup.rtp import RtpCapabilities
from proctor_sfu.pool.member import Member
from proctor_sfu.pool.pool import Pool
from proctor_sfu.rooms.assigning import people, reassign
from proctor_sfu.rooms.assignments import EVERYBODY, Assignments, Mode
from proctor_sfu.rooms.codecs import room_codecs
from proctor_sfu.rooms.duty import PACE, Duty
from proctor_sfu.rooms.ice import IceServers
from proctor_sfu.rooms.peer import Peer
from proctor_sfu.rooms.presence import state_of
from proctor_sfu.rooms.profile import Expected, Profile, checked_roster
from proctor_sfu.rooms.revoked import Revocation, Revoked
from proctor_sfu.rooms.roles import Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.rooms.store import Saved, SavedRoom, Store
from proctor_sfu.rooms.tokens import Tokens
from proctor_sfu.settings import Settings

_log = structlog.get_logger("psfu.rooms")

OPEN_WARNING: Final = "OPEN ROOM: anybody who reaches the server can join it without a token"


REPAIR: Final = 1.2
"""What retransmissions and key frames may add to the bitrates of the sources."""


class Registry:
    """Rooms by id. The pool is given later, since it tells the registry of workers that died."""

    def __init__(
        self, settings: Settings, audit: Audit, events: Bus, ice: IceServers, store: Store, tokens: Tokens
    ) -> None:
        self.audit = audit
        self.store = store
        self.tokens = tokens
        self.revoked = Revoked()
        self.refusals = Bucket(1.0, 60, time.monotonic())
        """How many refused logins are worth an event and an audit record."""
        self.events = events
        self.rooms: dict[str, Room] = {}
        self.capabilities: dict[RtpCapabilities, RtpCapabilities] = {}
        """Capabilities of clients, each kept once; see `Transport.consume`."""
        self._settings = settings
        self.ice = ice
        self._pool: Pool | None = None
        events.subscribe(self._came_or_went)

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

    async def create(self, profile: Profile, *, roster: tuple[Expected, ...] = (), by: By = DAEMON) -> Room:
        """Make a room on the least loaded worker. Raises `RefusedError`: bad id, exists; `StateError`: not kept."""
        profile.checked()
        roster = checked_roster(roster)
        if profile.id in self.rooms:
            raise RefusedError("conflict", f'room "{profile.id}" exists already')
        room = self._add(SavedRoom(profile=profile, roster=roster, assignments=EVERYBODY))
        try:
            await self._settle(room)
            await self.store.add_room(profile, roster, room.assignments)
            if self.rooms.get(room.id) is not room:
                await self.store.remove_room(room.id)
                raise RefusedError("conflict", f'room "{room.id}" was closed while it was made')
        except BaseException:
            if self.rooms.get(room.id) is room:
                del self.rooms[room.id]
            if room.router is not None:
                room.router.close()
            raise
        room.note(
            "room_created",
            by=by,
            open=room.open,
            max_candidates=room.max_candidates,
            expected=len(roster),
            record=list(profile.record),
        )
        self._created(room)
        return room

    async def restore(self, saved: Saved) -> None:
        """Make the rooms again that were here before the daemon ended; their peers come back by themselves."""
        for revocation in saved.revoked:
            self.revoked.add(revocation)
        for each in saved.rooms:
            room = self._add(each)
            await self._settle(room)
            self._created(room)
            room.note("room_restored", by=DAEMON)

    def _add(self, saved: SavedRoom) -> Room:
        room = Room(
            saved.profile, roster=saved.roster, assignments=saved.assignments, rtc=self._settings.rtc,
            audit=self.audit, events=self.events,
        )  # fmt: skip
        self.rooms[room.id] = room
        return room

    def _created(self, room: Room) -> None:
        self.events.publish(RoomCreated(room=room.id))
        _log.info("room_created", room=room.id, worker=room.member.worker.pid if room.member else None)
        if room.open:
            _log.warning("open_room", room=room.id, message=OPEN_WARNING)

    async def _settle(self, room: Room) -> None:
        member = self.pool.place()
        codecs = room_codecs(room.profile.codec)
        room.settle(member, await member.worker.create_router(media_codecs=codecs, app_data={"room": room.id}))

    async def close(self, room_id: str, reason: str, *, by: By = DAEMON) -> Room:
        """Close a room and the connections of everybody in it. Raises `RefusedError`, `StateError`: not closed."""
        room = self.get(room_id)
        await self.store.remove_room(room_id)
        if self.rooms.get(room_id) is not room:
            raise RefusedError("room_not_found", f'room "{room_id}" was closed meanwhile')
        del self.rooms[room_id]
        for peer in list(room.peers.values()):
            room.leave(peer, reason)
            peer.link.end("room_closed", reason)
        if room.router is not None:
            room.router.close()
        room.note("room_closed", by=by, reason=reason)
        self.events.publish(RoomClosed(room=room_id, reason=reason, by=by.plain()))
        _log.info("room_closed", room=room_id, reason=reason)
        return room

    async def keep_record(self, room: Room) -> None:
        """Keep what is recorded in a room, and for how long, over a restart. Raises `StateError`."""
        room.profile = replace(room.profile, record=tuple(sorted(room.record)))
        await self.store.set_profile(room.profile)

    # Who watches whom.

    async def set_roster(self, room: Room, roster: tuple[Expected, ...], *, by: By) -> None:
        """Expect these people, in place of those before. Raises `RefusedError`, `StateError`."""
        roster = checked_roster(roster)
        async with room.changing:
            await self.store.set_roster(room.id, roster)
            reassign(room, room.assignments, roster)
            room.note("roster_changed", by=by, expected=len(roster))
        await self.deal(room)

    async def assign(self, room: Room, change: Callable[[Assignments], Assignments], *, by: By) -> None:
        """Change who watches whom. Raises `StateError`: nothing is changed."""
        async with room.changing:
            after = change(room.assignments).with_people(*people(room))
            await self.store.set_assignments(room.id, after)
            reassign(room, after)
            room.note("assignments_changed", by=by, mode=after.mode, lists=len(after.lists), groups=len(after.dealt))
            self.events.publish(AssignmentsChanged(room=room.id, mode=after.mode))

    async def deal(self, room: Room) -> None:
        """Let the groups follow who is here now."""
        async with room.changing:
            after = room.assignments.with_people(*people(room))
            if after is room.assignments:
                return
            try:
                await self.store.set_assignments(room.id, after)
            except StateError as error:
                # Somebody has to watch them now; after a restart they are dealt again.
                _log.error("assignments_not_kept", room=room.id, reason=str(error))
            reassign(room, after)
            self.events.publish(AssignmentsChanged(room=room.id, mode=after.mode))

    def _came_or_went(self, record: Record) -> None:
        if isinstance(record.event, PeerEntered | PeerLeft):
            room = self.rooms.get(record.event.room)
            if room is not None and room.assignments.mode is Mode.GROUPS:
                spawn(self.deal(room), name=f"deal groups of {room.id}")

    # Tokens.

    async def revoke(self, revocation: Revocation, *, by: By) -> list[Peer]:
        """Take tokens back and send away who came in with them; returns those. Raises `StateError`: not revoked."""
        await self.store.revoke(revocation)
        self.revoked.add(revocation)
        self.audit.record("tokens_revoked", by=by, room=revocation.room, kind=revocation.kind, value=revocation.value)
        found = [
            (room, peer)
            for room in self.rooms.values()
            for peer in list(room.peers.values())
            if peer.claims is not None and revocation.covers(peer.claims)
        ]
        for room, peer in found:
            self.kick(room, peer, "your access was taken back", by=by)
        return [peer for _, peer in found]

    # What happens by itself.

    async def keep_watch(self) -> None:
        """Close rooms that end, and tell of required sources that are missing; without end."""
        duties: dict[Room, Duty] = {}
        while True:
            await asyncio.sleep(PACE)
            duties = {room: duties.get(room) or Duty(room) for room in self.rooms.values()}
            for duty in duties.values():
                duty.look(time.monotonic())
            for room in [room for room in duties if _over(room, time.time())]:
                try:
                    await self.close(room.id, "the room has ended")
                except (RefusedError, StateError) as error:
                    _log.error("room_not_closed", room=room.id, reason=str(error))

    def kick(self, room: Room, peer: Peer, reason: str, *, by: By = DAEMON) -> None:
        """Take a peer out of a room and close its connection."""
        room.leave(peer, "kicked", reason)
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
        if self.rooms.get(room.id) is not room and room.router is not None:
            room.router.close()
            return
        worker = room.member.worker.pid if room.member else None
        self.events.publish(RoomMoved(room=room.id, worker=worker))
        _log.warning("room_moved", room=room.id, worker=worker)
        for peer in list(room.peers.values()):
            peer.clear()
            # Nobody is there to be told: whoever watches it begins again as well, and asks.
            peer.state = state_of(peer.facts)
            peer.link.reset()


def _over(room: Room, now: float) -> bool:
    return room.profile.expires is not None and now >= room.profile.expires
