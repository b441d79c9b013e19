"""The files of the audit: ``audit.jsonl`` and, older with each number, ``audit.jsonl.1``, ``audit.jsonl.2`` …"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Final, Literal, TypeAlias

from proctor_sfu.audit.entry import Wanted, parse
from proctor_sfu.audit.findings import Findings
from proctor_sfu.unsynced import Unsynced, write

How: TypeAlias = Literal["truncated", "moved", "written"]
"""What somebody did to a file that is being written."""
NAME: Final = "audit.jsonl"
_TAIL: Final = 262_144
"""Bytes read to find the last record; one has a few hundred."""


class Files:
    """Appends lines and rotates. Not thread-safe; methods raise `OSError`, after which what was not written can be
    written again. ``changed`` is called when somebody else changed the file; what comes is written behind what is
    there then."""

    def __init__(
        self, folder: Path, *, max_bytes: int, keep: int, changed: Callable[[How], None] = lambda how: None
    ) -> None:  # fmt: skip
        self.path = folder / NAME
        self._max_bytes = max_bytes
        self._keep = keep
        self._file: int | None = None
        self._size = 0
        self._unsynced = Unsynced()
        self._changed = changed

    @property
    def unconfirmed(self) -> int:
        """How many lines the disk took and then refused to keep, as far as is known. From any thread."""
        return len(self._unsynced) if self._unsynced.failed else 0

    def open(self) -> int:
        """Open the newest file, make it if it is not there; returns the number of the last record."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        last = self._last_number()
        self._open()
        return last

    def append(self, line: bytes) -> None:
        """Write one whole line, or, if that fails, nothing."""
        if self._file is None:
            self._open()
        self._look()
        if self._unsynced.failed:
            self.sync()  # First what was refused, so that no more than that is kept of it.
        if self._size + len(line) > self._max_bytes and self._size > 0:
            self._rotate()
        assert self._file is not None
        try:
            write(self._file, line, self._size)
        except OSError:
            os.ftruncate(self._file, self._size)
            raise
        self._size += len(line)
        self._unsynced.take(line)

    def sync(self) -> None:
        """Return when everything is on the disk; after an error try again."""
        self._look()
        if self._file is None and self._unsynced.failed:
            self._open()  # It could not be opened anew; what a disk refused before that is on none yet.
        if self._file is not None:
            self._unsynced.sync(self._file, self._size)

    def close(self) -> None:
        """Close the file; the next `append` opens it again."""
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _open(self) -> None:
        file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        size = os.fstat(file).st_size
        try:
            if size and os.pread(file, 1, size - 1) != b"\n":
                # A power cut left half a line: it stays alone on its line.
                write(file, b"\n", size)
                size += 1
                if not self._unsynced.failed:
                    self._unsynced.take(b"\n")
        except OSError:
            os.close(file)
            raise
        # What a disk refused to keep of an earlier file is written again behind what is in this one.
        self._file, self._size = file, size + (self._unsynced.size if self._unsynced.failed else 0)

    def _look(self) -> None:
        """Begin anew where somebody else had a hand in the file: at its old end there would be a hole, or nobody."""
        if self._file is None or (how := self._how_changed(self._file)) is None:
            return
        if not self._unsynced.failed:
            if how == "moved":
                self._unsynced.sync(self._file, self._size)
            self._unsynced = Unsynced()
        self.close()
        self._open()
        self._changed(how)

    def _how_changed(self, file: int) -> How | None:
        mine = os.fstat(file)
        try:
            if not os.path.samestat(mine, self.path.stat()):
                return "moved"
        except FileNotFoundError:
            return "moved"
        # What is being written again may be there in part.
        least = self._size - (self._unsynced.size if self._unsynced.failed else 0)
        if mine.st_size < least:
            return "truncated"
        return "written" if mine.st_size > self._size else None

    def _rotate(self) -> None:
        self.sync()
        self.close()
        for number in range(self._keep - 1, 0, -1):
            older = _numbered(self.path, number)
            if older.exists():
                older.replace(_numbered(self.path, number + 1))
        if self._keep:
            self.path.replace(_numbered(self.path, 1))
        else:
            self.path.unlink()
        self._open()

    def _last_number(self) -> int:
        for path in (self.path, _numbered(self.path, 1)):
            if not path.exists():
                continue
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _TAIL))
                for line in reversed(file.read().splitlines()):
                    if (record := parse(line.lstrip(b"\0"))) is not None:
                        return int(record["number"])
        return 0


def _numbered(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def read(folder: Path, wanted: Wanted, findings: Findings | None = None) -> Iterator[dict[str, Any]]:
    """Yield the records on disk that are wanted, oldest first; blocks. ``findings`` takes what is wrong with them."""
    found = Findings() if findings is None else findings
    with contextlib.ExitStack() as stack:
        for file in _open_all(folder, stack):
            if wanted.since is not None and os.fstat(file.fileno()).st_mtime < wanted.since:
                continue  # Its newest record is older.
            for line in file:
                record = found.take(line)
                if record is not None and wanted.matches(record):
                    yield record


def _open_all(folder: Path, stack: contextlib.ExitStack) -> list[BinaryIO]:
    """Return all files, oldest first.

    The newest is opened first: should they rotate meanwhile, one is met twice and told apart, rather than not at all.
    """
    newest = folder / NAME
    numbers = sorted(int(each.suffix[1:]) for each in folder.glob(f"{NAME}.*") if each.suffix[1:].isdigit())
    found: dict[int, BinaryIO] = {}
    for path in [newest, *(_numbered(newest, number) for number in [*numbers, len(numbers) + 1])]:
        with contextlib.suppress(FileNotFoundError):
            file = stack.enter_context(path.open("rb"))
            found.setdefault(os.fstat(file.fileno()).st_ino, file)
    return list(reversed(found.values()))
