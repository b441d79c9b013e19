"""Where recordings lie: ``<directory>/<room>/<candidate>/<when it began>``, and what the files in it are called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from proctor_sfu.errors import FolderError

LEDGER: Final = "ledger.jsonl"
MANIFEST: Final = "manifest.json"
KEY: Final = "key.json"
SIGNING_KEY: Final = "recording-key.pem"
"""In the state directory, unless it is somewhere else."""
PUBLIC_KEY: Final = "signing-key.pub"
"""In the directory of all recordings: the public half of the key that signs their manifests."""
JOURNAL: Final = ".mjr"
SEALED: Final = ".mjr.sealed"
_NAME: Final = re.compile(r"([a-z][a-z0-9]{0,31})-([0-9]{4,6})\.mjr(\.sealed)?", re.ASCII)
_PART: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class JournalName:
    """The parts of a journal's file name."""

    track: str
    segment: int
    sealed: bool

    def __str__(self) -> str:
        return f"{self.track}-{self.segment:04}{SEALED if self.sealed else JOURNAL}"


def journal_name(name: str) -> JournalName | None:
    """Return the parts of a file name, None for what is no journal."""
    found = _NAME.fullmatch(name)
    return JournalName(track=found[1], segment=int(found[2]), sealed=bool(found[3])) if found else None


def new_id(room: str, candidate: str, at: float) -> str:
    """Return the id of a recording that begins ``at``, seconds of Unix time; it is also its path."""
    return f"{room}/{candidate}/{datetime.fromtimestamp(at, UTC):%Y%m%dT%H%M%SZ}"


def place(folder: Path) -> str:
    """Return the id of the recording whose place a folder has: the end of its path."""
    return "/".join(folder.resolve().parts[-3:])


def split_id(recording: str) -> tuple[str, str, str]:
    """Return room, candidate and time of an id. Raises `FolderError` for what is none, so that it is a safe path."""
    parts = recording.split("/")
    if len(parts) != 3 or not all(_PART.fullmatch(part) for part in parts):
        raise FolderError("bad_data", f"{recording!r} is no id of a recording: ROOM/CANDIDATE/TIME")
    return parts[0], parts[1], parts[2]


def journals(folder: Path) -> list[Path]:
    """Return the journals in a recording's folder, by track and segment."""
    found = [(journal_name(entry.name), entry.path) for entry in os.scandir(folder)]
    named = sorted((name.track, name.segment, path) for name, path in found if name is not None)
    return [Path(path) for _, _, path in named]


def recordings(directory: Path, room: str | None = None, candidate: str | None = None) -> Iterator[tuple[str, Path]]:
    """Yield id and folder of every recording, by room, candidate and time."""
    for at_room in _folders(directory, room):
        for at_candidate in _folders(at_room, candidate):
            for folder in _folders(at_candidate, None):
                if (folder / LEDGER).is_file():
                    yield f"{at_room.name}/{at_candidate.name}/{folder.name}", folder


def _folders(parent: Path, wanted: str | None) -> list[Path]:
    if wanted is not None:
        return [parent / wanted] if _PART.fullmatch(wanted) and (parent / wanted).is_dir() else []
    if not parent.is_dir():
        return []
    return sorted(Path(entry.path) for entry in os.scandir(parent) if entry.is_dir() and _PART.fullmatch(entry.name))


def space(directory: Path) -> tuple[int, int]:
    """Return free bytes and size of the file system a directory is on; nothing if it cannot be reached."""
    try:
        found = os.statvfs(directory)
    except OSError:
        return 0, 0
    return found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize
