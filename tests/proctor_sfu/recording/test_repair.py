"""Repair cuts off what is torn and nothing else, says so, and refuses what was changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from proctor_sfu.errors import FolderError
from proctor_sfu.recording import ledger, ledger_file, manifest
from proctor_sfu.recording.folder import LEDGER, MANIFEST
from proctor_sfu.recording.journal import PACKET
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.reading import JournalFile
from proctor_sfu.recording.repair import repair
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
