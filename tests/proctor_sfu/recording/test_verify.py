"""Whatever is changed in a recording is found, named and told apart from what a crash leaves."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proctor_sfu.errors import FolderError, SealedError
from proctor_sfu.recording import archive, keys, ledger, manifest
from proctor_sfu.recording.export import Exporter
from proctor_sfu.recording.folder import LEDGER, MANIFEST, PUBLIC_KEY
from proctor_sfu.recording.keys import recording_key
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.manifest import Signed
from proctor_sfu.recording.repair import repair
from proctor_sfu.recording.verify import Report, Verifier, known_key
from support.recorded import ID, KEY, START_US, Tape, crashed, finished, rtp

PUBLIC = manifest.raw(KEY.public_key())
BOB = "exam-101/bob/20260101T090000Z"


def verify(folder: Path, trusted: bytes | None = PUBLIC) -> Report:
    return Verifier(folder, trusted).verify()


def only(report: Report) -> tuple[str, str, int | None]:
    (finding,) = report.findings
    return finding.kind, finding.file, finding.byte


def flip(path: Path, at: int, mask: int = 0x40) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= mask
    path.write_bytes(data)


def test_a_good_recording_is_ok(tmp_path: Path) -> None:
    parts: list[float] = []
    folder = finished(tmp_path)
    report = Verifier(folder, PUBLIC, progress=parts.append).verify()
    assert (report.state, report.findings, report.trusted) == ("ok", [], True)
    assert (report.recording, report.journals, report.packets, report.gaps) == (ID, 3, 22, 1)
    assert report.bytes == sum(path.stat().st_size for path in folder.glob("*.mjr"))
    assert report.signed_by == manifest.fingerprint(PUBLIC)
    assert parts[-1] == 1.0
    assert parts == sorted(parts)


@pytest.mark.parametrize("name", ["camera-0001.mjr", "camera-0002.mjr", "microphone-0001.mjr"])
def test_every_flipped_byte_of_a_journal_is_named(tmp_path: Path, name: str) -> None:
    folder = finished(tmp_path)
    path = folder / name
    whole = path.read_bytes()
    for at in range(len(whole)):
        flip(path, at)
        report = verify(folder)
        assert report.state == "tampered"
        assert only(report) == ("tampered", name, at)
        path.write_bytes(whole)


def test_every_flipped_byte_of_the_ledger_is_found(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    path = folder / LEDGER
    whole = path.read_bytes()
    # Naming one takes a while, so a few have to do; test_ledger.py names many more.
    for at in range(0, len(whole) - 1, 41):
        flip(path, at)
        report = verify(folder)
        assert report.state == "tampered"
        assert (report.findings[0].file, report.findings[0].byte) == (LEDGER, at)
        path.write_bytes(whole)


def test_every_flipped_byte_of_the_manifest_is_found(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    path = folder / MANIFEST
    whole = path.read_bytes()
    for at in range(len(whole)):
        flip(path, at, 1 << at % 8)
        report = verify(folder)
        assert report.state == "tampered"
        assert {finding.file for finding in report.findings} == {MANIFEST}
        path.write_bytes(whole)


def test_a_removed_journal_is_missed(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    (folder / "camera-0002.mjr").unlink()
    assert only(verify(folder)) == ("tampered", "camera-0002.mjr", None)


def test_two_exchanged_journals_are_found(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    first, second = folder / "camera-0001.mjr", folder / "camera-0002.mjr"
    first.rename(folder / "x")
    second.rename(first)
    (folder / "x").rename(second)
    report = verify(folder)
    assert report.state == "tampered"
    assert {finding.file for finding in report.findings} == {"camera-0001.mjr", "camera-0002.mjr"}


def test_an_added_journal_is_found(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    shutil.copy(folder / "camera-0002.mjr", folder / "camera-0003.mjr")
    assert only(verify(folder)) == ("tampered", "camera-0003.mjr", None)


def test_added_and_removed_bytes_are_found(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    path = folder / "camera-0002.mjr"
    whole = path.read_bytes()
    path.write_bytes(whole + b"x")
    assert only(verify(folder)) == ("tampered", path.name, len(whole))
    path.write_bytes(whole[:-7])
    assert only(verify(folder)) == ("tampered", path.name, len(whole) - 7)
    path.write_bytes(whole[:50] + b"x" + whole[50:-1])
    assert verify(folder).state == "tampered"


@pytest.mark.parametrize("change", ["reordered", "shortened", "a row removed", "rows added"])
def test_a_changed_ledger_is_found(tmp_path: Path, change: str) -> None:
    folder = finished(tmp_path)
    path = folder / LEDGER
    lines = path.read_bytes().splitlines(keepends=True)
    match change:
        case "reordered":
            lines[2], lines[3] = lines[3], lines[2]
        case "shortened":
            del lines[-1]
        case "a row removed":
            del lines[4]
        case "rows added":
            chain = ledger.read(b"".join(lines)).chain
            lines.append(chain.append("gap", 0.0, {"track": "camera", "from_us": 0, "to_us": 1, "cause": "disk-slow"}))
    path.write_bytes(b"".join(lines))
    report = verify(folder)
    assert report.state == ("unsigned" if change == "rows added" else "tampered")


def test_a_ledger_written_anew_does_not_pass(tmp_path: Path) -> None:
    folder = finished(tmp_path / "a")
    forged = Tape(tmp_path / "b")
    forged.journal("camera", 1, packets=[rtp(n) for n in range(12)])
    forged.finish(Ed25519PrivateKey.generate())
    for name in (LEDGER, "camera-0001.mjr"):
        shutil.copy(forged.folder / name, folder / name)
    assert verify(folder).state == "tampered"
    shutil.copy(forged.folder / MANIFEST, folder / MANIFEST)
    report = verify(folder)
    assert report.state == "tampered"
    assert "another key" in report.findings[0].text


def test_a_manifest_of_another_recording_does_not_pass(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    other = finished(tmp_path, "exam-101/bob/20260101T090000Z")
    shutil.copy(other / MANIFEST, folder / MANIFEST)
    report = verify(folder)
    assert report.state == "tampered"
    assert "exam-101/bob" in report.findings[0].text


def test_a_copy_may_lie_anywhere(tmp_path: Path) -> None:
    folder = finished(tmp_path / "recordings")
    copy = tmp_path / "evidence"
    shutil.copytree(folder, copy)
    report = verify(copy)
    assert (report.recording, report.state, report.findings) == (ID, "ok", [])
    (copy / MANIFEST).write_bytes((finished(tmp_path / "others", BOB) / MANIFEST).read_bytes())
    report = verify(copy)
    assert report.state == "tampered"
    assert "exam-101/bob" in report.findings[0].text


def test_two_exchanged_recordings_are_found(tmp_path: Path) -> None:
    of_ann, of_bob = finished(tmp_path), finished(tmp_path, BOB)
    (tmp_path / PUBLIC_KEY).write_bytes(keys.public_pem(KEY))
    of_ann.rename(tmp_path / "x")
    of_bob.rename(of_ann)
    (tmp_path / "x").rename(of_bob)
    for folder, recording, place in ((of_ann, BOB, ID), (of_bob, ID, BOB)):
        report = verify(folder)
        assert (report.recording, report.state) == (recording, "misplaced")
        assert report.findings[0].text == f"it lies in the place of {place}"


def test_a_manifest_signed_with_another_key_is_told(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    path = folder / MANIFEST
    other = Ed25519PrivateKey.generate()
    path.write_bytes(manifest.sign(Signed.decode(path.read_bytes()).manifest, other).encode())
    report = verify(folder)
    assert report.state == "tampered"
    assert manifest.fingerprint(manifest.raw(other.public_key())) in report.findings[0].text
    # Nobody said whose key it has to be: it is genuine, and the report says that the key is unknown.
    report = verify(folder, None)
    assert (report.state, report.trusted) == ("ok", False)


def test_a_missing_manifest_is_told(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    (folder / MANIFEST).unlink()
    report = verify(folder)
    assert (report.state, only(report)) == ("unsigned", ("unsigned", MANIFEST, None))


def test_cut_anywhere_is_torn_behind_the_last_checkpoint_and_tampered_before_it(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    path = folder / "camera-0001.mjr"
    whole = path.read_bytes()
    pinned = ledger.read((folder / LEDGER).read_bytes()).rows[-1].fields["bytes"]
    assert 0 < pinned < len(whole)
    for at in range(len(whole) + 1):
        path.write_bytes(whole[:at])
        report = verify(folder)
        assert report.state == ("tampered" if at < pinned else "torn"), at
        _, file, byte = only(report)
        assert file == path.name
        assert byte == at if at < pinned else byte is not None and pinned <= byte <= at


def test_a_byte_changed_in_a_crashed_recording_is_tampered_if_it_was_pinned_down(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    path = folder / "camera-0001.mjr"
    pinned = ledger.read((folder / LEDGER).read_bytes()).rows[-1].fields["bytes"]
    for at in range(0, pinned, 5):
        flip(path, at)
        assert only(verify(folder)) == ("tampered", path.name, at)
        flip(path, at)


def test_a_torn_ledger_is_told_from_a_changed_one(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    path = folder / LEDGER
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    report = verify(folder)
    assert report.state == "torn"
    assert report.findings[0].byte == whole[:-1].rindex(b"\n") + 1


def test_a_journal_no_row_knows_yet_is_torn_not_tampered(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    shutil.copy(folder / "camera-0001.mjr", folder / "screen-0001.mjr")
    assert verify(folder).state == "torn"


def test_missing_time_without_a_row_is_unexplained(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.journal("camera", 1, packets=[rtp(n) for n in range(5)])
    tape.journal("camera", 2, packets=[rtp(n) for n in range(5)], start_us=START_US + 30_000_000)
    report = verify(tape.finish())
    assert (report.state, only(report)) == ("unexplained", ("unexplained", "camera-0002.mjr", None))
    assert "30.0 s of camera" in report.findings[0].text


def test_one_that_is_written_is_running(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    with LedgerFile.open(folder):
        assert verify(folder).state == "running"
    assert verify(folder).state == "torn"


def test_rows_that_are_chained_well_but_say_nonsense_are_found(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.row("segment_closed", file="../../../etc/passwd", track="camera")
    assert verify(tape.stop()).state == "tampered"


def test_the_key_beside_the_recordings_is_the_one_that_counts(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    assert known_key(folder) is None
    (tmp_path / PUBLIC_KEY).write_bytes(keys.public_pem(KEY))
    assert known_key(folder) == PUBLIC


@pytest.mark.parametrize("name", [LEDGER, MANIFEST, "camera-0001.mjr", "camera-0009.mjr", "key.json"])
@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_something_else_in_the_place_of_a_file_keeps_nobody_waiting(tmp_path: Path, name: str, kind: str) -> None:
    folder = finished(tmp_path)
    (folder / name).unlink(missing_ok=True)
    if kind == "pipe":
        os.mkfifo(folder / name)
    elif kind == "folder":
        (folder / name).mkdir()
    else:
        (folder / name).symlink_to("/dev/zero")
    state = Verifier(folder).verify().state
    assert state == ("unreadable" if name in (LEDGER, MANIFEST) else "ok" if name == "key.json" else "tampered")
    with contextlib.suppress(FolderError, OSError):
        repair(folder, ID, KEY)
    with contextlib.suppress(SealedError, OSError):
        recording_key(folder, ID, bytes(32))
    with contextlib.suppress(FolderError, OSError, SealedError):
        list(Exporter(folder, None).tracks)
    archive.look(ID, folder)
