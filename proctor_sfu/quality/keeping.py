"""Archives to hand on: a room of another archive, or what a monitor is told while it looks; masked, if wished."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
import threading
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Self

from proctor_sfu.control.api.events import Event
from proctor_sfu.control.api.masking import Mask
from proctor_sfu.control.api.quality import Candidate, Frame, Proctor, only_room
from proctor_sfu.errors import ArchiveError, RefusedError
from proctor_sfu.quality.archive import Archive, RecordedEvent
from proctor_sfu.quality.history import ArchiveWriter


def save(
    archive: Archive, room: str, begin: float, end: float, path: Path, *, mask: Mask | None = None, force: bool = False
) -> None:
    """Write what an archive has of a room in a time to a file of its own; ``force`` replaces one that is there.

    With ``mask`` nobody in it has a name, an id or an address. Raises `ArchiveError`, and `RefusedError` ``conflict``
    if the file is there.
    """
    if not force:
        _refuse_another(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.unlink(missing_ok=True)
        writer = ArchiveWriter(part, archive.node)
        masked = _Masked(writer, mask)
        for recorded in archive.frames(begin, end):
            frame = only_room(recorded.frame, room)
            if frame.rooms or frame.candidates:
                masked.frame(recorded.at, frame)
        for event in archive.events(begin, end, room=room):
            masked.event(event)
        masked.flush()
        writer.seal()
        part.replace(path)
    except (sqlite3.Error, OSError) as error:
        raise ArchiveError(f"{path}: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def _refuse_another(path: Path) -> None:
    if path.exists():
        raise RefusedError("conflict", f"{path}: it is there already; choose another name")


class _Masked:
    """Writes frames and events as they may be read. Events wait for a frame that tells the names of who just came."""

    def __init__(self, writer: ArchiveWriter, mask: Mask | None) -> None:
        self._writer = writer
        self._mask = mask
        self._people: set[tuple[str, str]] = set()
        self._waiting: list[RecordedEvent] = []

    def frame(self, at: float, frame: Frame) -> None:
        if self._mask is not None:
            everybody: tuple[Candidate | Proctor, ...] = (*frame.candidates, *frame.proctors)
            self._people.update((word, each.id) for each in everybody for word in (each.id, each.name))
            frame = self._mask.frame(frame)
        self._writer.frame(at, frame)

    def event(self, event: RecordedEvent) -> None:
        self._waiting.append(event)
        if event.peer is not None:
            # Who comes and goes within a second is in no frame.
            self._people.update((word, event.peer) for word in (event.peer, str(event.details.get("name") or "")))

    def flush(self) -> None:
        for event in self._waiting:
            self._writer.recorded_event(event if self._mask is None else self._hidden(event, self._mask))
        self._waiting.clear()

    def _hidden(self, event: RecordedEvent, mask: Mask) -> RecordedEvent:
        peer = None if event.peer is None else mask.person(event.peer)
        return dataclasses.replace(event, peer=peer, details=mask.details(event.details, self._people))


class Keeper:
    """Keeps what a monitor is told in a new archive, from any thread; a disk that fails costs seconds and never more.

    Every second is on the disk when the next one comes, whatever becomes of the monitor. Raises `ArchiveError` if the
    file cannot be made, and `RefusedError` ``conflict`` if it is there. With ``mask`` nobody in it has a name, an id or
    an address.
    """

    def __init__(self, path: Path, *, mask: Mask | None = None) -> None:
        self.path = path
        self.problem = ""
        """Why the last second could not be kept."""
        self.kept = 0
        self.lost = 0
        """Seconds."""
        _refuse_another(path)
        try:
            self._writer = ArchiveWriter(path, "")
        except (sqlite3.Error, OSError) as error:
            raise ArchiveError(f"{path}: {error}") from error
        self._masked = _Masked(self._writer, mask)
        self._seen: set[tuple[int, str]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def frame(self, frame: Frame) -> None:
        """Keep a second, and the events until then."""
        with self._lock:
            if self._closed:
                return
            with self._writing():
                if not self.kept:
                    self._writer.name(frame.daemon.node)
                self._masked.frame(_unix(frame.at), frame)
                self._masked.flush()
                self._writer.commit()
                self.kept += 1
                self.problem = ""

    def event(self, event: Event) -> None:
        """Keep an event, once however often it is told."""
        with self._lock:
            if self._closed or (event.number, event.at) in self._seen:
                return
            self._seen.add((event.number, event.at))
            self._masked.event(
                RecordedEvent(at=_unix(event.at), kind=event.kind, room=event.room, peer=event.peer,
                              details=dict(event.details))
            )  # fmt: skip

    def close(self) -> None:
        """Complete the file; without a single second there is none."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            with self._writing():
                self._masked.flush()
                self._writer.seal()
            if not self.kept:
                self.path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.Error, OSError, ValueError) as error:
            # A frame whose rows are broken is one that cannot be kept, too.
            self.problem = str(error)
            self.lost += 1
            with contextlib.suppress(sqlite3.Error):
                self._writer.rollback()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *reason: object) -> None:
        self.close()


def _unix(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
