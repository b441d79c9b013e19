"""Writes ledgers: rows come from anywhere, in their order, and wait until their ledger is open."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, TypeAlias

from proctor_sfu.recording.contents import Tally
from proctor_sfu.recording.lane import Lane
from proctor_sfu.recording.ledger_file import LedgerFile

RowFields: TypeAlias = Mapping[str, Any] | Callable[[], Mapping[str, Any] | None]
"""Of a row; or what returns them when the row is written, None for no row."""


class Pages:
    """The ledger of one recording, as those see it who write rows."""

    def __init__(
        self, book: Book, changed: Callable[[Tally], None], meddled: Callable[[str], None] = lambda how: None
    ) -> None:  # fmt: skip
        """``changed`` is called in the lane when the rows have come to something else, ``meddled``, once, when
        somebody else changed the file, with what was done to it."""
        self._book = book
        self._changed = changed
        self._meddled = meddled
        self._is_meddled = False
        self._tally = Tally()
        self._file: LedgerFile | None = None
        self._waiting: list[tuple[str, float, RowFields]] = []

    def note(self, event: str, fields: RowFields, at: float | None = None) -> None:
        """Have a row written; ``at`` is now unless given. From any thread."""
        row = (event, time.time() if at is None else at, fields)
        self._book.lane.put(lambda: self._write(row))

    def adopt(self, file: LedgerFile, tally: Tally) -> None:
        """Write to ``file``, whose rows came to ``tally``, from now on; first what waited. From any thread."""
        self._book.lane.put(lambda: self._adopt(file, tally))

    def end(self, then: Callable[[], None]) -> None:
        """Close the ledger after the rows so far and call ``then`` in the lane."""
        self._book.lane.put(lambda: self._end(then))

    # In the lane.

    def sync(self) -> None:
        """Put what was written on the disk."""
        if self._file is not None:
            self._file.sync()
            self._look(self._file)

    def settle(self) -> None:
        """The disk refuses and nobody waits any longer: keep no more than it has."""
        if self._file is not None:
            with suppress(OSError):
                self._file.settle()

    def _write(self, row: tuple[str, float, RowFields]) -> None:
        if self._file is None:
            self._waiting.append(row)
            return
        event, at, given = row
        fields = given() if callable(given) else given
        if fields is not None:
            self._file.append(event, at, fields)
            self._book.dirty.add(self)
            self._look(self._file)
            if self._tally.take(event, fields):
                self._changed(self._tally)

    def _look(self, file: LedgerFile) -> None:
        if file.changed and not self._is_meddled:
            self._is_meddled = True
            self._meddled(file.changed)

    def _adopt(self, file: LedgerFile, tally: Tally) -> None:
        self._file, self._tally = file, tally
        self._changed(tally)
        while self._waiting:
            self._write(self._waiting[0])
            del self._waiting[0]

    def _end(self, then: Callable[[], None]) -> None:
        if self._file is not None:
            self._file.sync()
            self._file.close()
            self._file = None
        self._book.dirty.discard(self)
        then()


class Book:
    """The lane of all ledgers, and which of them has to be synced."""

    def __init__(self) -> None:
        self.lane = Lane("ledgers", self._abandon)
        self.dirty: set[Pages] = set()
        self._syncing = False

    def sync(self) -> None:
        """Have all rows put on the disk, unless that is under way. In the recorder's loop."""
        if not self._syncing:
            self._syncing = True
            self.lane.put(self._sync)

    def _abandon(self, error: OSError) -> None:
        for pages in self.dirty:
            pages.settle()

    def _sync(self) -> None:
        while self.dirty:
            pages = next(iter(self.dirty))
            pages.sync()
            self.dirty.discard(pages)
        self._syncing = False
