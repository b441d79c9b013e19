"""The audit of a daemon: `Audit.record` never blocks and never fails, whatever the disk does.

A record is handed to the kernel within milliseconds, so a killed daemon loses next to nothing, and to the disk every
``sync_seconds``, so a power cut loses at most that much. A full or broken disk never stops an exam: records wait in
memory (`writer.WAITING`) and are written as soon as that is possible; what did not fit is counted in ``audit_gap``.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, Final

import structlog

from proctor_sfu.audit import files
from proctor_sfu.audit.entry import DAEMON, By, Entry, Outcome, Wanted, parse
from proctor_sfu.audit.findings import Findings
from proctor_sfu.audit.writer import Writer
from proctor_sfu.errors import StateError
from proctor_sfu.events import AuditChanged, AuditResumed, AuditStuck, Bus
from proctor_sfu.feed import Feed, Missed

_log = structlog.get_logger("psfu.audit")

_REMEMBERED: Final = 10_000
"""Records a reader may be behind; more than are ever between the kernel and us while the disk works."""
_BATCH: Final = 500
"""Records read from disk in one go."""


class Audit:
    """Started and closed in the daemon's loop; `record` is called in it."""

    def __init__(
        self, folder: Path, bus: Bus, *, max_bytes: int, keep: int, sync_seconds: float,
        clock: Callable[[], float] = time.time,
    ) -> None:  # fmt: skip
        self._folder = folder
        self._bus = bus
        self._clock = clock
        self._files = files.Files(folder, max_bytes=max_bytes, keep=keep, changed=self._changed)
        self._feed: Feed[bytes] = Feed(_REMEMBERED)
        self._writer = Writer(self._files, sync_seconds=sync_seconds, stuck=self._stuck, resumed=self._resumed)
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self) -> None:
        """Open the file and begin to write. Raises `StateError` if that is not possible."""
        try:
            last = self._files.open()
        except OSError as error:
            raise StateError(f"{self._files.path}: {(error.strerror or str(error)).lower()}") from error
        self._feed = Feed(_REMEMBERED, last=last)
        self._loop = asyncio.get_running_loop()
        self._writer.start()

    def close(self) -> None:
        """Write what waits and end; what a broken disk does not take is lost, and logged as such."""
        if lost := self._writer.close():
            _log.error("audit_lost", records=lost)

    def record(
        self, action: str, *, by: By = DAEMON, room: str | None = None, target: str | None = None,
        outcome: Outcome = "done", **details: Any,
    ) -> None:  # fmt: skip
        """Note that ``by`` did ``action`` to ``target``, or was refused. ``details`` are JSON values, never a token."""
        entry = Entry(
            number=self._feed.last + 1, at=self._clock(), action=action, outcome=outcome, by=by, room=room,
            target=target, details=details,
        )  # fmt: skip
        line = entry.line()
        self._feed.add(line)
        self._writer.put(line)

    @property
    def last(self) -> int:
        """Number of the newest record."""
        return self._feed.last

    async def read(
        self, wanted: Wanted, *, last: int | None = None, findings: Findings | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield the records that are wanted, oldest first, up to number ``last`` or the newest.

        ``findings`` takes what is wrong with the files.
        """
        last = self.last if last is None else last
        seen = 0
        on_disk = files.read(self._folder, wanted, findings)
        while batch := await asyncio.to_thread(lambda: list(itertools.islice(on_disk, _BATCH))):
            for record in batch:
                seen = record["number"]
                if seen <= last:
                    yield record
        # What is not on disk yet.
        for item in self._feed.after(seen):
            if (found := _wanted(item, wanted)) is not None and seen < found["number"] <= last:
                yield found

    async def follow(self, after: int, wanted: Wanted) -> AsyncIterator[dict[str, Any]]:
        """Yield the records behind number ``after`` that are wanted, without end.

        One who is slower by more than is remembered misses some, which their numbers show.
        """
        async for item in self._feed.follow(after):
            if (found := _wanted(item, wanted)) is not None:
                yield found

    # In the writer's thread.

    def _stuck(self, reason: str) -> None:
        def tell() -> None:
            _log.error("audit_stuck", reason=reason, path=str(self._files.path))
            self._bus.publish(AuditStuck(reason=reason))

        assert self._loop is not None
        self._loop.call_soon_threadsafe(tell)

    def _resumed(self, lost: int) -> None:
        def tell() -> None:
            _log.warning("audit_resumed", lost=lost)
            if lost:
                self.record("audit_gap", records=lost)
            self._bus.publish(AuditResumed(lost=lost))

        assert self._loop is not None
        self._loop.call_soon_threadsafe(tell)

    def _changed(self, how: files.How) -> None:
        def tell() -> None:
            _log.warning("audit_changed", how=how, path=str(self._files.path))
            self.record("audit_changed", how=how)
            self._bus.publish(AuditChanged(how=how))

        assert self._loop is not None
        self._loop.call_soon_threadsafe(tell)


def _wanted(item: bytes | Missed, wanted: Wanted) -> dict[str, Any] | None:
    """Return a remembered record if it is wanted."""
    if isinstance(item, Missed) or (record := parse(item)) is None:
        return None
    return record if wanted.matches(record) else None
