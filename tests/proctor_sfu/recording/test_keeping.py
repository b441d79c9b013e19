"""Holds, erasures with their receipts, and what retention deletes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from proctor_sfu.errors import FolderError, SealedError
from proctor_sfu.recording import archive, keeping, keys, manifest
from proctor_sfu.recording.folder import KEY as KEY_FILE
from proctor_sfu.recording.folder import LEDGER, journals
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.reading import JournalFile
from proctor_sfu.recording.seal import finish
from proctor_sfu.recording.sealed import Sealer
from proctor_sfu.recording.verify import Verifier
from support.deck import rows
from support.recorded import ID, KEY, START_US, Tape, crashed, finished, rtp

PUBLIC = manifest.raw(KEY.public_key())
BY = {"kind": "process", "uid": 0}


def state(folder: Path) -> str:
    return Verifier(folder, PUBLIC).verify().state


def erase(folder: Path, recording: str = ID) -> keeping.Erased:
    return keeping.erase(folder, recording, by=BY, reason="asked for", key=KEY)


def test_an_erasure_leaves_a_receipt_in_the_chain(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    size = sum(path.stat().st_size for path in folder.glob("*.mjr"))
    receipt = erase(folder)
    assert receipt.files == ("camera-0001.mjr", "camera-0002.mjr", "microphone-0001.mjr")
    assert receipt.bytes == size
    assert journals(folder) == []
    row = rows(folder)[-1]
    assert (row.event, row.fields["by"], row.fields["reason"]) == ("erased", BY, "asked for")
    assert state(folder) == "erased"
    kept = archive.look(ID, folder)
    assert kept.summary is not None
    assert (kept.summary.erased, kept.summary.size, kept.summary.packets) == (True, 0, 22)


def test_a_second_erasure_writes_no_second_receipt(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    erase(folder)
    before = (folder / LEDGER).read_bytes()
    assert erase(folder).files == ()
    assert (folder / LEDGER).read_bytes() == before


def test_a_half_done_erasure_is_finished(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    with LedgerFile.open(folder) as file:
        file.append("erased", START_US / 1e6 + 99, {"files": ["camera-0001.mjr"], "bytes": 1, "by": BY, "reason": "x"})
    (folder / "camera-0001.mjr").unlink()
    assert erase(folder).files == ("camera-0002.mjr", "microphone-0001.mjr")
    assert state(folder) == "erased"


def test_one_that_was_never_finished_is_erased_and_finished(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    (folder / "screen-0001.mjr").write_bytes(b"MJR")
    assert erase(folder).files == ("camera-0001.mjr", "screen-0001.mjr")
    assert state(folder) == "erased"


def test_what_is_held_is_not_erased(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    keeping.hold(folder, ID, held=True, by=BY, reason="an appeal", key=KEY)
    assert state(folder) == "ok"
    with pytest.raises(FolderError) as refused:
        erase(folder)
    assert refused.value.reason == "held"
    assert len(journals(folder)) == 3
    keeping.hold(folder, ID, held=False, by=BY, reason="decided", key=KEY)
    erase(folder)
    assert [row.event for row in rows(folder)][-3:] == ["hold_set", "hold_released", "erased"]


def test_what_is_written_is_not_erased(tmp_path: Path) -> None:
    folder = crashed(tmp_path)
    with LedgerFile.open(folder), pytest.raises(FolderError) as refused:
        erase(folder)
    assert refused.value.reason == "busy"
    assert len(journals(folder)) == 1


def test_erasing_the_key_erases_every_copy(tmp_path: Path) -> None:
    master = bytes(range(32))
    tape = Tape(tmp_path)
    key = keys.new_recording_key(tape.folder, ID, master)
    path = tape.journal("camera", 1, packets=[rtp(n) for n in range(5)])
    plain = path.read_bytes()
    sealed = path.with_name("camera-0001.mjr.sealed")
    path.unlink()
    sealed.write_bytes(Sealer(key, bytes(8), ID, sealed.name).seal(plain))
    copy = sealed.read_bytes()
    assert b"MJR" not in copy
    assert [packet.data for packet in JournalFile(sealed, ID, key).packets()] == [rtp(n) for n in range(5)]
    tape.stop()
    erase(tape.folder)
    assert not (tape.folder / KEY_FILE).exists()
    with pytest.raises(SealedError, match="erased"):
        keys.recording_key(tape.folder, ID, master)


@pytest.mark.parametrize(("days", "later", "due"), [(0, 10_000, False), (30, 29, False), (30, 31, True)])
def test_retention_counts_from_the_last_packet(tmp_path: Path, days: int, later: int, due: bool) -> None:
    tape = Tape(tmp_path)
    tape.journal("camera", 1, packets=[rtp(n) for n in range(5)])
    tape.row("retention_set", retain_days=days)
    tape.finish()
    now = START_US / 1e6 + 86_400 * later
    assert [each.id for each in keeping.Retention().overdue(tmp_path, now)] == ([ID] if due else [])


def test_only_what_may_go_is_overdue_and_the_oldest_first(tmp_path: Path) -> None:
    names = [f"exam-101/{who}/20260101T090000Z" for who in ("old", "held", "erased", "older", "running")]
    for number, name in enumerate(names):
        tape = Tape(tmp_path, name)
        start = START_US - 10_000_000 * (name == names[3])
        tape.journal("camera", 1, packets=[rtp(n) for n in range(5)], start_us=start)
        tape.row("retention_set", retain_days=1)
        if number == 1:
            tape.row("hold_set", by=BY, reason="")
        tape.ledger.close()
        if number != 4:
            finish(tape.folder, name, {}, KEY)
        if number == 2:
            erase(tape.folder, name)
    retention = keeping.Retention()

    def overdue(days: int) -> list[str]:
        return [each.id for each in retention.overdue(tmp_path, START_US / 1e6 + 86_400 * days)]

    assert overdue(0) == []
    assert overdue(5) == [names[3], names[0]]
    # What is known is known no longer when somebody changes it.
    keeping.hold(tmp_path / names[3], names[3], held=True, by=BY, reason="an appeal", key=KEY)
    assert overdue(5) == [names[0]]
    keeping.hold(tmp_path / names[1], names[1], held=False, by=BY, reason="decided", key=KEY)
    assert sorted(overdue(5)) == sorted([names[0], names[1]])


def test_a_summary_says_until_when_it_is_kept(tmp_path: Path) -> None:
    tape = Tape(tmp_path)
    tape.journal("camera", 1, packets=[rtp(n) for n in range(101)])
    tape.row("retention_set", retain_days=30)
    summary = archive.look(ID, tape.finish()).summary
    assert summary is not None
    kept = datetime.fromisoformat(summary.retain_until) - datetime.fromisoformat(summary.begun_at)
    assert kept.days == 30
    assert (summary.tracks, summary.packets, summary.ended_at) == ("camera", 101, "2026-01-01T09:00:01.000Z")


def test_a_folder_of_recordings_at_a_glance(tmp_path: Path) -> None:
    finished(tmp_path)
    crashed(tmp_path, "exam-101/bob/20260101T090000Z")
    damaged = finished(tmp_path, "exam-102/cat/20260101T090000Z")
    (damaged / "manifest.json").write_text("{}")
    (tmp_path / "exam-103").write_text("a file")
    (tmp_path / "exam-104" / "..hidden").mkdir(parents=True)
    assert [(each.id, each.state) for each in archive.kept(tmp_path)] == [
        (ID, "finished"),
        ("exam-101/bob/20260101T090000Z", "interrupted"),
        ("exam-102/cat/20260101T090000Z", "damaged"),
    ]
    assert [each.id for each in archive.kept(tmp_path, "exam-102")] == ["exam-102/cat/20260101T090000Z"]
    assert list(archive.kept(tmp_path, "../x")) == []


@pytest.mark.parametrize("name", ["", "a", "a/b", "a/b/c/d", "../b/c", "a/../c", "a/b/.", "/a/b/c", "a/b/c\n"])
def test_an_id_is_never_another_path(tmp_path: Path, name: str) -> None:
    with pytest.raises(FolderError) as refused:
        archive.find(tmp_path, name)
    assert refused.value.reason == "bad_data"
