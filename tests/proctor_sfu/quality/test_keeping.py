"""What a monitor keeps while it looks: whole, once, safe on the disk, and under no name that is masked."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.events import Event
from proctor_sfu.control.api.masking import Mask
from proctor_sfu.control.api.plain import plain
from proctor_sfu.errors import ArchiveError, RefusedError
from proctor_sfu.quality.archive import Archive
from proctor_sfu.quality.keeping import Keeper
from support.crowd import BEGIN, Crowd

FIRST = BEGIN.timestamp() + 1


def event(number: int, peer: str = "s20230000", **details: object) -> Event:
    told = {"role": "candidate", "name": "Ana Kovač"} | details
    return Event(
        number=number, at=timestamp(FIRST + number), kind="peer_entered", room="exam-101", peer=peer, details=told
    )


def everything(path: Path) -> str:
    """Return all an archive has, as text."""
    with Archive(path) as archive:
        told = [dataclasses.asdict(each) for each in archive.events()]
        return json.dumps(told + [plain(each.frame) for each in archive.frames()], ensure_ascii=False)


def test_it_is_a_history_of_what_was_told(tmp_path: Path) -> None:
    crowd, path = Crowd(3, rooms=1), tmp_path / "seen.psfurec"
    shown = [crowd.frame() for _ in range(3)]
    with Keeper(path) as keeper:
        keeper.event(event(0))
        for frame in shown:
            keeper.frame(frame)
        keeper.event(event(0))
        keeper.event(event(2, "s20230007"))
    with Archive(path) as archive:
        assert [each.frame for each in archive.frames()] == shown
        assert (archive.begin, archive.end, archive.node) == (FIRST, FIRST + 2, "exam-host-1")
        assert [each.peer for each in archive.events()] == ["s20230000", "s20230007"], "what is told again is known"
    assert [each.name for each in tmp_path.iterdir()] == ["seen.psfurec"], "nothing is left beside it"
    assert (keeper.kept, keeper.lost, keeper.problem) == (3, 0, "")


def test_what_was_kept_is_there_whatever_becomes_of_the_monitor(tmp_path: Path) -> None:
    crowd, path = Crowd(3), tmp_path / "seen.psfurec"
    keeper = Keeper(path)
    keeper.event(event(0))
    keeper.frame(crowd.frame())
    with Archive(path) as archive:  # It is not closed, as after a kill.
        assert (archive.count, len(archive.events())) == (1, 1)
    keeper.close()
    keeper.frame(crowd.frame())
    keeper.event(event(1))
    with Archive(path) as archive:
        assert archive.count == 1, "what a reader still has when all is over is not kept"


def test_nobody_has_a_name_behind_a_mask(tmp_path: Path) -> None:
    crowd, path = Crowd(3, rooms=1), tmp_path / "seen.psfurec"
    with Keeper(path, mask=Mask(b"0123456789abcdef")) as keeper:
        keeper.event(event(0, note="Ana looks away"))
        keeper.event(event(1, "zoe", name="Zoe Short", by="s20230000"))
        keeper.frame(crowd.frame())
        keeper.event(event(2, "s20230007", name="Björn Söderström"))
    told = everything(path)
    assert "P-" in told
    for word in ("Ana", "s2023", "zoe", "Zoe", "Björn", "198.51", "Ruth", "proctor-1"):
        assert word not in told, word
    assert told.count("peer_entered") == 3


def test_a_file_that_is_there_is_not_touched_and_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(RefusedError, match="mine: it is there already; choose another name"):
        Keeper(tmp_path / "mine")
    assert (tmp_path / "mine").read_text() == "mine"
    with pytest.raises(ArchiveError, match=r"seen: unable to open database file"):
        Keeper(tmp_path / "none" / "seen")


def test_without_a_single_second_there_is_no_file(tmp_path: Path) -> None:
    with Keeper(tmp_path / "seen.psfurec") as keeper:
        keeper.event(event(0))
    assert not keeper.kept and not [*tmp_path.iterdir()]


def test_a_disk_that_fails_is_told_and_costs_the_seconds_it_fails(tmp_path: Path) -> None:
    crowd, path = Crowd(3), tmp_path / "seen.psfurec"
    with Keeper(path) as keeper:
        keeper.frame(crowd.frame())
        pages = keeper._writer._db.execute("PRAGMA page_count").fetchone()[0]
        keeper._writer._db.execute(f"PRAGMA max_page_count = {pages}")  # As full as a disk can be.
        for _ in range(100):
            keeper.frame(crowd.frame())
        before = keeper.kept
        assert before < 100 and keeper.lost == 101 - before and "full" in keeper.problem
        keeper._writer._db.execute("PRAGMA max_page_count = 100000")
        keeper.frame(crowd.frame())
        assert keeper.problem == "" and keeper.kept == before + 1
    with Archive(path) as archive:
        assert [each.frame.seq for each in archive.frames()] == [*range(1, before + 1), 102]
