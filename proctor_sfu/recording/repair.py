"""Repairs a recording after a crash: torn tails are cut off, what is whole is closed, and the ledger says so."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import contents, ledger_file, mending
from proctor_sfu.recording.folder import MANIFEST
from proctor_sfu.recording.gaps import Named
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.seal import finish, seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Repaired:
    """What was done."""

    recording: str
    folder: str
    closed: tuple[str, ...]
    """Journals that had not been closed."""
    cut: int
    """Bytes of torn tails."""
    signed: bool


def repair(path: Path, recording: str, signing: Ed25519PrivateKey | None, *, complete: bool = False) -> Repaired:
    """Repair a recording; with ``signing`` it is signed again, and if ``complete`` it is finished.

    Raises `FolderError`: ``busy``, ``tampered`` (nothing is touched then), and `OSError`.
    """
    with LedgerFile.open(path) as file:
        stated = contents.journals(file.rows)
        named = Named(file.rows, stated.values(), "not-known")
        found = [mending.examine(path, recording, each, None) for each in mending.unclosed(path, stated)]
        closed = [each.fields["file"] for each in found]
        cut = file.torn + sum(each.torn for each in found)
        finished = contents.finished(file.rows)
        unsigned = finished and (bool(found) or not (path / MANIFEST).exists())
        if signing is None and (complete or unsigned):
            raise FolderError("unsigned", f"{recording}: it cannot be signed without the key (--signing-key)")
        for each in found:
            mending.cut(path, each)
            for fields in each.gaps(named):
                file.append("gap", fields["to_us"] / 1e6, fields)
            file.append("segment_closed", time.time(), {**each.fields, "torn": each.torn, "cause": "repaired"})
        if found or file.torn:
            file.append("repaired", time.time(), {"files": closed, "torn": cut})
            file.sync()
    if signs := signing is not None and (finished or complete):
        assert signing is not None
        _sign(path, recording, signing)
    return Repaired(
        recording=recording, folder=str(path), closed=tuple(closed), cut=cut, signed=signs
    )  # fmt: skip


def _sign(path: Path, recording: str, signing: Ed25519PrivateKey) -> None:
    found = ledger_file.read(path)
    if contents.finished(found.rows):
        seal(path, recording, found.rows, found.end, signing)
    else:
        finish(path, recording, {"reason": "repaired"}, signing)
