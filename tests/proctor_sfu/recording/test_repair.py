"""Repair cuts off what is torn and nothing else, says so, and refuses what was changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import archive, keeping, ledger, ledger_file, manifest
from proctor_sfu.recording.folder import LEDGER, MANIFEST, journals
from proctor_sfu.recording.journal import PACKET
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.reading import JournalFile
from proctor_sfu.recording.repair import repair
from proctor_sfu.recording.seal import seal
from proctor_sfu.recording.verify import Verifier
from support.recorded import ID, KEY, Tape, crashed, finished, rtp

PUBLIC = manifest.raw(KEY.public_key())


def test_at_every_cut_the_whole_packets_are_kept(tmp_path: Path) -> None:
    template = crashed(tmp_path / "template")
    whole = (template / "camera-0001.mjr").read_bytes()
    rows = (template / LEDGER).read_bytes()
    pinned = ledger.read(rows).rows[-1].fields["bytes"]
    record = PACKET.size + len(rtp(0))
    for at in range(pinned, len(whole) + 1):
        folder = tmp_path / str(at) / ID
        folder.mkdir(parents=True)
        (folder / LEDGER).write_bytes(rows)
        (folder / "camera-0001.mjr").write_bytes(whole[:at])
        done = repair(folder, ID, None)
        assert done.closed == ("camera-0001.mjr",)
        assert done.cut == (at - pinned) % record
        report = Verifier(folder).verify()
        assert (report.state, report.findings) == ("unfinished", [])
        kept = [packet.data for packet in JournalFile(folder / "camera-0001.mjr", ID).packets()]
        assert kept == [rtp(number) for number in range(6 + (at - pinned) // record)]
        assert report.packets == len(kept)


def test_it_is_written_down(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    with (folder / "camera-0001.mjr").open("ab") as file:
        file.write(b"MEET\0\0")
    with (folder / LEDGER).open("ab") as file:
        file.write(b'{"n":6,')
    assert repair(folder, ID, None).cut == 6 + 7
    closed, repaired = ledger_file.read(folder).rows[-2:]
    assert (closed.event, closed.fields["torn"], closed.fields["cause"]) == ("segment_closed", 6, "repaired")
    assert (repaired.event, repaired.fields["files"], repaired.fields["torn"]) == ("repaired", ["camera-0001.mjr"], 13)


def test_zeros_of_a_power_cut_are_cut_off(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    for name in ("camera-0001.mjr", LEDGER):
        with (folder / name).open("ab") as file:
            file.write(bytes(5000))
    assert repair(folder, ID, None).cut == 10_000
    assert Verifier(folder).verify().state == "unfinished"


def test_a_second_repair_does_nothing(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    repair(folder, ID, None)
    before = (folder / LEDGER).read_bytes()
    done = repair(folder, ID, None)
    assert (done.closed, done.cut) == ((), 0)
    assert (folder / LEDGER).read_bytes() == before


def test_finishing_signs_it(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    assert repair(folder, ID, KEY, complete=True).signed
    report = Verifier(folder, PUBLIC).verify()
    assert (report.state, report.findings) == ("ok", [])


def test_finishing_needs_the_key(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    with pytest.raises(FolderError, match="without the key"):
        repair(folder, ID, None, complete=True)


def test_a_missing_manifest_is_made_again(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    (folder / MANIFEST).unlink()
    assert repair(folder, ID, KEY).signed
    assert Verifier(folder, PUBLIC).verify().state == "ok"


def test_what_was_changed_is_left_alone(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    path = folder / "camera-0001.mjr"
    changed = bytearray(path.read_bytes())
    changed[300] ^= 1
    path.write_bytes(changed)
    rows = (folder / LEDGER).read_bytes()
    with pytest.raises(FolderError) as refused:
        repair(folder, ID, KEY, complete=True)
    assert refused.value.reason == "tampered"
    assert path.read_bytes() == changed
    assert (folder / LEDGER).read_bytes() == rows


def test_what_is_written_at_the_moment_is_left_alone(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    with LedgerFile.open(folder), pytest.raises(FolderError) as refused:
        repair(folder, ID, None)
    assert refused.value.reason == "busy"


def test_a_journal_without_a_header_is_removed(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.row("segment_opened", track="camera", file="camera-0001.mjr", ssrc=1, codec="vp8")
    folder = tape.stop()
    (folder / "camera-0001.mjr").write_bytes(b"MJR000")
    repair(folder, ID, KEY, complete=True)
    assert not (folder / "camera-0001.mjr").exists()
    assert Verifier(folder, PUBLIC).verify().state == "ok"


def test_a_journal_no_row_knows_yet_is_taken_in(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    data = (folder / "camera-0001.mjr").read_bytes()
    (folder / "camera-0002.mjr").write_bytes(data)
    assert set(repair(folder, ID, KEY, complete=True).closed) == {"camera-0001.mjr", "camera-0002.mjr"}
    assert Verifier(folder, PUBLIC).verify().state == "ok"


OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def cut_rows(folder: Path, count: int) -> None:
    """Take the last rows away, which leaves a chain that is whole."""
    lines = (folder / LEDGER).read_bytes().splitlines(keepends=True)
    (folder / LEDGER).write_bytes(b"".join(lines[:-count]))


def rewrite(folder: Path) -> None:
    """Make another ledger, with hashes that fit, of which a row more is nobody's."""
    rows = ledger_file.read(folder).rows
    chain, data = ledger.Chain(), b""
    for row in rows:
        fields = {**row.fields, "cause": "candidate-left"} if row.event == "gap" else row.fields
        data += chain.append(row.event, row.at, fields)
    (folder / LEDGER).write_bytes(data + chain.append("clock_stepped", rows[-1].at, {"by_s": 0.2}))


def sign_as(key: Ed25519PrivateKey) -> Callable[[Path], None]:
    """Sign what is there with a key."""

    def sign(folder: Path) -> None:
        found = ledger_file.read(folder)
        seal(folder, ID, found.rows, found.end, key)
        with LedgerFile.open(folder) as file:
            file.append("clock_stepped", found.rows[-1].at, {"by_s": 0.2})

    return sign


def flip_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_bytes((folder / MANIFEST).read_bytes().replace(b'"gaps": 1', b'"gaps": 0'))


def slip_in(folder: Path) -> None:
    """Put another journal in."""
    (folder / "camera-0003.mjr").write_bytes((folder / "camera-0002.mjr").read_bytes())


TAMPERED: dict[str, Callable[[Path], None]] = {
    "rows cut off": lambda folder: cut_rows(folder, 3),
    "another ledger": rewrite,
    "another key": sign_as(OTHER),
    "an edited manifest": flip_manifest,
}


@pytest.mark.parametrize("how", [*TAMPERED, "a journal more"])
@pytest.mark.parametrize("complete", [False, True])
def test_nothing_is_signed_that_somebody_else_changed(tmp_path: Path, how: str, complete: bool) -> None:
    folder = finished(tmp_path)
    TAMPERED.get(how, slip_in)(folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    with pytest.raises(FolderError) as refused:
        repair(folder, ID, KEY, complete=complete)
    assert refused.value.reason == "tampered"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    assert Verifier(folder, PUBLIC).verify().state == "tampered"


@pytest.mark.parametrize("how", TAMPERED)
def test_what_becomes_of_it_is_not_signed_either(tmp_path: Path, how: str) -> None:
    folder = finished(tmp_path)
    TAMPERED[how](folder)
    by = {"kind": "daemon"}
    keeping.hold(folder, ID, held=True, by=by, reason="appeal 17", key=KEY)
    assert Verifier(folder, PUBLIC).verify().state == "tampered"
    kept = archive.look(ID, folder)
    assert how == "an edited manifest" or (kept.summary is not None and kept.summary.held), "it is held all the same"
    keeping.hold(folder, ID, held=False, by=by, reason="", key=KEY)
    assert not keeping.erase(folder, ID, by=by, reason="asked for", key=KEY).signed
    assert journals(folder) == []
    assert Verifier(folder, PUBLIC).verify().state == "tampered"


def test_that_a_manifest_was_missing_is_seen_for_ever(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    (folder / MANIFEST).unlink()
    repair(folder, ID, KEY)
    (row,) = [row for row in ledger_file.read(folder).rows if row.event == "repaired"]
    assert row.fields["manifest"] == "missing"
    assert Verifier(folder, PUBLIC).verify().state == "ok"


def test_what_needs_no_repair_is_not_touched(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()}
    # Whose key it is does not matter then.
    assert not repair(folder, ID, OTHER).signed
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in folder.iterdir()} == before
