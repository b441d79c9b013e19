"""All recordings of the daemon: who is recorded, from the moment a source is published to the signed manifest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
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
from proctor_sfu.recording.process import RecorderProcess
from proctor_sfu.recording.protocol import (
    Configure,
    Disk,
    ToDaemon,
)
from proctor_sfu.recording.roll import Roll
from proctor_sfu.recording.space import Limits, Space
from proctor_sfu.recording.taking import Recording
from proctor_sfu.recording.watchdog import Watchdog
from proctor_sfu.rooms.peer import Peer, Published
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import CANDIDATE_SOURCES, Role, Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.settings import Recording as Settings

_log = structlog.get_logger("psfu.recording")

FAREWELL: Final = 15.0
"""Seconds recordings get to be put on the disk when the daemon stops."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is recorded of a candidate, or of all of a room."""

    sources: frozenset[Source]
    by: Mapping[str, Any] = field(default_factory=DAEMON.plain)
    """Who said so."""
    retain_days: int | None = None
    """None: as the settings say."""


class Recordings:
    """Begins and ends recordings as rooms and operators want. Runs between `start` and `close`."""

    key: Ed25519PrivateKey
    """Signs manifests; known once it is started."""

    def __init__(self, registry: Registry, settings: Settings, directory: Path, signing_key: Path) -> None:
        self.directory = directory
        self.settings = settings
        self.signing_key = signing_key
        self._roll = Roll(
            lambda event: registry.events.publish(event), lambda name, folder: self.finished(name, folder)
        )
        self.running = self._roll.by_candidate
        """Room and candidate -> their recording, also while it is finished."""
        self.space = Space(limits=Limits(reserve_bytes=settings.reserve_bytes, reserve_hours=settings.reserve_hours))
        self.disk: Disk | None = None
        """What the recorder told last; None: it has not run yet."""
        self.refused: dict[tuple[str, str], str] = {}
        """Room and candidate that should be recorded -> why they are not."""
        self.finished: Callable[[str, Path], object] = lambda name, folder: None
        """Called when a recording is complete and signed."""
        self._registry = registry
        self._wishes: dict[tuple[str, str], Wish] = {}
        """Room and candidate -> what holds for those for whom not all is as their room says."""
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
        # Beside the recordings, so that whoever has the disk can verify them.
        seal.replace(self.directory / folders.PUBLIC_KEY, keys.public_pem(self.key))
        self._unsubscribe = self._registry.events.subscribe(self._on_event)

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
                    await asyncio.gather(*(asyncio.shield(each) for each in waiting))
        await self.recorder.close()

    # Who is recorded.

    def wanted(self, room_id: str, candidate: str | None = None) -> frozenset[Source]:
        """Return the sources of a candidate, or of all candidates of a room, that are recorded."""
        return self._wish(room_id, candidate).sources

    def _wish(self, room_id: str, candidate: str | None) -> Wish:
        if candidate is not None and (own := self._wishes.get((room_id, candidate))) is not None:
            return own
        room = self._registry.rooms.get(room_id)
        if room is None:
            return Wish(sources=frozenset())
        by = room.profile.record_by or DAEMON.plain()
        return Wish(sources=room.record, by=by, retain_days=room.profile.retain_days)

    def want(
        self, room: str, candidate: str | None, sources: Iterable[Source], *, retain_days: int | None = None,
        by: By = DAEMON,
    ) -> frozenset[Source]:  # fmt: skip
        """Record these sources of a candidate, or of everybody in a room, from now on; returns all that are."""
        chosen = frozenset(sources)
        for key in self._keys(room, candidate):
            self._set(*key, self.wanted(*key) | chosen, by, retain_days)
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
        for key in self._keys(room, candidate):
            self._set(*key, self.wanted(*key) - gone, by)
        ended = []
        for recording in self._roll.of(room, candidate):
            self._note_sources(recording, by)
            for source in gone:
                recording.stop_source(source, "stopped-by-operator")
            if not self.wanted(room, recording.candidate):
                self._finish(recording, "stopped by the operator", by.plain())
                ended.append(recording)
        return ended

    def _keys(self, room: str, candidate: str | None) -> list[tuple[str, str | None]]:
        """Return what has to be set for a candidate, or for a room and everybody in it with a say of its own."""
        if candidate is not None:
            return [(room, candidate)]
        return [(room, None), *(key for key in self._wishes if key[0] == room)]

    def _set(
        self, room_id: str, candidate: str | None, sources: frozenset[Source], by: By, retain_days: int | None = None
    ) -> None:
        if retain_days is None:
            retain_days = self._wish(room_id, candidate).retain_days
        if candidate is None:
            room = self._registry.get(room_id)
            room.record = sources
            room.profile = replace(room.profile, record_by=by.plain(), retain_days=retain_days)
        else:
            self._wishes[room_id, candidate] = Wish(sources=sources, by=by.plain(), retain_days=retain_days)
        self._registry.audit.record("record", by=by, room=room_id, target=candidate, sources=sorted(sources))

    def _note_sources(self, recording: Recording, by: By) -> None:
        sources = sorted(self.wanted(recording.room, recording.candidate))
        recording.note("sources_set", sources=sources, by=by.plain())

    def by_id(self, name: str) -> Recording | None:
        """Return a recording that runs."""
        return self._roll.by_id(name)

    def try_refused(self) -> None:
        """Try again to record those who were refused."""
        for room in {room for room, _ in self.refused}:
            self._take_missing(room)

    def _take_missing(self, room_id: str) -> None:
        """Record what is published and should be."""
        room = self._registry.rooms.get(room_id)
        if room is None:
            return
        for peer in room.by_role(Role.CANDIDATE):
            recording = self.running.get((room_id, peer.id))
            for published in peer.published.values():
                if recording is None or published.source not in recording.takes:
                    self._consider(room, peer, published)

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
                self._wishes = {key: each for key, each in self._wishes.items() if key[0] != room_id}
                self.refused = {key: each for key, each in self.refused.items() if key[0] != room_id}

    def _source_ended(self, ended: SourceEnded) -> None:
        recording = self.running.get((ended.room, ended.peer))
        room = self._registry.rooms.get(ended.room)
        if room is None or ended.peer not in room.peers:
            self.refused.pop((ended.room, ended.peer), None)
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
        if self._closing or peer.role is not Role.CANDIDATE or published.source not in CANDIDATE_SOURCES:
            return
        if published.source in self.wanted(room.id, peer.id):
            spawn(self._take(room, peer.id, published), name=f"record {peer.id} {published.source}")

    async def _take(self, room: Room, candidate: str, published: Published) -> None:
        key = (room.id, candidate)
        try:
            recording = await self._recording(room, candidate)
            await recording.take(room, published)
        except MediasoupError as error:
            # The producer or its worker is gone, which is an event of its own.
            _log.info("source_not_recorded", room=room.id, peer=candidate, source=published.source, reason=str(error))
        except (RefusedError, RecordingError, OSError) as error:
            code = error.reason if isinstance(error, RefusedError) else getattr(error, "code", "disk_failed")
            self._refuse(key, code, str(error))
        else:
            self.refused.pop(key, None)

    def _refuse(self, key: tuple[str, str], code: str, reason: str) -> None:
        if self.refused.get(key) != reason:
            _log.error("recording_refused", room=key[0], peer=key[1], code=code, reason=reason)
            self.refused[key] = reason
            self._registry.events.publish(
                events.RecordingRefused(room=key[0], peer=key[1], code=code, reason=reason)
            )  # fmt: skip

    async def _recording(self, room: Room, candidate: str) -> Recording:
        """Return the candidate's recording; begun, or gone on with, if there is none. Raises `RefusedError`."""
        key = (room.id, candidate)
        if (going := self._roll.going(*key)) is not None:
            return going
        before = self.running.get(key)
        await asyncio.to_thread(self._measure)
        await self.recorder.start()
        if before is not None and before.state == "finishing":
            await asyncio.shield(before.ended)
        if (going := self._roll.going(*key)) is not None:
            return going  # Another source of the candidate came first.
        unfinished = await asyncio.to_thread(self._unfinished, *key)
        if (going := self._roll.going(*key)) is not None:
            return going
        sources = self.wanted(*key)
        if (refusal := self.space.refusal(sources)) is not None and unfinished is None:
            raise RefusedError(refusal.code, refusal.reason)
        # Nothing is waited for since, so that each counts on all before it.
        self.space.reserve(sources)
        recording = self._new(room, candidate, unfinished)
        self._roll.add(recording)
        recording.begin("daemon-died")
        return recording

    def _new(self, room: Room, candidate: str, unfinished: str | None) -> Recording:
        now = time.time()
        name = unfinished or folders.new_id(room.id, candidate, now)
        wish = self._wish(room.id, candidate)
        retain_days = self.settings.retain_days if wish.retain_days is None else wish.retain_days
        fields = {
            "room": room.id, "candidate": candidate, "sources": sorted(wish.sources), "retain_days": retain_days,
            "by": wish.by,
        }  # fmt: skip
        return Recording(
            name, room.id, candidate, self.directory / name, send=self.recorder.send, fields=fields,
            stall_seconds=self.settings.stall_seconds,
        )  # fmt: skip

    def _measure(self) -> None:
        """Look at the disk before the recorder reports of it."""
        if self.recorder.pid is None:
            found = folders.space(self.directory)
            self.space.free, self.space.size = found

    def _unfinished(self, room: str, candidate: str) -> str | None:
        """Return the id of a recording that was interrupted lately."""
        latest = None
        for name, path in folders.recordings(self.directory, room, candidate):
            recent = time.time() - (path / folders.LEDGER).stat().st_mtime < self.settings.resume_seconds
            if recent and not (path / folders.MANIFEST).exists() and self._roll.by_id(name) is None:
                latest = name
        return latest

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
