"""Writes journals: a segment of a track is one file, which grows, is synced every second and is closed with its hash.

Everything here runs in the lane of the journals, except where it says otherwise.
"""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from proctor_sfu.recording.digest import Digest
from proctor_sfu.recording.lane import Lane, kind_of
from proctor_sfu.recording.sealed import Sealer
from proctor_sfu.unsynced import Unsynced

SYNCERS: Final = 8
"""Files that are synced at the same time, which the disk puts together: 900 files in 0.1 s instead of 0.5 s."""


class Space:
    """Whether journals may still grow. Written by the recorder's loop, read by the lane."""

    low = False
    """So little is free that the rest is kept for ledgers."""


class Segment:
    """One journal file. Made and handed around by the recorder's loop, touched by the lane only."""

    def __init__(
        self,
        path: Path,
        track: str,
        first_us: int,
        note: Callable[[str, Mapping[str, Any]], None],
        sealer: Sealer | None,
        deleted: Callable[[], None],
    ) -> None:
        self.path = path
        self.track = track
        self.first_us = self.last_us = first_us
        """Arrival of the first and the last packet, microseconds of Unix time."""
        self.note = note
        self.sealer = sealer
        self.gone = False
        """Somebody deleted it while it was written."""
        self._deleted = deleted
        self.digest = Digest()
        self.packets = self.whole = 0
        """Packets of the pieces that were written to their end, and the bytes of the file up to there."""
        self.confirmed, self.confirmed_us = 0, first_us
        """Packets that are on the disk, and the arrival of the last of them."""
        self.handed, self.handed_us = 0, first_us
        """Packets that were given to the lane, and the arrival of the last of them; counted by the loop."""
        self.clock: tuple[int, int] | None = None
        """An RTP timestamp and when that was captured, microseconds of Unix time."""
        self.file = -1
        self._unsynced = Unsynced()
        self._checked = 0.0

    def open(self) -> None:
        """Make the file; `gone` if its folder is not there any more."""
        try:
            self._open()
        except FileNotFoundError:
            self.lose()

    def lose(self) -> None:
        """Nobody can find what would be written from here on: take no more, and tell."""
        self.gone = True
        self._deleted()

    def _open(self) -> None:
        self.file = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._checked = time.monotonic()

    def take(self, piece: bytes | memoryview) -> None:
        """Note what was written."""
        self.digest.update(piece)
        self._unsynced.take(piece)

    def sync(self) -> None:
        """Put on the disk what was written. Raises `OSError`; then try again."""
        self._unsynced.sync(self.file, self.digest.size)
        self.confirmed, self.confirmed_us = self.packets, self.last_us

    def abandon(self, cause: str) -> None:
        """The disk refuses and nobody waits any longer: keep what it has, and write down what is missing and why."""
        if self.gone:
            return
        if self.file >= 0:
            with suppress(OSError):
                self._unsynced.settle(self.file, self.digest.size)
                # Of a piece that the disk took in part no packet counts as written.
                os.ftruncate(self.file, self.whole)
                self.confirmed, self.confirmed_us = self.packets, self.last_us
            os.close(self.file)
            self.file = -1
        if lost := self.handed - self.confirmed:
            row = {"track": self.track, "from_us": self.confirmed_us, "to_us": self.handed_us}
            self.note("gap", {**row, "packets": lost, "cause": cause})

    def state(self) -> dict[str, Any]:
        """Return what a row says of the journal so far."""
        mark = self.digest.mark()
        fields = {
            "track": self.track, "file": self.path.name, "bytes": mark.size, "packets": self.packets,
            "sha256": mark.sha256, "crc32": mark.crc32, "first_us": self.first_us, "last_us": self.last_us,
        }  # fmt: skip
        return fields if self.clock is None else fields | {"clock": list(self.clock)}

    def checkpoint(self, now: float, every: float) -> None:
        """Pin down what is on the disk, now and then."""
        if now - self._checked >= every:
            self._checked = now
            if os.fstat(self.file).st_nlink == 0:
                self.lose()
            self.note("checkpoint", self.state())


class Append:
    """The job that writes a piece; what is left of it stays in it."""

    __slots__ = ("_clock", "_done", "_last_us", "_length", "_packets", "_rest", "_sealed", "_segment", "_writer")

    def __init__(
        self, writer: JournalWriter, segment: Segment, piece: bytes | memoryview, packets: int, last_us: int,
        clock: tuple[int, int] | None, done: Callable[[int, int], None],
    ) -> None:  # fmt: skip
        self._writer = writer
        self._segment = segment
        self._rest = memoryview(piece)
        self._length = len(piece)
        self._sealed = segment.sealer is None
        self._packets = packets
        self._last_us = last_us
        self._clock = clock
        self._done = done

    def __call__(self) -> None:
        """Write it."""
        segment = self._segment
        if self._writer.space.low:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._writer.touch(segment)
        if segment.gone:
            self._writer.written_bytes += self._length
            return
        if not self._sealed:
            assert segment.sealer is not None
            self._rest, self._sealed = memoryview(segment.sealer.seal(bytes(self._rest))), True
        while self._rest:
            count = os.write(segment.file, self._rest)
            segment.take(self._rest[:count])
            self._rest = self._rest[count:]
        segment.packets, segment.whole = segment.packets + self._packets, segment.digest.size
        segment.last_us = self._last_us
        segment.clock = self._clock or segment.clock
        self._writer.written_bytes += self._length
        self._done(self._packets, self._length)


class JournalWriter:
    """The lane of the journals and what it has to sync."""

    def __init__(self, space: Space, checkpoint_seconds: float) -> None:
        self.space = space
        self._checkpoint_seconds = checkpoint_seconds
        self.lane = Lane("journals", self._abandon)
        self.put_bytes = 0
        """Handed to `append`; counted by the loop."""
        self.written_bytes = 0
        """Taken by the disk; counted by the lane."""
        self.synced_at = time.monotonic()
        """When a sync began that is complete."""
        self._syncing = False
        self._open: set[Segment] = set()
        """Begun and not closed."""
        self._dirty: set[Segment] = set()
        self._new: set[Path] = set()
        self._syncers = ThreadPoolExecutor(SYNCERS, thread_name_prefix="sync")

    # In the recorder's loop.

    @property
    def waiting(self) -> int:
        """Bytes the disk has not taken yet."""
        return self.put_bytes - self.written_bytes

    def begin(self, segment: Segment, header: bytes, fields: Mapping[str, Any]) -> None:
        """Have a journal begun."""
        self._open.add(segment)
        self.append(segment, header, 0, segment.first_us, None, _nothing)
        self.lane.put(lambda: segment.note("segment_opened", {"track": segment.track, **fields}))

    def append(
        self, segment: Segment, piece: bytes | memoryview, packets: int, last_us: int, clock: tuple[int, int] | None,
        done: Callable[[int, int], None],
    ) -> None:  # fmt: skip
        """Have packets written; ``done`` is called in the lane with their number and size."""
        self.put_bytes += len(piece)
        segment.handed, segment.handed_us = segment.handed + packets, last_us
        self.lane.put(Append(self, segment, piece, packets, last_us, clock, done))

    def end(self, segment: Segment) -> None:
        """Have a journal synced and closed, with its hash in the ledger."""
        self.lane.put(lambda: self._end(segment))

    def sync(self) -> None:
        """Have everything put on the disk, unless that is under way."""
        if not self._syncing:
            self._syncing = True
            self.lane.put(self._sync)

    # In the lane.

    def touch(self, segment: Segment) -> None:
        """A segment is about to grow; the first time it is made."""
        if segment.file < 0:
            if not segment.gone:
                segment.open()
            if segment.gone:
                return
            self._new.add(segment.path.parent)
        self._dirty.add(segment)

    def _sync(self) -> None:
        began = time.monotonic()
        self._sync_folders()
        failure = None
        dirty = list(self._dirty)
        for segment, error in zip(dirty, self._syncers.map(_sync_file, dirty), strict=True):
            failure = failure or error
            if error is None:
                self._dirty.discard(segment)
                segment.checkpoint(began, self._checkpoint_seconds)
        if failure is not None:
            raise failure
        self.synced_at = began
        self._syncing = False

    def _sync_folders(self) -> None:
        """Make the names of new files last."""
        while self._new:
            folder = self._new.pop()
            try:
                descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                try:
                    os.fsync(descriptor)
                finally:
                    os.close(descriptor)
            except FileNotFoundError:
                pass  # Deleted, which its segments find out.
            except OSError:
                self._new.add(folder)
                raise

    def _end(self, segment: Segment) -> None:
        if segment.file < 0:
            self._open.discard(segment)
            return
        self._sync_folders()
        segment.sync()
        self._open.discard(segment)
        self._dirty.discard(segment)
        os.close(segment.file)
        segment.file = -1
        segment.note("segment_closed", segment.state())

    def _abandon(self, error: OSError) -> None:
        for segment in sorted(self._open, key=lambda each: each.path):
            segment.abandon(kind_of(error))
        self._open.clear()


def _sync_file(segment: Segment) -> OSError | None:
    """In a thread of its own: put a file on the disk. Returns why that was not possible."""
    try:
        segment.sync()
    except OSError as error:
        return error
    return None


def _nothing(packets: int, size: int) -> None:
    pass
