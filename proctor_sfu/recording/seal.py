"""Ends a recording: its last row, and the manifest, made from its ledger."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import contents, ledger_file, manifest
from proctor_sfu.recording.folder import MANIFEST
from proctor_sfu.recording.ledger import Row, timestamp
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.manifest import Manifest, Sealed, Signed
from proctor_sfu.recording.reading import content


def finish(folder: Path, recording: str, fields: Mapping[str, Any], key: Ed25519PrivateKey) -> Signed:
    """Write the last row and sign. Raises `FolderError`, `OSError`; done again, it goes on where it stopped.

    One that was signed and has no last row any more is not finished a second time: ``tampered``, as of `check`.
    """
    with LedgerFile.open(folder) as file:
        if (folder / MANIFEST).exists():
            check(folder, recording, file.rows, manifest.raw(key.public_key()))
        if not contents.finished(file.rows):
            file.append("recording_finished", time.time(), fields)
            file.sync()
    found = ledger_file.read(folder)
    return seal(folder, recording, found.rows, found.end, key)


def check(folder: Path, recording: str, rows: Sequence[Row], key: bytes | None) -> bool:
    """Whether a manifest covers all rows; it may cover the first ones only.

    Raises `FolderError` ``tampered`` if it is not one that ``key`` (None: any) signed of this ledger: whoever signed
    again would vouch for what somebody else made of it; ``unsigned`` if there is none; and `OSError`.
    """
    path = folder / MANIFEST
    try:
        signed = Signed.decode(content(path))
    except FileNotFoundError:
        raise FolderError("unsigned", f"{path}: it is missing") from None
    except ValueError as error:
        raise FolderError("tampered", f"{path}: {error}") from None
    for problem in manifest.problems(signed, recording, rows, key):
        raise FolderError("tampered", f"{path}: {problem}")
    return signed.manifest.rows == len(rows)


def seal(folder: Path, recording: str, rows: Sequence[Row], size: int, key: Ed25519PrivateKey) -> Signed:
    """Sign what ``rows``, ``size`` bytes of ledger, say, and put the manifest in place at once. Raises `OSError`."""
    stated = contents.journals(rows).values()
    made = Manifest(
        recording=recording, signed_at=timestamp(time.time()), rows=rows[-1].n, size=size, tip=rows[-1].hash,
        journals=tuple(
            Sealed(file=each.file, size=each.marks[-1].size, sha256=each.marks[-1].sha256)
            for each in stated
            if each.closed and not each.erased and each.marks[-1].size
        ),
        summary=contents.summary(rows),
    )  # fmt: skip
    signed = manifest.sign(made, key)
    replace(folder / MANIFEST, signed.encode())
    return signed


def replace(path: Path, data: bytes) -> None:
    """Write a file so that a crash leaves the old or the new one whole. Raises `OSError`."""
    unfinished = path.with_name(f".{path.name}.new")
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(file, data)
        os.fsync(file)
    finally:
        os.close(file)
    unfinished.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
