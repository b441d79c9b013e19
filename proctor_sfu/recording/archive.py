"""The recordings on disk at a glance, whether or not anything is recorded at the moment; blocks."""

from __future__ import annotations

from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import contents, folder, ledger_file
from proctor_sfu.recording.contents import Summary
from proctor_sfu.recording.manifest import Signed
from proctor_sfu.recording.reading import content

State: TypeAlias = Literal["finished", "interrupted", "damaged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A recording on disk. ``damaged``: its manifest or ledger cannot be read, `verify` tells where."""

    id: str
    folder: Path
    state: State
    summary: Summary | None


def kept(
    directory: Path, room: str | None = None, candidate: str | None = None, *, but: Container[str] = ()
) -> Iterator[Kept]:
    """Yield the recordings below a directory, ``but`` those: a ledger that grows takes long to read."""
    for name, path in folder.recordings(directory, room, candidate):
        if name not in but:
            yield look(name, path)


def look(name: str, path: Path) -> Kept:
    """Return one recording. Its manifest has the summary, but for rows that came after it; those are read."""
    try:
        state: State = "interrupted"
        if (path / folder.MANIFEST).exists():
            state, stated = "finished", Signed.decode(content(path / folder.MANIFEST)).manifest
            if stated.size == (path / folder.LEDGER).stat().st_size:
                return Kept(id=name, folder=path, state=state, summary=stated.summary)
        found = ledger_file.read(path)
        if found.problem is None:
            return Kept(id=name, folder=path, state=state, summary=contents.summary(found.rows))
    except (ValueError, FolderError, OSError):
        pass
    return Kept(id=name, folder=path, state="damaged", summary=None)


def find(directory: Path, name: str) -> Path:
    """Return the folder of a recording; raises `FolderError` ``bad_data`` or ``not_found``."""
    path = directory.joinpath(*folder.split_id(name))
    if not (path / folder.LEDGER).is_file():
        raise FolderError("not_found", f'there is no recording "{name}"')
    return path
