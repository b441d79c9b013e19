"""The shelf: where the next recording of a candidate goes, behind the ones that are there; blocks."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from proctor_sfu.recording import folder as folders
from proctor_sfu.recording.roll import Roll

_LATEST: Final = 3600
"""Ids that are tried, each a second later than the one before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A recording that can be begun, or, if it was interrupted, gone on with."""

    id: str
    folder: Path
    resumed: bool


class Shelf:
    """Below ``directory``; what is on the roll is being written."""

    def __init__(self, directory: Path, roll: Roll, resume_seconds: float) -> None:
        self.broken: set[str] = set()
        """Recordings that could not be written, with which nobody goes on."""
        self._directory = directory
        self._roll = roll
        self._resume_seconds = resume_seconds

    def place(self, room: str, candidate: str) -> Place:
        """Return the latest that was interrupted not long ago, else a new one. Raises `OSError`."""
        found = None
        for name, path in folders.recordings(self._directory, room, candidate):
            recent = time.time() - (path / folders.LEDGER).stat().st_mtime < self._resume_seconds
            usable = name not in self.broken and self._roll.by_id(name) is None
            if recent and usable and not (path / folders.MANIFEST).exists():
                found = Place(id=name, folder=path, resumed=True)
        return found or self._new(room, candidate, time.time())

    def _new(self, room: str, candidate: str, at: float) -> Place:
        # Ids have seconds, and one that began in the same second may be finished already, or deleted.
        for later in range(_LATEST):
            name = folders.new_id(room, candidate, at + later)
            known = name in self.broken or self._roll.by_id(name) is not None
            if not known and not (self._directory / name).exists():
                return Place(id=name, folder=self._directory / name, resumed=False)
        raise FileExistsError(f"{self._directory / name}: too many recordings of one candidate at a time")
