"""Verifies a recording with nothing but its files: what is there, is it what was written, who says so.

Needs no daemon, no network and no secret. A crash leaves marks of its own, which are told apart from changes: behind
what the ledger pins down a tail may be torn, before it nothing may differ.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

from proctor_sfu.errors import KeyFileError, SealedError
from proctor_sfu.recording import contents, folder, keys, ledger, ledger_file, manifest
from proctor_sfu.recording.contents import Stated
from proctor_sfu.recording.digest import Digest, Mark, changed_byte
from proctor_sfu.recording.ledger import Ledger, Row
from proctor_sfu.recording.manifest import Signed
from proctor_sfu.recording.reading import PIECE, JournalFile, content, opened

Kind: TypeAlias = Literal["torn", "unsigned", "unexplained", "misplaced", "unreadable", "tampered"]
State: TypeAlias = Literal["ok", "erased", "running", "unfinished"] | Kind
Progress: TypeAlias = Callable[[float], None]
"""Takes the part that is done, 0 to 1."""
GOOD: Final = frozenset({"ok", "erased", "running", "unfinished"})
_WORST: Final[tuple[Kind, ...]] = ("tampered", "unreadable", "torn", "unsigned", "unexplained", "misplaced")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not as it should be."""

    kind: Kind
    file: str
    byte: int | None
    """The first byte that differs; None: the whole file."""
    text: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What was found. ``signed_by``: fingerprint of the key, empty without a manifest."""

    recording: str
    folder: str
    state: State = "ok"
    signed_by: str = ""
    trusted: bool = False
    """Whether the key that signed is one that was known before."""
    rows: int = 0
    journals: int = 0
    packets: int = 0
    bytes: int = 0
    gaps: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def worst(self) -> Finding | None:
        """The first of the findings that the state is named after."""
        return next((each for each in self.findings if each.kind == self.state), None)


class Verifier:
    """Verifies one recording. ``trusted``: the raw public key that has to have signed; None: any."""

    def __init__(self, path: Path, trusted: bytes | None = None, *, progress: Progress = lambda part: None) -> None:
        self._folder = path
        self._trusted = trusted
        self._progress = progress
        self._report = Report(recording=folder.place(path), folder=str(path))
        self._done = 0

    def verify(self, only: Collection[str] | None = None) -> Report:
        """Return the report; ``only``: of the journals look at these alone. Raises `FolderError` ``not_found``."""
        report = self._report
        try:
            found = ledger_file.read(self._folder)
            running = _is_locked(self._folder / folder.LEDGER)
            there = folder.journals(self._folder)
        except OSError as error:
            self._unreadable(folder.LEDGER, error)
            report.state = "unreadable"
            return report
        report.recording = contents.recording(found.rows) or report.recording
        self._ledger(found, running)
        self._place()
        report.rows = len(found.rows)
        report.gaps = sum(contents.is_gap(row.event, row.fields) for row in found.rows)
        try:
            stated = contents.journals(found.rows)
        except ValueError as error:
            self._find("tampered", folder.LEDGER, None, str(error))
            stated = {}
        else:
            for track, file, begin, end in contents.unexplained(found.rows):
                text = f"{(end - begin) / 1e6:.1f} s of {track} before it are missing, and no row says why"
                self._find("unexplained", file, None, text)
        finished = contents.finished(found.rows)
        signed = self._manifest(found.rows, finished)
        self._strangers(there, stated, finished, running)
        chosen = [each for each in stated.values() if (only is None or each.file in only) and not each.erased]
        size = sum(each.marks[-1].size for each in chosen if each.marks)
        for each in chosen:
            try:
                self._journal(each, running, max(size, 1))
            except OSError as error:
                self._unreadable(each.file, error)
        report.state = self._state(running, finished and signed)
        if report.state == "ok" and stated and all(each.erased for each in stated.values()):
            report.state = "erased"
        return report

    def _state(self, running: bool, complete: bool) -> State:
        for kind in _WORST:
            if any(finding.kind == kind for finding in self._report.findings):
                return kind
        return "running" if running else "ok" if complete else "unfinished"

    def _find(self, kind: Kind, file: str, byte: int | None, text: str) -> None:
        self._report.findings.append(Finding(kind=kind, file=file, byte=byte, text=text))

    def _unreadable(self, file: str, error: OSError) -> None:
        self._find("unreadable", file, None, f"it cannot be read: {(error.strerror or str(error)).lower()}")

    def _place(self) -> None:
        """Among the others of a daemon it has a place of its own; a copy may lie anywhere."""
        path, name = self._folder.resolve(), self._report.recording
        among = len(path.parents) > 2 and (path.parents[2] / folder.PUBLIC_KEY).exists()
        if among and folder.place(path) != name:
            self._find("misplaced", folder.LEDGER, None, f"it lies in the place of {folder.place(path)}")

    # The ledger.

    def _ledger(self, found: Ledger, running: bool) -> None:
        if found.problem is not None:
            data = content(self._folder / folder.LEDGER)
            exact = ledger.changed_byte(data, found.chain, found.problem.offset)
            byte = found.problem.offset if exact is None else exact
            self._find("tampered", folder.LEDGER, byte, found.problem.reason)
        elif found.torn and not running:
            self._find("torn", folder.LEDGER, found.end, f"the last row is torn: {found.torn} bytes")

    # The manifest.

    def _manifest(self, rows: list[Row], finished: bool) -> bool:
        path = self._folder / folder.MANIFEST
        try:
            data = content(path)
        except FileNotFoundError:
            if finished:
                self._find("unsigned", folder.MANIFEST, None, "it is missing, though the recording was finished")
            return False
        except OSError as error:
            self._unreadable(folder.MANIFEST, error)
            return False
        try:
            signed = Signed.decode(data)
        except ValueError as error:
            self._find("tampered", folder.MANIFEST, None, str(error))
            return False
        self._report.signed_by = manifest.fingerprint(signed.key)
        self._report.trusted = signed.key == self._trusted
        for problem in manifest.problems(signed, self._report.recording, rows, self._trusted):
            self._find("tampered", folder.MANIFEST, None, problem)
        if len(rows) > signed.manifest.rows and not self._report.findings:
            late = len(rows) - signed.manifest.rows
            self._find("unsigned", folder.LEDGER, signed.manifest.size, f"the last {late} rows are not signed")
        return True

    # Journals.

    def _strangers(self, there: list[Path], stated: dict[str, Stated], finished: bool, running: bool) -> None:
        """Journals no row speaks of: a crash may leave one that had just begun, but not in a finished recording."""
        for path in there:
            if path.name not in stated and not running:
                kind: Kind = "tampered" if finished else "torn"
                self._find(kind, path.name, None, "the ledger does not speak of it")

    def _journal(self, stated: Stated, running: bool, size: int) -> None:
        path = self._folder / stated.file
        report = self._report
        report.journals += 1
        report.packets += stated.packets
        if not path.is_file():
            # One that was begun and had not a byte on the disk yet proves nothing.
            if stated.marks and stated.marks[-1].size:
                self._find("tampered", stated.file, None, "it is missing")
            elif not stated.closed and not running:
                self._find("torn", stated.file, None, "it was begun and is missing")
            return
        length = path.stat().st_size
        report.bytes += length
        digest = Digest()
        with opened(path) as file:
            for mark in stated.marks:
                start, block = digest.copy(), bytearray()
                while digest.size < mark.size and (piece := file.read(min(PIECE, mark.size - digest.size))):
                    digest.update(piece)
                    block += piece
                    self._progress(min(1.0, (self._done + digest.size) / size))
                if digest.size < mark.size:
                    self._find("tampered", stated.file, digest.size, f"it ends here and had {mark.size} bytes")
                    return
                if digest.mark() != mark:
                    self._differs(stated.file, start, bytes(block), mark)
                    return
        self._done += digest.size
        if stated.closed:
            if length > digest.size:
                self._find("tampered", stated.file, digest.size, f"{length - digest.size} bytes were added")
        elif not running:
            self._tail(path, digest.size, length)

    def _differs(self, file: str, start: Digest, block: bytes, mark: Mark) -> None:
        exact = changed_byte(start, block, mark)
        if exact is not None:
            self._find("tampered", file, start.size + exact, "this byte is another one")
        else:
            text = f"something between byte {start.size} and byte {mark.size - 1} is not what was written"
            self._find("tampered", file, start.size, text)

    def _tail(self, path: Path, pinned: int, length: int) -> None:
        """A journal that was not closed: say how much of it nothing pins down, and what is torn."""
        reader = JournalFile(path, self._report.recording)
        try:
            reader.skip(pinned)
            for _ in reader.pieces():
                pass
        except SealedError:
            pass  # What is no piece is torn, and counted as such.
        whole = max(reader.end, pinned)
        text = f"it was not closed; {whole - pinned} bytes are whole that no row pins down, {length - whole} are torn"
        self._find("torn", path.name, whole, text)


def known_key(path: Path) -> bytes | None:
    """Return the public key that lies beside the recordings a folder is among, None if there is none."""
    for parent in path.resolve().parents[:3]:
        try:
            return keys.public_key(parent / folder.PUBLIC_KEY)
        except KeyFileError:
            continue
    return None


def _is_locked(path: Path) -> bool:
    """Whether somebody writes the ledger."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False
