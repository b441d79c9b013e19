"""Unsynced: the end of a file that is not known to be on the disk, kept to be written again after a sync that failed.

Linux reports what it could not write once, and from then on takes the pages for written: a second ``fdatasync``
succeeds though they never reached the disk. So whoever was told that a sync failed has to write them again.
"""

from __future__ import annotations

import os
from collections import deque


class Unsynced:
    """What was written to a file since its last sync; the file must not be open with ``O_APPEND``."""

    def __init__(self) -> None:
        self.failed = False
        """The latest sync failed, or is under way; once it failed, what is kept is on no disk for all that is known."""
        self._pieces: deque[bytes | memoryview] = deque()

    def __len__(self) -> int:
        """How many pieces are kept."""
        return len(self._pieces)

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return sum(map(len, self._pieces))

    def take(self, piece: bytes | memoryview) -> None:
        """Keep what was just written behind all before it."""
        self._pieces.append(piece)

    def sync(self, file: int, end: int) -> None:
        """Return when all is on the disk; ``end``: bytes of the file. Raises `OSError`; then try again."""
        if self.failed:
            self._write_again(file, end)
        self.failed = True
        os.fdatasync(file)
        self.failed = False
        self._pieces.clear()

    def settle(self, file: int, end: int) -> None:
        """Give up: after this the file has no more than is on the disk for all that is known. Raises `OSError`."""
        try:
            self.sync(file, end)
        except OSError:
            # Whoever reads it later would find it in memory, and pin down what is gone when that is forgotten.
            os.ftruncate(file, end - self.size)
            self._pieces.clear()
            raise

    def _write_again(self, file: int, end: int) -> None:
        at = end - self.size
        # Without this ext4 would write pages that it never notes as written, and read zeros after the next start.
        os.ftruncate(file, at)
        for piece in self._pieces:
            write(file, piece, at)
            at += len(piece)


def write(file: int, piece: bytes | memoryview, at: int) -> None:
    """Write all of a piece at a place. Raises `OSError`."""
    rest = memoryview(piece)
    while rest:
        count = os.pwrite(file, rest, at)
        rest, at = rest[count:], at + count
