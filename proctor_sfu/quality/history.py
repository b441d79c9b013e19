"""The flight recorder: writes every frame and every event to a file, from a thread of its own, within its bounds.

A disk that is slow or full costs seconds of history and never one of the exam: frames wait in a short queue, and what
does not fit into it is left out.
"""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import sqlite3
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import structlog

from proctor_sfu import __version__
from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Frame
from proctor_sfu.errors import ArchiveError
from proctor_sfu.events import Bus, Record
from proctor_sfu.quality.archive import FORMAT, SCHEMA, RecordedEvent
from proctor_sfu.quality.columns import ColumnWriter
from proctor_sfu.settings import History as Settings

_log = structlog.get_logger("psfu.history")

WAITING_FRAMES: Final = 30
WAITING: Final = 5000
"""Frames and events that may wait for the disk."""
FRESH: Final = 600
"""Frames after which all columns are written anew, so that old frames can be deleted."""
TIDY: Final = 60
"""Frames between two looks at age and size."""
MARGIN: Final = 0.05
"""Part of the history that is deleted when it is too big."""


class ArchiveWriter:
    """Writes an archive; used from one thread."""

    def __init__(self, path: Path, node: str) -> None:
        self._path = path
        self._db = _opened(path, node)
        self._columns = ColumnWriter(self._keep)
        self._header = _header(self._db)
        self._oldest = self._next_column()
        self._fresh = 0

    def _keep(self, data: bytes) -> int:
        return self._db.execute("INSERT INTO kept (data) VALUES (?)", (data,)).lastrowid or 0

    def _next_column(self) -> int:
        found = self._db.execute("SELECT seq FROM sqlite_sequence WHERE name = 'kept'").fetchone()
        return 1 if found is None else int(found[0]) + 1

    def frame(self, at: float, frame: Frame) -> None:
        """Add a frame of that Unix time."""
        if self._fresh >= FRESH:
            self._columns.forget()
            self._oldest, self._fresh = self._next_column(), 0
        self._fresh += 1
        data = self._columns.write(frame)
        self._db.execute(
            "INSERT INTO frames (at, header, oldest, data) VALUES (?, ?, ?, ?)", (at, self._header, self._oldest, data)
        )

    def name(self, node: str) -> None:
        """Say of which server it is."""
        self._db.execute("INSERT OR REPLACE INTO meta VALUES ('node', ?)", (node,))

    def event(self, record: Record) -> None:
        """Add an event."""
        told = record.told()
        self._event(record.at, told["kind"], told["room"], told["peer"], told["details"])

    def recorded_event(self, event: RecordedEvent) -> None:
        """Add an event of another archive."""
        self._event(event.at, event.kind, event.room, event.peer, event.details)

    def _event(self, at: float, kind: str, room: str | None, peer: str | None, details: Mapping[str, Any]) -> None:
        self._db.execute(
            "INSERT INTO events (at, kind, room, peer, data) VALUES (?, ?, ?, ?, ?)",
            (at, kind, room, peer, json.dumps(details)),
        )

    def commit(self) -> None:
        """Make what was added last."""
        self._db.commit()

    def rollback(self) -> None:
        """Take back what was added since the last commit."""
        self._db.rollback()
        # Columns that were taken back are found no more.
        self._columns.forget()
        self._oldest, self._fresh = self._next_column(), 0

    def tidy(self, *, before: float, most_bytes: int) -> None:
        """Delete what is older than a Unix time, and the oldest while the file is too big."""
        self._db.execute("DELETE FROM frames WHERE at < ?", (before,))
        self._db.execute("DELETE FROM events WHERE at < ?", (before,))
        if self._used() > most_bytes:
            first, last = self._db.execute("SELECT min(number), max(number) FROM frames").fetchone()
            if first is not None:
                limit = first + max(1, int((last - first) * MARGIN))
                edge = self._db.execute("SELECT at FROM frames WHERE number = ?", (limit,)).fetchone()
                self._db.execute("DELETE FROM frames WHERE number < ?", (limit,))
                if edge is not None:
                    self._db.execute("DELETE FROM events WHERE at < ?", edge)
        self._db.execute(
            "DELETE FROM kept WHERE number < (SELECT coalesce(min(oldest), ?) FROM frames)", (self._oldest,)
        )
        self._db.commit()
        self._db.execute("PRAGMA incremental_vacuum")
        self._db.commit()

    def _used(self) -> int:
        """Return the bytes that hold something."""
        (size,), (pages,), (free,) = (
            self._db.execute(f"PRAGMA {name}").fetchone() for name in ("page_size", "page_count", "freelist_count")
        )
        return int(size * (pages - free))

    def close(self) -> None:
        """Commit and close."""
        self._db.commit()
        self._db.close()

    def seal(self) -> None:
        """Commit and close a file that is complete: it needs no others beside it from then on."""
        self._db.commit()
        self._db.execute("PRAGMA journal_mode = DELETE")
        self._db.close()


def _opened(path: Path, node: str) -> sqlite3.Connection:
    """Return a database that is an archive of this version; another one is put aside."""
    if path.exists() and not _ours(path):
        aside = path.with_name(f"{path.name}.{int(time.time())}")
        path.rename(aside)
        for each in ("-wal", "-shm"):
            path.with_name(path.name + each).unlink(missing_ok=True)
        _log.warning("history_put_aside", file=str(aside), reason="damaged, or of another version")
    new = not path.exists()
    db = sqlite3.connect(path, timeout=5, check_same_thread=False)
    path.chmod(0o640)
    if new:
        db.execute("PRAGMA auto_vacuum = INCREMENTAL")
        db.executescript(SCHEMA)
    db.execute("PRAGMA journal_mode = WAL")
    # A power cut may cost the last seconds; the file stays whole.
    db.execute("PRAGMA synchronous = NORMAL")
    meta = {"format": str(FORMAT), "version": __version__, "node": node}
    db.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
    db.commit()
    return db


def _header(db: sqlite3.Connection) -> int:
    """Return the number of the header of this version's frames."""
    columns = (json.dumps(rows.header(Frame)),)
    db.execute("INSERT OR IGNORE INTO headers (columns) VALUES (?)", columns)
    db.commit()
    return int(db.execute("SELECT number FROM headers WHERE columns = ?", columns).fetchone()[0])


def _ours(path: Path) -> bool:
    """Return whether a file can be gone on with."""
    with contextlib.closing(sqlite3.connect(path, timeout=5)) as db:
        try:
            return dict(db.execute("SELECT name, value FROM meta")).get("format") == str(FORMAT)
        except sqlite3.DatabaseError:
            return False


class History:
    """Keeps frames and events in a file from `start` to `close`. Raises `ArchiveError` if the file cannot be made."""

    def __init__(
        self, path: Path, settings: Settings, *, clock: Callable[[], float] = time.time,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.path = path
        self._settings = settings
        self._clock, self._steady = clock, steady
        self._ahead = clock() - steady()
        self._queue: queue.Queue[tuple[float, Frame] | Record | None] = queue.Queue(WAITING)
        self.left_out = 0
        """Frames and events there was no time to write."""
        self._failing = False
        self._taken = 0
        """Frames that were given to the thread."""
        self._frames = 0
        """Frames the thread is done with."""
        try:
            self._writer = ArchiveWriter(path, socket.gethostname())
        except (sqlite3.Error, OSError) as error:
            raise ArchiveError(f"history {path}: {error} (switch it off: history.enabled = false)") from error
        self._thread = threading.Thread(target=self._run, name="history", daemon=True)

    @property
    def waiting(self) -> int:
        """Frames that wait for the disk."""
        return self._taken - self._frames

    def start(self, each_frame: Callable[[Callable[[Frame], None]], None], events: Bus) -> None:
        """Keep what ``each_frame`` calls its argument with, and every event."""
        each_frame(self.frame)
        self._unsubscribe = events.subscribe(self.event)
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._unsubscribe()
        self._queue.put(None)
        self._thread.join()

    def frame(self, frame: Frame) -> None:
        """Keep a frame; never blocks."""
        if self.waiting >= WAITING_FRAMES:
            self.left_out += 1
            return
        self._taken += 1
        self._put((self._clock(), frame))

    def event(self, record: Record) -> None:
        """Keep an event; never blocks."""
        self._put(record)

    def _put(self, item: tuple[float, Frame] | Record) -> None:
        try:
            self._queue.put_nowait(item)
        except queue.Full:
            self.left_out += 1

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                self._write(item)
                if self._failing:
                    self._failing = False
                    _log.warning("history_resumed", left_out=self.left_out)
            except sqlite3.Error as error:
                self.left_out += 1
                with contextlib.suppress(sqlite3.Error):
                    self._writer.rollback()
                if not self._failing:
                    # Said once: a full disk fails every second.
                    self._failing = True
                    _log.error("history_failed", reason=str(error))
            if not isinstance(item, Record):
                self._frames += 1
        with contextlib.suppress(sqlite3.Error):
            self._writer.close()

    def _write(self, item: tuple[float, Frame] | Record) -> None:
        if isinstance(item, Record):
            self._writer.event(item)
            return
        at, frame = item
        self._writer.frame(at, frame)
        self._writer.commit()
        if self._frames % TIDY == 0:
            # A clock that was put forward must not make everything old.
            now = min(at, self._steady() + self._ahead)
            self._writer.tidy(before=now - 3600 * self._settings.hours, most_bytes=self._settings.max_bytes)
