"""Every key, on screens fed by a script that stands for the daemon's streams."""

from __future__ import annotations

import base64
import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Input, OptionList

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.client import Client
from psfu_tui import start
from psfu_tui.links import Link
from psfu_tui.screens.candidate import CandidateScreen
from psfu_tui.screens.candidates import CandidatesScreen
from psfu_tui.screens.chooser import ColumnChooser
from psfu_tui.screens.confirm import Confirm
from psfu_tui.screens.help import Help
from psfu_tui.screens.table import TableScreen
from support.impostor import impostor
from support.watching import Watching, happening, watching

from .test_columns import RECORDING

DISK = {
    "directory": "/srv", "free_bytes": 80 * 2**30, "size_bytes": 10**12, "rate": 0.0, "speed": None, "hours_left": 31.0,
    "reserve_bytes": 0, "trouble": "", "reason": "", "recording": 0, "refused": 2, "public_key": "",
}  # fmt: skip


def uses(*ids: str) -> None:
    """Say which bindings a test tries; `test_every_key_is_tried` reads it."""
    assert {*ids} <= {each.id for each in start.bindings()}


def head(watched: Watching) -> str:
    """The line with the tabs, the sort, the filter and the count."""
    return watched.lines()[1]


async def test_it_begins_with_the_worst_candidate_and_the_cursor_on_it() -> None:
    async with watching(count=60) as watched:
        assert watched.rows[0] == "s20230077"
        assert watched.table.cursor == ("exam-102", "s20230077")
        assert "✖" in watched.lines()[3]
        assert "by health ↑  60" in head(watched)


async def test_numbers_lead_to_the_screens_and_back() -> None:
    uses("screen.rooms", "screen.candidates", "screen.workers", "screen.events", "screen.tree", "screen.proctors")
    async with watching() as watched:
        for key, title, noun in [("1", "Rooms", "exam-101"), ("3", "Workers", "4711"), ("5", "Events", "nothing"),
                                 ("6", "Tree", "worker 4711"), ("7", "Proctors", "Ruth Meier"),
                                 ("2", "Candidates", "Ana Kovač")]:  # fmt: skip
            await watched.press(key)
            await watched.seconds()
            assert f"{key} {title}" in head(watched)
            assert noun in watched.text() or (key == "5" and "no events" in watched.text())


async def test_recordings_are_a_screen_only_where_a_daemon_can_be_asked(tmp_path: Path) -> None:
    uses("screen.recordings")
    async with watching() as watched:
        await watched.press("4")
        assert isinstance(watched.app.screen, CandidatesScreen)
        assert "Recordings" not in head(watched)

    def answer(method: str, target: str) -> tuple[int, bytes]:
        if target.endswith("/disk"):
            return 200, json.dumps(DISK).encode()
        return 200, json.dumps({"items": [dataclasses.asdict(RECORDING)]}).encode()

    with impostor(tmp_path / "s", answer) as path:
        async with watching(client=Client(path), size=(160, 30)) as watched:
            await watched.press("4")
            await watched.until("cand-001", "camera (stalled)", "80 GiB free, 1d07h left", "2 not recorded")
            await watched.press("x")
            assert "cand-001" not in watched.text()
            await watched.press("enter")
            assert isinstance(watched.app.screen, CandidateScreen)
    with impostor(tmp_path / "t", lambda method, target: (500, b'{"error":{"code":"x","message":"the disk is gone"}}')):
        async with watching(client=Client(tmp_path / "t"), mode="recordings") as watched:
            await watched.until("the disk is gone")


async def test_the_cursor_moves_and_stays_with_its_row() -> None:
    uses("table.up", "table.down", "table.first", "table.last", "table.page_up", "table.page_down")
    async with watching(count=60) as watched:
        rows = watched.rows
        for key, place in [("down", 1), ("j", 2), ("up", 1), ("k", 0), ("end", 59), ("G", 59), ("home", 0), ("g", 0),
                           ("pagedown", 25), ("ctrl+f", 50), ("pageup", 25), ("ctrl+b", 0), ("k", 0)]:  # fmt: skip
            await watched.press(key)
            assert rows.index(watched.table.cursor[-1]) == place, key  # type: ignore[index]
        await watched.press("down", "down")
        cursor = watched.table.cursor
        await watched.press("r")
        assert watched.table.cursor == cursor
        assert watched.rows.index("s20230077") > 40


async def test_a_row_that_goes_leaves_the_cursor_where_it_was() -> None:
    async with watching(count=5) as watched:
        await watched.press("down")
        gone, after = watched.rows[1], watched.rows[2]

        def without(frame: Frame) -> Frame:
            return dataclasses.replace(frame, candidates=tuple([c for c in frame.candidates if c.id != gone]))

        await watched.seconds(1, without)
        assert watched.table.cursor is not None and watched.table.cursor[-1] == after
        await watched.seconds(1, lambda frame: dataclasses.replace(frame, candidates=()))
        assert watched.table.cursor is None
        assert "no candidates" in watched.text()
        await watched.press("down", "enter", "m", "y", "e", "F")
        assert isinstance(watched.app.screen, CandidatesScreen)


async def test_sorting_by_keys_and_by_clicks() -> None:
    uses("table.sort_next", "table.sort_previous", "table.reverse")
    async with watching(count=20) as watched:
        await watched.press(">")
        assert "by camera ↑" in head(watched)
        await watched.press("<", "<")
        assert "by state ↑" in head(watched)
        await watched.press("r")
        assert "by state ↓" in head(watched)
        x = watched.lines()[2].index("loss %")
        await watched.pilot.click(watched.table, offset=(x, 0))
        assert "by loss ↓" in head(watched)
        assert (
            "loss ↓" in watched.lines()[2] or "loss↓" in watched.lines()[2] or "loss %"[:5] + "↓" in watched.lines()[2]
        )
        await watched.pilot.click(watched.table, offset=(x, 0))
        assert "by loss ↑" in head(watched)


async def test_a_click_chooses_a_row_and_two_open_it() -> None:
    async with watching(count=20) as watched:
        await watched.pilot.click(watched.table, offset=(5, 4))
        assert watched.table.cursor is not None and watched.table.cursor[-1] == watched.rows[3]
        await watched.pilot.click(watched.table, offset=(5, 4), times=2)
        await watched.settle()
        assert isinstance(watched.app.screen, CandidateScreen)


async def test_tabs_and_keys_can_be_clicked() -> None:
    async with watching() as watched:
        await watched.pilot.click("TabLine", offset=(head(watched).index("Workers"), 0))
        await watched.seconds()
        assert "4711" in watched.text()
        await watched.pilot.click("KeyLine", offset=(watched.lines()[-1].index("Pause"), 0))
        await watched.settle()
        assert watched.app.model.paused


async def test_typing_a_filter_narrows_with_every_letter() -> None:
    uses("table.filter", "filter.clear", "filter.complete", "back")
    async with watching(count=60) as watched:
        await watched.press("/", *"loss>1")
        assert "/loss>1  2 of 60" in head(watched)
        await watched.press("enter")
        await watched.seconds(2)
        assert "/loss>1  2 of 60" in head(watched)
        await watched.press("escape")
        assert "  60" in head(watched)
        await watched.press("/", *"sta", "tab", *"reco", "tab", "enter")
        assert "/state:reconnecting" in head(watched)
        await watched.press("/", "escape")
        assert "reconnecting" not in head(watched)
        await watched.press("/", *"nobody", "enter")
        assert "none of 60 candidates fits" in watched.text()


async def test_a_filter_that_is_not_understood_says_why_and_changes_nothing() -> None:
    async with watching(count=60) as watched:
        await watched.press("/", *"los>3")
        assert "at 1: candidates have no 'los'; 'loss'?" in watched.text()
        assert "  60" in head(watched)
        await watched.press("enter")
        assert watched.app.screen.query_one(Input).has_focus
        await watched.press("home", "delete", "delete", "delete", *"loss", "enter")
        assert "/loss>3  2 of 60" in head(watched)


async def test_problems_only() -> None:
    uses("table.problems")
    async with watching(count=60) as watched:
        await watched.press("!")
        assert "problems only  5 of 60" in head(watched)
        await watched.press("ctrl+z")
        assert "problems only" not in head(watched)
        await watched.press("!", "escape")
        assert "problems only" not in head(watched)


async def test_columns_move_and_all_of_them_can_be_seen() -> None:
    uses("table.left", "table.right", "table.wide")
    async with watching(size=(80, 20)) as watched:
        usual = watched.lines()[2]
        await watched.press("right", "l")
        assert watched.lines()[2] != usual
        assert "candidate" in watched.lines()[2], "the name stays"
        await watched.press("left", "h", "left")
        assert watched.lines()[2] == usual
        await watched.press("w")
        assert watched.lines()[2].endswith("›")
        await watched.press("w")
        assert watched.lines()[2] == usual


async def test_choosing_columns() -> None:
    uses("table.columns", "chooser.toggle", "chooser.left", "chooser.right", "chooser.usual", "chooser.close")
    async with watching() as watched:
        await watched.press("c")
        chooser = watched.app.screen
        assert isinstance(chooser, ColumnChooser)
        options = chooser.query_one(OptionList)
        names = [str(each.prompt).split()[2] for each in options.options]
        options.highlighted = names.index("id")
        await watched.press("space", "[", "[")
        assert "--columns" in watched.text()
        options.highlighted = names.index("level")
        await watched.press("enter", "]", "escape")
        assert " id " in watched.lines()[2]
        await watched.press("c", "ctrl+r")
        assert " id " not in watched.lines()[2]
        await watched.press("c", "q")
        assert isinstance(watched.app.screen, CandidatesScreen)


async def test_the_last_column_cannot_be_taken_away() -> None:
    async with watching() as watched:
        await watched.press("c")
        await watched.press(*["space", "down"] * len(watched.app.screen._codes))  # type: ignore[attr-defined]
        assert "--columns o" in watched.text()
        await watched.press("escape")
        assert [each.name for each in watched.table.columns] == ["why"]


async def test_following_keeps_the_row_in_sight() -> None:
    uses("table.follow")
    async with watching(count=60, size=(120, 16)) as watched:
        await watched.press("F", "r")
        assert "following" in head(watched)
        assert watched.rows.index("s20230077") > 40
        name = next(line for line in watched.lines() if "✖" in line and "Liam" in line)
        assert name
        await watched.press("F")
        assert "following" not in head(watched)


async def test_marks_are_copied_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    uses("table.mark", "table.unmark", "table.copy", "table.copy_json")
    async with watching(count=8) as watched:
        copied: list[str] = []
        monkeypatch.setattr(watched.app, "copy_to_clipboard", copied.append)
        await watched.press("y")
        await watched.press("m", "m", "y", "Y")
        first, second = watched.rows[:2]
        assert "2 marked" in head(watched)
        assert watched.lines()[3].startswith("✖▌")
        assert copied[0].endswith(first)
        assert sorted(copied[1].splitlines()) == sorted(f"{room}/{peer}" for room, peer in watched.table.marks)
        assert [each["id"] for each in json.loads(copied[2])] == sorted([first, second])
        await watched.press("M", "y")
        assert "marked" not in head(watched)
        assert len(copied[3].splitlines()) == 1


async def test_a_copy_goes_to_the_terminal_as_one_sequence() -> None:
    async with watching() as watched:
        assert watched.app._driver is not None
        written: list[str] = []
        watched.app._driver.write = written.append  # type: ignore[method-assign]
        await watched.press("y")
        found = next(each for each in written if "]52;" in each)
        encoded = found.removeprefix("\x1b]52;c;").removesuffix("\a")
        assert base64.b64decode(encoded).decode().endswith(watched.rows[0])


async def test_pausing_freezes_the_picture_and_says_so() -> None:
    uses("pause")
    async with watching() as watched:
        await watched.press("p")
        before = watched.lines()[4:]
        await watched.seconds(3)
        await watched.silence(0)
        assert watched.lines()[4:] == before
        assert watched.lines()[2].startswith(" PAUSED  for 3s · this is 13:00:01")
        await watched.press("space")
        assert "PAUSED" not in watched.text()
        assert "13:00:04" in watched.lines()[0]


async def test_a_daemon_that_goes_and_comes_back_cannot_be_overlooked() -> None:
    async with watching() as watched:
        await watched.link(Link(state="disconnected", text="no daemon at /run/psfu/control.sock"))
        await watched.silence(12)
        assert watched.lines()[2].startswith(" DISCONNECTED  for 12s · numbers are of 13:00:01 · no daemon at /run")
        assert watched.app.screen.has_class("-stale")
        await watched.link(Link(state="live"))
        await watched.seconds()
        assert "DISCONNECTED" not in watched.text()
        assert not watched.app.screen.has_class("-stale")


async def test_silence_is_told_too() -> None:
    async with watching() as watched:
        await watched.silence(3)
        assert "LATE" not in watched.text()
        await watched.silence(4)
        assert watched.lines()[2].startswith(" LATE  no news for 7s")


async def test_before_the_first_numbers() -> None:
    async with watching(live=False) as watched:
        assert "CONNECTING" in watched.text()
        assert "waiting for the first numbers" in watched.text()
        for key in ("1", "3", "5", "6", "7", "2", "enter", "F", "y", "ctrl+s", "?"):
            await watched.press(key)


async def test_slower_and_faster() -> None:
    uses("slower", "faster")
    async with watching() as watched:
        await watched.press("minus", "minus")
        await watched.seconds(4)
        assert "13:00:01" in watched.lines()[0]
        await watched.seconds()
        assert "13:00:06" in watched.lines()[0]
        await watched.press("plus", "plus", "plus")
        await watched.seconds()
        assert "13:00:07" in watched.lines()[0]


async def test_a_room_opens_into_its_candidates() -> None:
    uses("table.open")
    async with watching(mode="rooms") as watched:
        await watched.press("enter")
        await watched.seconds()
        assert "› exam-102" in head(watched)
        assert {key[0] for key in watched.table.keys} == {"exam-102"}
        assert "room" not in watched.lines()[2]
        await watched.press("enter")
        assert isinstance(watched.app.screen, CandidateScreen)
        await watched.press("escape", "escape")
        assert "1 Rooms" in head(watched) and "›" not in head(watched)


async def test_one_candidate_with_all_that_is_known_and_the_next_one() -> None:
    uses("candidate.next", "candidate.previous", "candidate.events")
    async with watching(count=12, size=(120, 40)) as watched:
        await watched.happened(happening("is missing", room="exam-102", peer="s20230077", level="bad"))
        await watched.seconds(3)
        await watched.press("enter")
        text = watched.text()
        for told in ("Liam Murphy", "s20230077", "reconnecting", "nothing arrives although nothing is paused", "camera",
                     "microphone", "2400 kb/s (twcc)", "round trip", "is missing", "proctor-4"):  # fmt: skip
            assert told in text, told
        await watched.press("n")
        assert "s20230077" not in watched.text()
        await watched.press("N")
        assert "s20230077" in watched.text()
        await watched.press("e")
        assert "peer=" in head(watched)
        assert watched.rows and len(watched.rows) == 1


async def test_a_candidate_that_left_is_told_and_its_last_numbers_stay() -> None:
    async with watching(count=3) as watched:
        await watched.press("enter")
        await watched.seconds(1, lambda frame: dataclasses.replace(frame, candidates=()))
        assert "gone" in watched.text()
        assert "kb/s" in watched.text()


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
        await watched.press("escape")
        assert "about another" in watched.text()
        await watched.press("end", "enter")
        assert isinstance(watched.app.screen, CandidateScreen)


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
        assert "› exam-101" in head(watched)


async def test_a_filtered_tree_keeps_what_a_node_hangs_on() -> None:
    async with watching(mode="tree", count=6) as watched:
        await watched.press("/", *"kova", "enter")
        assert watched.rows == ["4711", "exam-101", "s20230000"]
        assert "by" not in head(watched)


async def test_the_mask_hides_people_on_every_screen() -> None:
    uses("mask")
    names = ("Ana", "Björn", "s2023", "198.51", "Ruth", "proctor-1", "192.0")
    async with watching(count=4, size=(200, 40)) as watched:
        await watched.happened(happening("noted by eve", note="Ana looks away", people=("s20230000",)))
        await watched.press("w")
        assert any(name in watched.text() for name in names)
        await watched.press("x")
        screens = ["2", "1", "5", "6", "7"]
        for key in screens:
            await watched.press(key)
            await watched.seconds()
            shown = watched.text() + watched.app.export_screenshot()
            assert [name for name in names if name in shown] == [], key
            assert "masked" in watched.lines()[0]
        await watched.press("2", "enter")
        await watched.seconds()
        assert [name for name in names if name in watched.text()] == []
        await watched.press("colon", *"cand")
        assert [name for name in names if name in await watched.until("Candidate P-")] == []
        await watched.press("escape", "x")
        assert any(name in watched.text() for name in names)


async def test_saving_keeps_picture_and_numbers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    uses("save")
    monkeypatch.chdir(tmp_path)
    async with watching(count=3, masked=True) as watched:
        await watched.press("ctrl+s", "ctrl+s")
        await watched.until("saved psfu-exam-host-1-20261123T130001.svg")
    names = sorted(path.name for path in tmp_path.iterdir())
    stem = "psfu-exam-host-1-20261123T130001"
    assert names == [f"{stem}-2.json", f"{stem}-2.svg", f"{stem}.json", f"{stem}.svg"]
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in tmp_path.iterdir())
    saved = json.loads((tmp_path / f"{stem}.json").read_text())
    assert len(saved["candidates"]) == 3
    assert "Ana" not in (tmp_path / f"{stem}.json").read_text() + (tmp_path / f"{stem}.svg").read_text()


async def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    async with watching() as watched:
        await watched.press("ctrl+s")
        await watched.until("cannot save")


async def test_help_tells_every_key_of_the_screen() -> None:
    uses("help", "help.close")
    async with watching(size=(120, 60)) as watched:
        wanted = {each.binding.description for each in watched.app.screen.active_bindings.values() if each.binding.id}
        await watched.press("?")
        assert isinstance(watched.app.screen, Help)
        text = watched.text()
        assert [each for each in wanted if each and each not in text] == []
        assert "Columns of candidates" in text
        await watched.press("f1")
        assert isinstance(watched.app.screen, TableScreen)
        await watched.press("f1", "1", "escape")
        assert isinstance(watched.app.screen, CandidatesScreen), "numbers lead nowhere behind a dialog"


async def test_the_palette_finds_keys_rooms_and_people() -> None:
    uses("palette")
    async with watching(count=20) as watched:
        await choose(watched, "reverse the", "Reverse the order")
        assert "by health ↓" in head(watched)
        await choose(watched, "elif", "Candidate Elif Yılmaz")
        assert isinstance(watched.app.screen, CandidateScreen)
        await choose(watched, "room exam-102", "Room exam-102")
        await watched.until("› exam-102")
        await choose(watched, "theme psfu-light", "Theme psfu-light")
        assert watched.app.theme == "psfu-light"


async def choose(watched: Watching, typed: str, shown: str) -> None:
    """Take the first command the palette finds."""
    await watched.press("colon", *typed)
    await watched.until(shown)
    await watched.press("enter")
    if watched.app.screen.is_modal:
        await watched.press("enter")


@pytest.mark.parametrize(("key", "kept"), [("q", False), ("Q", True), ("ctrl+c", False)])
async def test_quitting(key: str, kept: bool) -> None:
    uses("quit", "quit_keeping", "interrupt")
    async with watching() as watched:
        await watched.press(key)
        text = watched.app.return_value
        assert (text is not None and "Ana Kovač" in text and "\x1b" not in text) is kept
        assert watched.app.return_code == 0


async def test_keys_can_be_others() -> None:
    async with watching(keys={"pause": "f9", "table.follow": "z"}) as watched:
        await watched.press("p")
        assert not watched.app.model.paused
        await watched.press("f9", "z")
        assert watched.app.model.paused
        assert watched.table.following
        assert "f9 Pause" in watched.lines()[-1]


# Deeds.


async def test_without_being_allowed_nothing_can_be_done(tmp_path: Path) -> None:
    requests: list[tuple[str, str]] = []

    def answer(method: str, target: str) -> tuple[int, bytes]:
        requests.append((method, target))
        return 200, b'{"items":[]}'

    with impostor(tmp_path / "s", answer) as path:
        async with watching(client=Client(path)) as watched:
            for key in ("K", "R", "enter", "K", "R", "escape", "1", "K", "R", "7", "K"):
                await watched.press(key)
                assert not isinstance(watched.app.screen, Confirm)
            assert "Kick" not in watched.text()
    assert [method for method, _ in requests if method != "GET"] == []


PEER: dict[str, Any] = {
    "id": "s20230000", "room": "exam-101", "name": "x", "role": "candidate", "state": "live", "connected_at": "x",
    "address": "x", "transport": None, "sources": [], "consumers": 0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "key", "ids", "request_"),
    [
        ("candidates", "K", ("candidate.kick",), ("DELETE", "/v1/rooms/exam-101/candidates/s20230000?reason=bye")),
        ("rooms", "K", ("room.close",), ("DELETE", "/v1/rooms/exam-101?reason=bye")),
        ("proctors", "K", ("proctor.kick",), ("DELETE", "/v1/rooms/exam-101/candidates/proctor-3?reason=bye")),
        ("candidates", "R", ("candidate.record",), ("POST", "/v1/recordings/start")),
        ("rooms", "R", ("room.record",), ("POST", "/v1/recordings/start")),
    ],
)
async def test_a_deed_is_done_once_its_name_is_typed(
    tmp_path: Path, mode: str, key: str, ids: tuple[str, ...], request_: tuple[str, str]
) -> None:
    uses(*ids, "confirm.cancel", "confirm.next", "candidate.kick_this", "candidate.record_this")
    requests: list[tuple[str, str]] = []

    def answer(method: str, target: str) -> tuple[int, bytes]:
        requests.append((method, target))
        return 409, b'{"error":{"code":"conflict","message":"not \\u001b[2J now"}}'

    with impostor(tmp_path / "s", answer) as path:
        async with watching(client=Client(path), mode=mode, count=1, allow_actions=True) as watched:
            await watched.press(key)
            assert isinstance(watched.app.screen, Confirm)
            await watched.press(*"wrong", "enter")
            assert "that is not the name" in watched.text()
            await watched.press("escape")
            assert requests == []
            await watched.press(key)
            word = watched.app.screen._word  # type: ignore[attr-defined]
            await watched.press(*word, "tab", *"bye", "enter")
            await watched.app.workers.wait_for_complete()
            await watched.settle()
            assert [(method, target.partition("&")[0]) for method, target in requests] == [request_]
            await watched.until("not [2J now")


async def test_under_the_mask_a_name_nobody_knows_is_typed(tmp_path: Path) -> None:
    requests: list[str] = []

    def answer(method: str, target: str) -> tuple[int, bytes]:
        requests.append(target)
        return 200, json.dumps(PEER).encode()

    with impostor(tmp_path / "s", answer) as path:
        async with watching(client=Client(path), count=1, allow_actions=True, masked=True) as watched:
            await watched.press("enter", "K")
            assert "s2023" not in watched.text()
            word = watched.app.screen._word  # type: ignore[attr-defined]
            await watched.press(*word, "enter")
            await watched.app.workers.wait_for_complete()
            await watched.settle()
            assert requests[0].startswith("/v1/rooms/exam-101/candidates/s20230000?")
            await watched.until(f"{word} was kicked out of exam-101")


def test_every_key_is_tried() -> None:
    written = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [each.id for each in start.bindings() if f'"{each.id}"' not in written] == []
