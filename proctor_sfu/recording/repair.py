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
from proctor_sfu.recording.manifest import raw
from proctor_sfu.recording.seal import check, finish, seal


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

    Raises `FolderError`: ``busy``, ``tampered``, ``unsigned`` (nothing is touched then), and `OSError`.
    """
    public = None if signing is None else raw(signing.public_key())
    with LedgerFile.open(path) as file:
        finished, covered = contents.finished(file.rows), False
        there = (path / MANIFEST).exists()
        if there:
            covered = check(path, recording, file.rows, None)
        stated = contents.journals(file.rows)
        named = Named(file.rows, stated.values(), "not-known")
        left = mending.unclosed(path, stated)
        if finished and (strange := [each.file for each in left if each.file not in stated]):
            raise FolderError("tampered", f"{path}: the ledger does not speak of {', '.join(strange)}")
        found = [mending.examine(path, recording, each, None) for each in left]
        closed = [each.fields["file"] for each in found]
        cut = file.torn + sum(each.torn for each in found)
        signs = (finished or complete) and (bool(found) or bool(file.torn) or not covered)
        if signs and signing is None:
            raise FolderError("unsigned", f"{recording}: it cannot be signed without the key (--signing-key)")
        if signs and there:
            check(path, recording, file.rows, public)
        for each in found:
            mending.cut(path, each)
            for fields in each.gaps(named):
                file.append("gap", fields["to_us"] / 1e6, fields)
            file.append("segment_closed", time.time(), {**each.fields, "torn": each.torn, "cause": "repaired"})
        if found or file.torn or (finished and not there and signs):
            # That a finished one was signed anew without its manifest has to be seen for ever.
            missing = {"manifest": "missing"} if finished and not there else {}
            file.append("repaired", time.time(), {"files": closed, "torn": cut, **missing})
            file.sync()
    if signs:
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
