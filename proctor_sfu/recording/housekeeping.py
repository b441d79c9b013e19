"""What has to be done for recordings now and then: finish what nobody goes on with, delete what is overdue."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog

from proctor_sfu import events
from proctor_sfu.aio import spawn
from proctor_sfu.audit.entry import DAEMON
from proctor_sfu.errors import FolderError, PsfuError
from proctor_sfu.recording import folder, keeping
from proctor_sfu.recording.keeping import Erased, Retention
from proctor_sfu.recording.recordings import Recordings
from proctor_sfu.recording.repair import repair
from proctor_sfu.recording.uploads import Uploads
from proctor_sfu.rooms.registry import Registry

_log = structlog.get_logger("psfu.recording")

PACE: Final = 30.0
"""Seconds between two rounds."""


class Housekeeper:
    """Made when recordings are started; makes its rounds between `start` and `close`."""

    def __init__(self, registry: Registry, recordings: Recordings) -> None:
        self._registry = registry
        self._recordings = recordings
        self._key = recordings.key
        self._retention = Retention()
        settings = recordings.settings
        self._uploads = Uploads(recordings.directory, settings.upload_command, registry.events)
        self._rounds: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._recordings.finished = lambda name, path: spawn(self._uploads.add(name, path), name=f"note {name}")
        self._rounds = spawn(self._run(), name="recordings")

    async def close(self) -> None:
        """End."""
        if self._rounds is not None:
            self._rounds.cancel()
        await self._uploads.close()

    async def _run(self) -> None:
        await self._uploads.start()
        while True:
            try:
                await self.round()
            except (OSError, PsfuError) as error:
                _log.error("recordings_not_looked_after", reason=str(error))
            await asyncio.sleep(PACE)  # The pace of the rounds.

    async def round(self) -> None:
        """Make one round."""
        await self.prune()
        await self._finish_idle()
        self._recordings.try_refused()

    async def prune(self, *, dry_run: bool = False) -> list[Erased]:
        """Delete what is overdue, oldest first; returns what was, or would be."""
        done = []
        overdue = await asyncio.to_thread(self._retention.overdue, self._recordings.directory, time.time())
        for each in overdue:
            if dry_run:
                size = each.summary.size if each.summary is not None else 0
                done.append(Erased(recording=each.id, files=(), bytes=size, reason="retention"))
                continue
            try:
                done.append(await self.erase(each.id, each.folder, by={"kind": "daemon"}, reason="retention"))
            except (OSError, FolderError) as error:
                _log.error("recording_not_pruned", recording=each.id, reason=str(error))
        return done

    async def erase(self, name: str, path: Path, *, by: dict[str, Any], reason: str) -> Erased:
        """Erase a recording. Raises `FolderError` and `OSError`."""
        erased = await asyncio.to_thread(lambda: keeping.erase(path, name, by=by, reason=reason, key=self._key))
        room, candidate, _ = folder.split_id(name)
        if not erased.signed:
            _log.warning("recording_not_signed", recording=name, reason="its manifest was not ours")
        _log.warning("recording_erased", recording=name, bytes=erased.bytes, reason=reason)
        self._registry.events.publish(
            events.RecordingErased(room=room, peer=candidate, recording=name, reason=reason)
        )  # fmt: skip
        return erased

    async def hold(self, name: str, path: Path, *, held: bool, by: dict[str, Any], reason: str) -> None:
        """Keep a recording whatever its retention says, or no longer. Raises `FolderError` and `OSError`."""
        running = self._recordings.by_id(name)
        if running is not None and running.state in ("beginning", "running"):
            running.hold(held=held, by=by, reason=reason)
            return
        hold = partial(keeping.hold, held=held, by=by, reason=reason, key=self._key)
        if not await asyncio.to_thread(hold, path, name):
            _log.warning("recording_not_signed", recording=name, reason="its manifest is not ours: verify it")

    async def _finish_idle(self) -> None:
        """Finish recordings that were interrupted and that nobody will go on with."""
        for name, path in await asyncio.to_thread(lambda: list(self._idle())):
            try:
                await asyncio.to_thread(lambda name=name, path=path: repair(path, name, self._key, complete=True))  # type: ignore[misc]
            except (OSError, FolderError) as error:
                _log.error("recording_not_finished", recording=name, reason=str(error))
                continue
            _log.info("recording_finished", recording=name, reason="nobody went on with it")
            room, candidate, _ = folder.split_id(name)
            self._registry.audit.record("recording_finished", by=DAEMON, room=room, target=candidate, recording=name)
            self._registry.events.publish(events.RecordingFinished(room=room, peer=candidate, recording=name))
            await self._uploads.add(name, path)

    def _idle(self) -> Iterator[tuple[str, Path]]:
        """Yield interrupted recordings of rooms that are closed, when their time is over."""
        latest = time.time() - self._recordings.settings.resume_seconds
        for name, path in folder.recordings(self._recordings.directory):
            room, _, _ = folder.split_id(name)
            if (path / folder.MANIFEST).exists() or self._recordings.by_id(name) is not None:
                continue
            if room in self._registry.rooms or (path / folder.LEDGER).stat().st_mtime > latest:
                continue
            yield name, path
