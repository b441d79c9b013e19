"""A file of frames and events: the daemon's history, or what was saved from one. Reading needs no daemon.

It is an SQLite database: ``meta`` (format, version, node), ``headers`` (the members of the types of a frame, one for
each version of psfu that wrote), ``frames`` and ``kept`` (see `columns`), ``events`` (JSON, as on the control API).
Frames have numbers in the order they were made; their times are those of a wall clock, which may step.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple, Self

from proctor_sfu.control.api.events import DAMAGED
from proctor_sfu.control.api.quality import Frame
from proctor_sfu.errors import ArchiveError
from proctor_sfu.quality.columns import ColumnReader

FORMAT: Final = 1
_LAST: Final = 253402300800.0
"""Seconds until the year 10000."""
HISTORY: Final = "history.psfurec"
"""The daemon's own, below its state directory."""
SCHEMA: Final = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE headers (number INTEGER PRIMARY KEY, columns TEXT NOT NULL UNIQUE);
CREATE TABLE kept (number INTEGER PRIMARY KEY AUTOINCREMENT, data BLOB NOT NULL);
CREATE TABLE frames (number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, header INTEGER NOT NULL,
  oldest INTEGER NOT NULL, data BLOB NOT NULL);
CREATE TABLE events (number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, room TEXT,
  peer TEXT, data TEXT NOT NULL);
CREATE INDEX frames_at ON frames (at);
CREATE INDEX events_at ON events (at);
"""
"""``frames.oldest``: the smallest number in ``kept`` that it may refer to."""


class Recorded(NamedTuple):
    """A frame of an archive."""

    number: int
    at: float
    """Unix time."""
    frame: Frame


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedEvent:
    """An event of an archive."""

    at: float
    """Unix time."""
    kind: str
    room: str | None
    peer: str | None
    details: dict[str, Any]
    """Its members as on the control API."""


class Archive:
    """An archive to read. Everything raises `ArchiveError`, one line, when the file is none or is damaged."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise ArchiveError(f"{path}: {'is no regular file' if path.exists() else 'no such file'}")
        try:
            # A file that is written meanwhile is read as it is; nothing here changes it.
            self._db = sqlite3.connect(_address(path), uri=True, timeout=5)
        except sqlite3.Error as error:
            raise ArchiveError(f"{path}: cannot be opened: {error}") from error
        try:
            with self._reading():
                self._open()
        except BaseException:
            self._db.close()
            raise

    def _open(self) -> None:
        meta = dict(self._db.execute("SELECT name, value FROM meta"))
        written = int(meta["format"])
        if written > FORMAT:
            raise ArchiveError(f"{self.path}: written by a later psfu ({meta.get('version', '?')}); update this one")
        self.node = str(meta["node"])
        self.version = str(meta["version"])
        self._readers: dict[int, ColumnReader] = {}
        self.count, begin, end = self._db.execute("SELECT count(*), min(at), max(at) FROM frames").fetchone()
        self.begin = None if begin is None else _moment(begin)
        """Unix time of the first frame, None without any."""
        self.end = None if end is None else _moment(end)

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()

    def _read(self, header: int, data: bytes) -> Frame:
        reader = self._readers.get(header)
        if reader is None:
            found = self._db.execute("SELECT columns FROM headers WHERE number = ?", (header,)).fetchone()
            if found is None:
                raise ValueError(f"header {header} is missing")
            reader = self._readers[header] = ColumnReader(_object(found[0]), self._kept)
        return reader.read(data)

    def _kept(self, number: int) -> bytes:
        found = self._db.execute("SELECT data FROM kept WHERE number = ?", (number,)).fetchone()
        if found is None:
            raise ValueError(f"column {number} is missing")
        return bytes(found[0])

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
            raise ArchiveError(f"{self.path}: no history of psfu, or damaged: {error}") from error

    def frames(self, begin: float | None = None, end: float | None = None, *, step: int = 1) -> Iterator[Recorded]:
        """Yield frames between two Unix times, in the order they were made; of ``step`` ones only the first."""
        query = "SELECT number, at, header, data FROM frames WHERE at >= ? AND at <= ? ORDER BY number"
        low, high = float("-inf") if begin is None else begin, float("inf") if end is None else end
        with self._reading():
            for index, (number, at, header, data) in enumerate(self._db.execute(query, (low, high))):
                if index % step == 0:
                    yield Recorded(number, _moment(at), self._read(header, data))

    def frame_at(self, at: float) -> Recorded | None:
        """Return the last frame at or before a Unix time; the first one if all are later, None without any."""
        before = "SELECT number, at, header, data FROM frames WHERE at <= ? ORDER BY at DESC LIMIT 1"
        first = "SELECT number, at, header, data FROM frames ORDER BY at LIMIT 1"
        with self._reading():
            found = self._db.execute(before, (at,)).fetchone() or self._db.execute(first).fetchone()
            return None if found is None else Recorded(found[0], _moment(found[1]), self._read(found[2], found[3]))

    def events(
        self, begin: float | None = None, end: float | None = None, *, room: str | None = None, damaged: bool = False
    ) -> list[RecordedEvent]:
        """Return events between two Unix times, in the order they happened; with a room, those of it.

        With ``damaged`` one that has a time but cannot be read is told as an event of the kind `DAMAGED`.
        """
        # Text as bytes: SQLite gives nothing at all of a query in which a single one is no UTF-8.
        query = (
            "SELECT at, CAST(kind AS BLOB), CAST(room AS BLOB), CAST(peer AS BLOB), CAST(data AS BLOB) FROM events"
            " WHERE at >= ? AND at <= ?"
        )
        given: list[Any] = [float("-inf") if begin is None else begin, float("inf") if end is None else end]
        if room is not None:
            query, given = query + " AND room = ?", [*given, room]
        with self._reading():
            rows = self._db.execute(query + " ORDER BY number", given)
            return [_event(*row, damaged=damaged) for row in rows]


def _event(
    at: Any, kind: bytes, room: bytes | None, peer: bytes | None, data: bytes, *, damaged: bool
) -> RecordedEvent:
    moment = _moment(at)
    try:
        return RecordedEvent(
            at=moment, kind=kind.decode(), room=_text(room), peer=_text(peer), details=_object(data.decode())
        )
    except (ValueError, RecursionError) as error:
        if not damaged:
            raise
        whose = {name: None if text is None else text.decode(errors="replace")
                 for name, text in (("room", room), ("peer", peer))}  # fmt: skip
        return RecordedEvent(at=moment, kind=DAMAGED, **whose, details={"damage": str(error)})


def _moment(at: Any) -> float:
    """Return a Unix time of this era: nothing else can be shown as a date."""
    found = float(at)
    if not 0 <= found < _LAST:
        raise ValueError(f"{at} is no time")
    return found


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")
    return found


def _address(path: Path) -> str:
    """Return what SQLite opens. To read a file that is written it puts others beside it, which a disc may not allow."""
    written = path.with_name(f"{path.name}-wal").exists()
    still = "" if written or os.access(path.parent, os.W_OK) else "&immutable=1"
    return f"{path.absolute().as_uri()}?mode=ro{still}"
