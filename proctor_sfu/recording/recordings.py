"""All recordings of the daemon: who is recorded, from the moment a source is published to the signed manifest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proctor_sfu import events
from proctor_sfu.aio import spawn
from proctor_sfu.audit.entry import DAEMON, By
from proctor_sfu.errors import MediasoupError, PsfuError, RecordingError, RefusedError
from proctor_sfu.events import Record, RoomClosed, SourceEnded, SourcePublished
from proctor_sfu.recording import folder as folders
from proctor_sfu.recording import keys, seal
from proctor_sfu.recording.admission import Admission
from proctor_sfu.recording.lane import FULL
from proctor_sfu.recording.process import RecorderProcess
from proctor_sfu.recording.protocol import (
    Configure,
    Disk,
    ToDaemon,
)
from proctor_sfu.recording.reading import content
from proctor_sfu.recording.roll import Roll
from proctor_sfu.recording.shelf import Place, Shelf
from proctor_sfu.recording.space import Limits, Space
from proctor_sfu.recording.taking import Recording
from proctor_sfu.recording.watchdog import Watchdog
from proctor_sfu.recording.wishes import Wishes
from proctor_sfu.rooms.peer import Peer, Published
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import CANDIDATE_SOURCES, Role, Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.settings import Recording as Settings

_log = structlog.get_logger("psfu.recording")

FAREWELL: Final = 15.0
"""Seconds recordings get to be put on the disk when the daemon stops."""


class Recordings:
    """Begins and ends recordings as rooms and operators want. Runs between `start` and `close`."""

    key: Ed25519PrivateKey
    """Signs manifests; known once it is started."""

    def __init__(self, registry: Registry, settings: Settings, directory: Path, signing_key: Path) -> None:
        self.directory = directory
        self.settings = settings
        self.signing_key = signing_key
        self._roll = Roll(
            lambda event: registry.events.publish(event), finished=self._complete, failed=self._failed,
            refused=self._refused,
        )  # fmt: skip
        self.running = self._roll.by_candidate
        """Room and candidate -> their recording, also while it is finished."""
        self.space = Space(limits=Limits(reserve_bytes=settings.reserve_bytes, reserve_hours=settings.reserve_hours))
        self.disk: Disk | None = None
        """What the recorder told last; None: it has not run yet."""
        self.finished: Callable[[str, Path], object] = lambda name, folder: None
        """Called when a recording is complete and signed."""
        self._registry = registry
        self._wishes = Wishes(registry)
        self._admission = Admission(registry, self.space)
        self.refused = self._admission.refused
        """Room and candidate that should be recorded -> why they are not."""
        self._shelf = Shelf(directory, self._roll, settings.resume_seconds)
        self._watchdog = Watchdog(registry, self.space, self.running)
        self._unsubscribe: Callable[[], None] | None = None
        self._closing = False
        self.recorder = RecorderProcess(
            Configure(
                directory=str(directory), segment_seconds=settings.segment_seconds,
                checkpoint_seconds=settings.checkpoint_seconds, memory_bytes=settings.memory_bytes,
                signing_key=str(signing_key),
                master_key=None if settings.master_key is None else str(settings.master_key),
            ),
            heard=self._heard,
            came_back=self._recorder_came_back,
        )  # fmt: skip

    def start(self) -> None:
        """Follow what happens in the rooms. Raises `OSError` for the directory and `KeyFileError` for a key."""
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.key = keys.signing_key(self.signing_key)
        if self.settings.master_key is not None:
            keys.master_key(self.settings.master_key)
        self._show_key()
        self._unsubscribe = self._registry.events.subscribe(self._on_event)

    def _show_key(self) -> None:
        """Put the public key beside the recordings, so that whoever has the disk can verify them."""
        path, pem = self.directory / folders.PUBLIC_KEY, keys.public_pem(self.key)
        try:
            if content(path) == pem:
                return
        except OSError:
            pass  # It is written below.
        try:
            seal.replace(path, pem)
        except OSError as error:
            if error.errno not in FULL:
                raise
            # The exam goes on without recordings, of which everybody is told.
            _log.error("public_key_not_written", file=str(path), reason=error.strerror)

    async def close(self) -> None:
        """Interrupt what is recorded, everything on the disk, and end the recorder."""
        self._closing = True
        if self._unsubscribe is not None:
            self._unsubscribe()
        for recording in self.running.values():
            if recording.state in ("beginning", "running"):
                recording.end(final=False, cause="daemon-stopped")
        waiting = [each.ended for each in self.running.values() if each.state == "finishing"]
        if waiting and self.recorder.pid is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await asyncio.gather(*(asyncio.shield(each) for each in waiting), return_exceptions=True)
        await self.recorder.close()

    # Who is recorded.

    def wanted(self, room_id: str, candidate: str | None = None) -> frozenset[Source]:
        """Return the sources of a candidate, or of all candidates of a room, that are recorded."""
        return self._wishes.of(room_id, candidate).sources

    def want(
        self, room: str, candidate: str | None, sources: Iterable[Source], *, retain_days: int | None = None,
        by: By = DAEMON,
    ) -> frozenset[Source]:  # fmt: skip
        """Record these sources of a candidate, or of everybody in a room, from now on; returns all that are."""
        self._wishes.add(room, candidate, frozenset(sources), by=by, retain_days=retain_days)
        for recording in self._roll.of(room, candidate):
            self._note_sources(recording, by)
            if retain_days is not None:
                recording.note("retention_set", retain_days=retain_days, by=by.plain())
        self._take_missing(room)
        return self.wanted(room, candidate)

    async def unwant(
        self, room: str, candidate: str | None, sources: Iterable[Source], *, by: By = DAEMON
    ) -> list[Recording]:
        """Stop to record these sources; recordings of which nothing is wanted any more are finished."""
        gone = frozenset(sources)
        self._wishes.remove(room, candidate, gone, by=by)
        ended = []
        for recording in self._roll.of(room, candidate):
            self._note_sources(recording, by)
            for source in gone:
                recording.stop_source(source, "stopped-by-operator")
            if not self.wanted(room, recording.candidate):
                self._finish(recording, "stopped by the operator", by.plain())
                ended.append(recording)
        for key in self._admission.of(room, candidate):
            self._allow(key)
        return ended

    def _note_sources(self, recording: Recording, by: By) -> None:
        sources = sorted(self.wanted(recording.room, recording.candidate))
        recording.note("sources_set", sources=sources, by=by.plain())

    def by_id(self, name: str) -> Recording | None:
        """Return a recording that runs."""
        return self._roll.by_id(name)

    def try_refused(self) -> None:
        """Try again to record those who were refused."""
        for key in list(self.refused):
            self._allow(key)
        for room in {room for room, _ in self.refused}:
            self._take_missing(room)

    def _take_missing(self, room_id: str) -> None:
        """Record what is published and should be."""
        room = self._registry.rooms.get(room_id)
        if room is not None:
            for peer in room.by_role(Role.CANDIDATE):
                for published in self._missing(room_id, peer):
                    self._consider(room, peer, published)

    def _missing(self, room_id: str, peer: Peer) -> Iterator[Published]:
        """Yield what a candidate publishes, and should be recorded, and is not."""
        recording, wanted = self._roll.going(room_id, peer.id), self.wanted(room_id, peer.id)
        for published in peer.published.values():
            if published.source in wanted and (recording is None or not recording.has(published)):
                yield published

    # What happens in the rooms.

    def _on_event(self, record: Record) -> None:
        match record.event:
            case SourcePublished(room=room_id, peer=peer_id, producer=producer):
                room = self._registry.rooms.get(room_id)
                peer = room.peers.get(peer_id) if room is not None else None
                if room is not None and peer is not None and producer in peer.published:
                    self._consider(room, peer, peer.published[producer])
            case SourceEnded() as ended:
                self._source_ended(ended)
            case RoomClosed(room=room_id, reason=reason, by=by):
                for recording in self._roll.of(room_id, None):
                    self._finish(recording, reason or "the room was closed", by)
                for key in self._admission.of(room_id):
                    self._admission.allow(key)

    def _source_ended(self, ended: SourceEnded) -> None:
        recording = self.running.get((ended.room, ended.peer))
        room = self._registry.rooms.get(ended.room)
        if room is None or ended.peer not in room.peers:
            self._admission.allow((ended.room, ended.peer))
        if recording is None:
            return
        if room is None:
            cause = "room-closed"
        elif room.router is None or room.router.closed:
            cause = "worker-died"
        elif ended.peer not in room.peers:
            cause = "candidate-left"
        else:
            cause = "source-ended"
        recording.source_ended(Source(ended.source), ended.producer, cause)

    def _consider(self, room: Room, peer: Peer, published: Published) -> None:
        """Record a producer, if it should be."""
        recordable = peer.role is Role.CANDIDATE and published.source in CANDIDATE_SOURCES
        if recordable and self._is_wanted(room, peer.id, published):
            spawn(self._take(room, peer.id, published), name=f"record {peer.id} {published.source}")

    def _is_wanted(self, room: Room, candidate: str, published: Published) -> bool:
        """Whether a producer should be recorded; asked again behind all that was waited for."""
        here = self._registry.rooms.get(room.id) is room and not published.producer.closed
        return here and not self._closing and published.source in self.wanted(room.id, candidate)

    async def _take(self, room: Room, candidate: str, published: Published) -> None:
        key = (room.id, candidate)

        def is_wanted() -> bool:
            return self._is_wanted(room, candidate, published)

        try:
            recording = await self._recording(room, candidate, is_wanted)
            if recording is not None:
                if published.source not in recording.reserved:
                    # It was not wanted yet when the others were reserved.
                    self._admission.admit([published.source])
                    recording.reserved.add(published.source)
                await recording.take(room, published, is_wanted)
        except MediasoupError as error:
            # The producer or its worker is gone, which is an event of its own.
            _log.info("source_not_recorded", room=room.id, peer=candidate, source=published.source, reason=str(error))
        except (RefusedError, RecordingError, OSError) as error:
            code = error.reason if isinstance(error, RefusedError) else getattr(error, "code", "disk_failed")
            if is_wanted():
                self._admission.refuse(key, code, str(error))
        else:
            self._allow(key)

    def _allow(self, key: tuple[str, str]) -> None:
        """Count a candidate as refused no more, if all that is wanted of it is recorded."""
        room = self._registry.rooms.get(key[0])
        peer = room.peers.get(key[1]) if room is not None else None
        if peer is None or not any(self._missing(key[0], peer)):
            self._admission.allow(key)

    async def _recording(self, room: Room, candidate: str, is_wanted: Callable[[], bool]) -> Recording | None:
        """Return the candidate's recording; begun, or gone on with, if there is none.

        None if it is not wanted any more once all that takes time is done. Raises `RefusedError`.
        """
        key = (room.id, candidate)
        if (going := self._roll.going(*key)) is not None:
            return going
        await asyncio.to_thread(self._measure)
        await self.recorder.start()
        while (before := self.running.get(key)) is not None and before.state == "finishing":
            await asyncio.wait([before.ended])
        if (going := self._roll.going(*key)) is not None:
            return going  # Another source of the candidate came first.
        place = await asyncio.to_thread(self._shelf.place, *key)
        if (going := self._roll.going(*key)) is not None or not is_wanted():
            return going
        # Nothing is waited for from here on, so that each counts on all before it.
        sources = self.wanted(*key)
        (self._admission.go_on if place.resumed else self._admission.admit)(sources)
        recording = self._new(room, candidate, place, sources)
        self._roll.add(recording)
        recording.begin("daemon-died")
        return recording

    def _new(self, room: Room, candidate: str, place: Place, sources: frozenset[Source]) -> Recording:
        wish = self._wishes.of(room.id, candidate)
        retain_days = self.settings.retain_days if wish.retain_days is None else wish.retain_days
        fields = {
            "room": room.id, "candidate": candidate, "sources": sorted(sources), "retain_days": retain_days,
            "by": wish.by,
        }  # fmt: skip
        return Recording(
            place.id, room.id, candidate, place.folder, send=self.recorder.send, fields=fields,
            stall_seconds=self.settings.stall_seconds, reserved=sources,
        )  # fmt: skip

    def _measure(self) -> None:
        """Look at the disk before the recorder reports of it."""
        if self.recorder.pid is None:
            found = folders.space(self.directory)
            self.space.free, self.space.size = found

    def _finish(self, recording: Recording, reason: str, by: Mapping[str, Any]) -> None:
        if recording.state in ("beginning", "running"):
            spawn(self._finish_begun(recording, reason, by), name=f"finish {recording.id}")

    async def _finish_begun(self, recording: Recording, reason: str, by: Mapping[str, Any]) -> None:
        with suppress(PsfuError):
            # The end must not overtake the beginning, which it would leave half done.
            await asyncio.shield(recording.begun)
        if recording.state == "running":
            recording.end(final=True, reason=reason, by=by)

    # What the recorder says.

    def _heard(self, message: ToDaemon) -> None:
        if isinstance(message, Disk):
            self._disk(message)
            self._watchdog.look()
        else:
            self._roll.heard(message)

    def _recorder_came_back(self) -> None:
        self._registry.events.publish(events.RecorderDied())
        for recording in self.running.values():
            if recording.state not in ("finished", "failed"):
                recording.tell_again("recorder-died")

    def _complete(self, recording: Recording) -> None:
        """A recording is signed; what was wanted again while it ended begins another one."""
        self.finished(recording.id, recording.folder)
        self._take_missing(recording.room)

    def _failed(self, recording: Recording, code: str) -> None:
        """A recording cannot be written: say so, and record its candidate anew."""
        self._shelf.broken.add(recording.id)
        room = self._registry.rooms.get(recording.room)
        peer = room.peers.get(recording.candidate) if room is not None else None
        if peer is not None and any(self._missing(recording.room, peer)):
            self._admission.refuse((recording.room, recording.candidate), code, recording.reason)
            self._take_missing(recording.room)

    def _refused(self, recording: Recording, code: str, reason: str) -> None:
        """Nothing of a recording is written at the moment: say so; it is tried again with all who were refused."""
        self._admission.refuse((recording.room, recording.candidate), code, reason)

    def _disk(self, disk: Disk) -> None:
        before = self.space.trouble
        self.disk = disk
        self.space.take(
            free=disk.free, size=disk.size, written=disk.written, busy=disk.busy, behind=disk.at_risk,
            now=time.monotonic(),
        )  # fmt: skip
        self.space.trouble, self.space.reason = disk.trouble, disk.reason
        if disk.trouble != before:
            tell = _log.error if disk.trouble else _log.warning
            tell("recording_disk", trouble=disk.trouble, reason=disk.reason)
            self._registry.events.publish(events.RecordingDisk(trouble=disk.trouble, reason=disk.reason))
        if self.refused and self.space.refusal(CANDIDATE_SOURCES) is None:
            self.try_refused()
