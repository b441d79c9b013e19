"""Reads the files of recordings, which somebody may have put something else in the place of: journals, also sealed."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from proctor_sfu.recording.folder import SEALED
from proctor_sfu.recording.journal import Packet, Parser
from proctor_sfu.recording.sealed import Opener

PIECE: Final = 1 << 20
"""Bytes."""


def opened(path: Path) -> BinaryIO:
    """Open a file for reading. Raises `OSError`, also for what is none: a pipe would keep a reader waiting for ever."""
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        return os.fdopen(file, "rb")
    except BaseException:
        os.close(file)
        raise


def content(path: Path) -> bytes:
    """Return what is in a file. Raises `OSError`, as `opened`."""
    with opened(path) as file:
        return file.read()


class JournalFile:
    """A journal that is read from its beginning; ``key`` is the recording's if it is sealed.

    Without it a sealed one has no packets, but its `end` is known.
    """

    def __init__(self, path: Path, recording: str, key: bytes | None = None) -> None:
        self.path = path
        self.parser = Parser()
        self._start = 0
        self._opener: Opener | None = None
        if path.name.endswith(SEALED):
            self._opener = Opener(key, recording, path.name)

    @property
    def end(self) -> int:
        """Bytes of the file that are whole, so far."""
        return self.parser.offset if self._opener is None else self._opener.offset

    def skip(self, offset: int) -> int:
        """Read packets from ``offset`` on only, where one begins; returns where that is, 0 in a sealed journal."""
        if self._opener is not None or offset == 0:
            return 0
        for _ in self.pieces():
            if self.parser.header is not None:
                self.parser = Parser.resume(self.parser.header, offset)
                self._start = offset
                break
        return self._start

    def pieces(self) -> Iterator[tuple[bytes, list[Packet]]]:
        """Yield pieces of the file and the packets each completes. Raises `SealedError` and `OSError`."""
        with opened(self.path) as file:
            file.seek(self._start)
            while piece := file.read(PIECE):
                data = piece if self._opener is None else self._opener.feed(piece)
                yield piece, self.parser.feed(data)

    def packets(self) -> Iterator[Packet]:
        """Yield all packets."""
        for _, packets in self.pieces():
            yield from packets
