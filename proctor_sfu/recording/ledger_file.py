"""A ledger on disk: one writer at a time, whole rows only, a torn tail cut off before anything is added."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import contents, ledger
from proctor_sfu.recording.folder import LEDGER, place
from proctor_sfu.recording.ledger import Chain, Ledger, Row
from proctor_sfu.recording.reading import content, opened
from proctor_sfu.unsynced import Unsynced, write


class LedgerFile:
    """Opened by `open`, ended by `close`; the lock on the file lasts as long. Methods raise `OSError`."""

    def __init__(self, folder: Path, file: int, found: Ledger) -> None:
        self.folder = folder
        self.rows: list[Row] = found.rows
        """What was there when it was opened."""
        self.torn = found.torn
        """Bytes of an unfinished last row that were cut off."""
        self.chain: Chain = found.chain
        self.size = found.end
        self.changed = ""
        """What somebody else did while it was written: it was ``truncated``, ``written``, ``moved`` or ``deleted``."""
        self._untold = ""
        self._file = file
        self._unsynced = Unsynced()

    @classmethod
    def open(cls, folder: Path, *, create: bool = False) -> LedgerFile:
        """Open the ledger of a recording for writing.

        Raises `FolderError`: ``not_found``, ``busy`` (somebody else writes it) or ``tampered`` (a row is not the one
        that was written), and `OSError`.
        """
        path = folder / LEDGER
        flags = os.O_RDWR | os.O_CLOEXEC | (os.O_CREAT if create else 0)
        try:
            file = os.open(path, flags, 0o600)
        except FileNotFoundError:
            raise FolderError("not_found", f"{folder}: no recording is here") from None
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise FolderError("busy", f"{folder}: it is being recorded, or worked on, at the moment") from None
            found = ledger.read(content(path))
            if found.problem is not None:
                raise FolderError("tampered", f"{path}: byte {found.problem.offset}: {found.problem.reason}")
            if found.torn:
                os.ftruncate(file, found.end)
                os.fsync(file)
        except BaseException:
            os.close(file)
            raise
        return cls(folder, file, found)

    def append(self, event: str, at: float, fields: Mapping[str, Any]) -> None:
        """Write one whole row or, if that fails, nothing."""
        self._look()
        self._append(event, at, fields)

    def _append(self, event: str, at: float, fields: Mapping[str, Any]) -> None:
        before = Chain(self.chain.n, self.chain.tip)
        row = self.chain.append(event, at, fields)
        try:
            write(self._file, row, self.size)
        except OSError:
            self.chain = before
            os.ftruncate(self._file, self.size)
            raise
        self.size += len(row)
        self._unsynced.take(row)

    def sync(self) -> None:
        """Return when all rows are on the disk; after an error try again."""
        self._look()
        self._unsynced.sync(self._file, self.size)

    def settle(self) -> None:
        """Give up: keep no more rows than are on the disk. Raises `OSError` if that is not all of them."""
        with suppress(OSError):
            self._look()
        self._unsynced.settle(self._file, self.size)

    def _look(self) -> None:
        """See whether somebody else changed the file: at its old end there would be a hole, so go on at the new one.

        The rows from here on follow those that are gone, which anybody who reads it finds; a row says what happened.
        """
        found = os.fstat(self._file)
        if how := self._how_changed(found):
            self.changed = self._untold = how
            if how in ("truncated", "written"):
                if not self._unsynced.failed:
                    self._unsynced = Unsynced()
                self.size = found.st_size + self._unsynced.size
                self._end_line()
        if self._untold:
            fields = {"how": self._untold, "bytes": found.st_size}
            self._append("ledger_changed", time.time(), fields)
            self._untold = ""

    def _end_line(self) -> None:
        """Let half a row stand alone on its line; behind what is to be written again there is none."""
        if self.size and not self._unsynced.size and os.pread(self._file, 1, self.size - 1) != b"\n":
            write(self._file, b"\n", self.size)
            self.size += 1
            self._unsynced.take(b"\n")

    def _how_changed(self, found: os.stat_result) -> str:
        # What is being written again may be there in part.
        least = self.size - (self._unsynced.size if self._unsynced.failed else 0)
        if found.st_size < least:
            return "truncated"
        if found.st_size > self.size:
            return "written"
        if self.changed:
            return ""
        if found.st_nlink == 0:
            return "deleted"
        try:
            there = (self.folder / LEDGER).stat()
        except FileNotFoundError:
            return "moved"
        return "" if os.path.samestat(found, there) else "moved"

    def close(self) -> None:
        """Let others write it."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __enter__(self) -> LedgerFile:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()


def name(folder: Path) -> str:
    """Return the id of the recording in a folder; one without a first row is called as its place is."""
    try:
        with opened(folder / LEDGER) as file:
            found = ledger.read(file.readline(ledger.LONGEST_ROW))
    except OSError:
        return place(folder)
    return contents.recording(found.rows) or place(folder)


def read(folder: Path) -> Ledger:
    """Read a recording's ledger, which may be written meanwhile. Raises `FolderError` ``not_found``, `OSError`."""
    try:
        return ledger.read(content(folder / LEDGER))
    except (FileNotFoundError, NotADirectoryError):
        raise FolderError("not_found", f"{folder}: no recording is here") from None
