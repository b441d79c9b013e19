"""The screens and the ways between them, fed by a script that stands for the daemon's streams."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from msgspec.structs import replace

from proctor_sfu.control.client import Client
from psfu_tui.screens.candidate import CandidateScreen
from psfu_tui.screens.candidates import CandidatesScreen
from support.impostor import impostor
from support.watching import happening, uses, watching

from .test_columns import RECORDING

DISK = {
    "directory": "/srv", "free_bytes": 80 * 2**30, "size_bytes": 10**12, "rate": 0.0, "expected_rate": 0.0,
    "speed": None, "hours_left": 31.0,
    "reserve_bytes": 0, "trouble": "", "reason": "", "recording": 0, "refused": 2, "public_key": "",
    "refusals": [{"code": "disk_full", "reason": "0 MiB are free", "candidates": ["exam-101/bob", "exam-101/cyd"]}],
}  # fmt: skip


async def test_it_begins_with_the_worst_candidate_and_the_cursor_on_it() -> None:
    async with watching(count=60) as watched:
        assert watched.rows[0] == "s20230077"
        assert watched.table.cursor == ("exam-102", "s20230077")
        assert "✖" in watched.lines()[3]
        assert "by health ↑  60" in watched.head


async def test_numbers_lead_to_the_screens_and_back() -> None:
    uses("screen.rooms", "screen.candidates", "screen.workers", "screen.events", "screen.tree", "screen.proctors")
    async with watching() as watched:
        for key, title, noun in [("1", "Rooms", "exam-101"), ("3", "Workers", "4711"), ("5", "Events", "nothing"),
                                 ("6", "Tree", "worker 4711"), ("7", "Proctors", "Ruth Meier"),
                                 ("2", "Candidates", "Ana Kovač")]:  # fmt: skip
            await watched.press(key)
            await watched.seconds()
            assert f"{key} {title}" in watched.head
            assert noun in watched.text() or (key == "5" and "no events" in watched.text())


async def test_recordings_are_a_screen_only_where_a_daemon_can_be_asked(tmp_path: Path) -> None:
    uses("screen.recordings")
    async with watching() as watched:
        await watched.press("4")
        assert isinstance(watched.app.screen, CandidatesScreen)
        assert "Recordings" not in watched.head

    def answer(method: str, target: str) -> tuple[int, bytes]:
        if target.endswith("/disk"):
            return 200, json.dumps(DISK).encode()
        return 200, json.dumps({"items": [dataclasses.asdict(RECORDING)]}).encode()

    with impostor(tmp_path / "s", answer) as path:
        async with watching(client=Client(path), size=(160, 30)) as watched:
            await watched.press("4")
            await watched.until("cand-001", "camera (stalled)", "80 GiB free, 1d07h left", "2 not recorded (disk_full)")
            await watched.press("x")
            assert "cand-001" not in watched.text()
            await watched.press("enter")
            assert isinstance(watched.app.screen, CandidateScreen)
    with impostor(tmp_path / "t", lambda method, target: (500, b'{"error":{"code":"x","message":"the disk is gone"}}')):
        async with watching(client=Client(tmp_path / "t"), mode="recordings") as watched:
            await watched.until("the disk is gone")


async def test_tabs_and_keys_can_be_clicked() -> None:
    async with watching() as watched:
        await watched.pilot.click("TabLine", offset=(watched.head.index("Workers"), 0))
        await watched.seconds()
        assert "4711" in watched.text()
        await watched.pilot.click("KeyLine", offset=(watched.lines()[-1].index("Pause"), 0))
        await watched.settle()
        assert watched.app.model.paused


async def test_a_room_opens_into_its_candidates() -> None:
    uses("table.open")
    async with watching(mode="rooms") as watched:
        await watched.press("enter")
        await watched.seconds()
        assert "› exam-102" in watched.head
        assert {key[0] for key in watched.table.keys} == {"exam-102"}
        assert "room" not in watched.lines()[2]
        await watched.press("enter")
        assert isinstance(watched.app.screen, CandidateScreen)
        await watched.press("escape", "escape")
        assert "1 Rooms" in watched.head and "›" not in watched.head


async def test_one_candidate_with_all_that_is_known_and_the_next_one() -> None:
    uses("candidate.next", "candidate.previous", "candidate.events")
    async with watching(count=12, size=(120, 40)) as watched:
        await watched.happened(happening("is missing", room="exam-102", peer="s20230077", level="bad"))
        await watched.seconds(3)
        await watched.press("enter")
        text = watched.text()
        for told in ("Liam Murphy", "s20230077", "reconnecting", "nothing arrives although nothing is paused", "camera",
                     "microphone", "2400 kb/s (client)", "round trip", "is missing", "proctor-4"):  # fmt: skip
            assert told in text, told
        await watched.press("n")
        assert "s20230077" not in watched.text()
        await watched.press("N")
        assert "s20230077" in watched.text()
        await watched.press("e")
        assert "peer=" in watched.head
        assert watched.rows and len(watched.rows) == 1


async def test_a_candidate_that_left_is_told_and_its_last_numbers_stay() -> None:
    async with watching(count=3) as watched:
        await watched.press("enter")
        await watched.seconds(1, lambda frame: replace(frame, candidates=()))
        assert "gone" in watched.text()
        assert "kb/s" in watched.text()


async def test_a_plot_says_nothing_of_now_when_nothing_is_known_of_it() -> None:
    async with watching(count=3, size=(120, 40)) as watched:
        await watched.press("enter")
        assert "sends –" not in watched.text()
        await watched.seconds(2, lambda frame: replace(
            frame, candidates=tuple([replace(each, bitrate=None) for each in frame.candidates]))
        )  # fmt: skip
        plot = next(line for line in watched.lines() if "highest" in line)
        assert plot.split()[:2] == ["sends", "–"]


async def test_events_of_a_row() -> None:
    uses("table.events")
    async with watching(count=3) as watched:
        key = watched.table.cursor
        assert key is not None
        await watched.happened(happening("about it", room=key[0], peer=key[1]), happening("about another", peer="x"))
        await watched.press("e")
        await watched.seconds()
        assert "about it" in watched.text()
        assert "about another" not in watched.text()
        await watched.press("5")
        assert "about another" in watched.text(), "a number leads to all of it"
        await watched.press("end", "enter")
        assert isinstance(watched.app.screen, CandidateScreen)


async def test_back_from_the_events_of_somebody_leads_to_where_they_were_asked_for() -> None:
    async with watching(count=3) as watched:
        await watched.happened(happening("about it"), happening("about another", peer="x"))
        await watched.press("enter")
        detail = watched.app.screen
        await watched.press("e", "escape")
        assert watched.app.screen is detail
        await watched.press("escape", "e", "escape")
        assert watched.table.table.noun == "candidates"
        await watched.press("5")
        await watched.press("escape")
        assert "about another" in watched.text(), "it was not asked for there, and nothing is left of the filter"


async def test_the_newest_event_is_on_top_unless_one_reads_on() -> None:
    async with watching(mode="events") as watched:
        await watched.happened(*[happening(f"event {number}") for number in range(50)])
        await watched.seconds()
        assert "event 49" in watched.lines()[3]
        await watched.happened(happening("event 50"))
        await watched.seconds()
        assert "event 50" in watched.lines()[3]
        await watched.press("down")
        await watched.happened(happening("event 51"))
        await watched.seconds()
        assert watched.table.record is not None and watched.table.record.text == "event 49"
        await watched.happened(happening("only this"), anew=True)
        await watched.seconds()
        assert watched.rows == ["000000053"]


async def test_the_tree_unfolds() -> None:
    uses("tree.unfold", "tree.fold")
    async with watching(mode="tree", count=4) as watched:
        assert "Ana Kovač" in watched.text()
        await watched.press("left")
        assert "Ana Kovač" not in watched.text()
        await watched.press("l")
        assert "Ana Kovač" in watched.text()
        place = next(n for n, key in enumerate(watched.table.keys) if key[-1] == "s20230000")
        watched.table.put_cursor(watched.table.keys[place])
        await watched.press("right")
        assert watched.rows[place + 1 : place + 4] == ["camera", "screen", "microphone"]
        await watched.press("down", "h")
        assert watched.table.cursor is not None and watched.table.cursor[-1] == "s20230000"
        await watched.press("enter")
        assert isinstance(watched.app.screen, CandidateScreen)
        await watched.press("escape", "home", "down", "enter")
        await watched.seconds()
        assert "› exam-101" in watched.head


async def test_a_filtered_tree_keeps_what_a_node_hangs_on() -> None:
    async with watching(mode="tree", count=6) as watched:
        await watched.press("/", *"kova", "enter")
        assert watched.rows == ["4711", "exam-101", "s20230000"]
        assert "by" not in watched.head
