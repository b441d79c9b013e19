"""What becomes of recordings afterwards: kept in spite of all, erased with a receipt, deleted when their time is over.

Blocks. A recording that is being written is left alone; whatever is done is a row of the ledger, which is signed anew.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import archive, contents, folder, ledger_file
from proctor_sfu.recording.archive import Kept
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.manifest import raw
from proctor_sfu.recording.seal import check, finish, seal


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """A receipt."""

    recording: str
    files: tuple[str, ...]
    bytes: int
    reason: str
    signed: bool = True
    """Whether the receipt is; not if the manifest before was not ours."""


def hold(path: Path, recording: str, *, held: bool, by: dict[str, Any], reason: str, key: Ed25519PrivateKey) -> bool:
    """Keep a recording whatever its retention says, or no longer; returns whether that is signed as all before it.

    Raises `FolderError` and `OSError`.
    """
    with LedgerFile.open(path) as file:
        _append(file, "hold_set" if held else "hold_released", {"by": by, "reason": reason})
    return _sign_again(path, recording, key)


def erase(path: Path, recording: str, *, by: dict[str, Any], reason: str, key: Ed25519PrivateKey) -> Erased:
    """Delete the journals of a recording, and its key first; what is left is the ledger, with the receipt.

    Raises `FolderError`: ``held``, ``busy``, ``tampered``; and `OSError`. Done again, it goes on where it stopped.
    """
    with LedgerFile.open(path) as file:
        try:
            summary = contents.summary(file.rows)
        except ValueError as error:
            raise FolderError("tampered", f"{path}: {error}") from None
        if summary.held:
            raise FolderError("held", f"{recording}: it is held and cannot be erased (psfu recordings hold --release)")
        there = folder.journals(path)
        erased = Erased(
            recording=recording, files=tuple(each.name for each in there),
            bytes=sum(each.stat().st_size for each in there), reason=reason,
        )  # fmt: skip
        if there or not summary.erased:
            # The receipt first: what is half done is finished by doing it again.
            fields = {"files": list(erased.files), "bytes": erased.bytes, "by": by, "reason": reason}
            _append(file, "erased", fields)
        _shred(path / folder.KEY)
        for each in there:
            each.unlink()
        _sync_folder(path)
        finished = contents.finished(file.rows)
    if finished:
        return replace(erased, signed=_sign_again(path, recording, key))
    try:
        finish(path, recording, {"reason": reason, "by": by}, key)
    except FolderError:
        return replace(erased, signed=False)
    return erased


class Retention:
    """Knows until when finished recordings are kept; a manifest is read again only when it changed."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[tuple[int, int], float | None]] = {}
        """Recording -> when manifest and ledger were written, nanoseconds, and when it may be deleted, Unix time."""

    def overdue(self, directory: Path, now: float) -> list[Kept]:
        """Return the recordings whose time is over, the oldest first."""
        known, due = {}, []
        for name, path in folder.recordings(directory):
            try:
                written = (path / folder.MANIFEST).stat().st_mtime_ns, (path / folder.LEDGER).stat().st_mtime_ns
            except FileNotFoundError:
                continue
            before, until = self._known.get(name, ((0, 0), None))
            if before != written:
                until = _until(archive.look(name, path))
            known[name] = written, until
            if until is not None and until <= now:
                due.append(archive.look(name, path))
        self._known = known
        return sorted(due, key=lambda each: each.summary.ended_at if each.summary is not None else "")


def _until(kept: Kept) -> float | None:
    summary = kept.summary
    if summary is None or summary.held or summary.erased or not summary.retain_until:
        return None
    return datetime.fromisoformat(summary.retain_until).timestamp()


def _append(file: LedgerFile, event: str, fields: dict[str, Any]) -> None:
    file.append(event, time.time(), fields)
    file.sync()


def _sign_again(path: Path, recording: str, key: Ed25519PrivateKey) -> bool:
    """Sign a finished recording with its new rows; one that is not finished is signed when it is.

    Returns False for one whose manifest is not ours, or not that of the rows before: what somebody else made of it is
    not to become ours. `verify` says so of it then as it did before.
    """
    found = ledger_file.read(path)
    if contents.finished(found.rows):
        try:
            check(path, recording, found.rows, raw(key.public_key()))
        except FolderError:
            return False
        seal(path, recording, found.rows, found.end, key)
    return True


def _shred(path: Path) -> None:
    """Overwrite a wrapped key before it is deleted; the master key alone makes nothing of it then."""
    try:
        file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        os.write(file, os.urandom(os.fstat(file).st_size))
        os.fsync(file)
    finally:
        os.close(file)
    path.unlink()


def _sync_folder(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)
