"""Closes journals that a crash left open: what is whole is hashed and pinned down, a torn tail is cut off.

Used by the recorder when it goes on with a recording, and by ``psfu recordings repair``.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from proctor_sfu.errors import FolderError, SealedError
from proctor_sfu.recording.contents import Stated
from proctor_sfu.recording.digest import Digest
from proctor_sfu.recording.folder import journal_name, journals
from proctor_sfu.recording.gaps import Named, silences
from proctor_sfu.recording.ledger import Row
from proctor_sfu.recording.reading import PIECE, JournalFile, opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """The last packet of a journal."""

    at_us: int
    """Its arrival, microseconds of Unix time; 0: there is none."""
    ssrc: int
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mended:
    """A journal after its crash."""

    fields: dict[str, Any]
    """Of its ``segment_closed`` row."""
    size: int
    """Bytes that are whole."""
    torn: int
    """Bytes behind them."""
    begins_us: int
    """Its first packet, if the track began with it; else 0."""
    silences: tuple[tuple[int, int], ...]
    """Times without packets, of what was not pinned down."""

    def gaps(self, named: Named) -> Iterator[dict[str, Any]]:
        """Yield the fields of rows that should name its gaps and that the crash swallowed."""
        return named.missing(self.fields["track"], self.begins_us, self.silences, self.fields["last_us"])


def unclosed(folder: Path, stated: dict[str, Stated]) -> list[Stated]:
    """Return the journals in a folder that no row closes, also those no row knows yet."""
    found = []
    for path in journals(folder):
        name = journal_name(path.name)
        assert name is not None
        known = stated.get(path.name, Stated(file=path.name, track=name.track))
        if not known.closed and not known.erased:
            found.append(known)
    return found


def stopped(rows: Iterable[Row]) -> dict[str, str]:
    """Return the tracks that had been stopped when the ledger ends, each with the cause."""
    found: dict[str, str] = {}
    for row in rows:
        if row.event == "track_started":
            found.pop(row.fields["track"], None)
        elif row.event == "track_stopped":
            found[row.fields["track"]] = row.fields["cause"]
    return found


def last_packet(folder: Path, recording: str, stated: Stated, key: bytes | None) -> Last:
    """Return the last packet of a journal that was not closed; reads what was written since its last checkpoint."""
    reader = JournalFile(folder / stated.file, recording, key)
    last = Last(at_us=stated.last_us, ssrc=0, sequence=-1)
    try:
        reader.skip(stated.marks[-1].size if stated.marks else 0)
        for _, packets in reader.pieces():
            header = reader.parser.header
            if packets and header is not None:
                sequence = int.from_bytes(packets[-1].data[2:4], "big")
                at_us = header.started_us + packets[-1].ms * 1000
                last = Last(at_us=at_us, ssrc=header.ssrc, sequence=sequence)
    except SealedError:
        pass  # The torn tail, which does not open; what was before it counts.
    return last


def examine(folder: Path, recording: str, stated: Stated, key: bytes | None) -> Mended:
    """Read a journal that was not closed.

    Raises `FolderError` ``tampered`` if what was on the disk for sure is not there as it was: it is left alone then.
    """
    path = folder / stated.file
    digest = Digest()
    for mark in stated.marks:
        _hash(path, digest, mark.size)
        if digest.mark() != mark:
            raise FolderError("tampered", f"{path}: it is not what it was before byte {mark.size}")
    reader = JournalFile(path, recording, key)
    start = reader.skip(digest.size)
    packets, last_us = stated.packets if start else 0, stated.last_us
    quiet: list[tuple[int, int]] = []
    try:
        for _, found in reader.pieces():
            packets += len(found)
            if found and reader.parser.header is not None:
                arrivals = [reader.parser.header.started_us + packet.ms * 1000 for packet in found]
                quiet += silences(arrivals, last_us)
                last_us = arrivals[-1]
    except SealedError:
        pass  # As above.
    _hash(path, digest, reader.end)
    mark, header = digest.mark(), reader.parser.header
    fields: dict[str, Any] = {
        "track": stated.track, "file": stated.file, "bytes": mark.size, "packets": packets, "sha256": mark.sha256,
        "crc32": mark.crc32, "first_us": header.started_us if header is not None else 0, "last_us": last_us,
    }  # fmt: skip
    if stated.clocks:
        fields["clock"] = list(stated.clocks[-1])
    return Mended(
        fields=fields, size=mark.size, torn=path.stat().st_size - mark.size, silences=tuple(quiet),
        begins_us=header.started_us if header is not None and header.starts else 0,
    )  # fmt: skip


def _hash(path: Path, digest: Digest, end: int) -> None:
    """Take the file from where the digest is up to ``end``, or its own end."""
    with opened(path) as file:
        file.seek(digest.size)
        while digest.size < end and (piece := file.read(min(PIECE, end - digest.size))):
            digest.update(piece)


def cut(folder: Path, mended: Mended) -> None:
    """Cut the torn tail off; a journal that has not even a header is removed. Raises `OSError`."""
    path = folder / mended.fields["file"]
    if mended.size == 0:
        path.unlink()
        return
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        if mended.torn:
            os.ftruncate(file, mended.size)
        os.fsync(file)
    finally:
        os.close(file)
