"""What a table can: its cursor, sort, filter, columns, marks; on screens fed by a script."""

from __future__ import annotations

import base64
import json

import pytest
from msgspec.structs import replace
from textual.widgets import Input, OptionList

from proctor_sfu.control.api.quality import Frame
from psfu_tui.screens.candidate import CandidateScreen
from psfu_tui.screens.candidates import CandidatesScreen
from psfu_tui.screens.chooser import ColumnChooser
from support.watching import uses, watching


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
            return replace(frame, candidates=tuple([c for c in frame.candidates if c.id != gone]))

        await watched.seconds(1, without)
        assert watched.table.cursor is not None and watched.table.cursor[-1] == after
        await watched.seconds(1, lambda frame: replace(frame, candidates=()))
        assert watched.table.cursor is None
        assert "no candidates" in watched.text()
        await watched.press("down", "enter", "m", "y", "e", "F")
        assert isinstance(watched.app.screen, CandidatesScreen)


async def test_sorting_by_keys_and_by_clicks() -> None:
    uses("table.sort_next", "table.sort_previous", "table.reverse")
    async with watching(count=20) as watched:
        await watched.press(">")
        assert "by camera ↑" in watched.head
        await watched.press("<", "<")
        assert "by state ↑" in watched.head
        await watched.press("r")
        assert "by state ↓" in watched.head
        x = watched.lines()[2].index("loss %")
        await watched.pilot.click(watched.table, offset=(x, 0))
        assert "by loss ↓" in watched.head
        assert (
            "loss ↓" in watched.lines()[2] or "loss↓" in watched.lines()[2] or "loss %"[:5] + "↓" in watched.lines()[2]
        )
        await watched.pilot.click(watched.table, offset=(x, 0))
        assert "by loss ↑" in watched.head


async def test_a_click_chooses_a_row_and_two_open_it() -> None:
    async with watching(count=20) as watched:
        await watched.pilot.click(watched.table, offset=(5, 4))
        assert watched.table.cursor is not None and watched.table.cursor[-1] == watched.rows[3]
        await watched.pilot.click(watched.table, offset=(5, 4), times=2)
        await watched.settle()
        assert isinstance(watched.app.screen, CandidateScreen)


async def test_typing_a_filter_narrows_with_every_letter() -> None:
    uses("table.filter", "filter.clear", "filter.complete", "back")
    async with watching(count=60) as watched:
        await watched.press("/", *"loss>1")
        assert "/loss>1  2 of 60" in watched.head
        await watched.press("enter")
        await watched.seconds(2)
        assert "/loss>1  2 of 60" in watched.head
        await watched.press("escape")
        assert "  60" in watched.head
        await watched.press("/", *"sta", "tab", *"reco", "tab", "enter")
        assert "/state:reconnecting" in watched.head
        await watched.press("/", "escape")
        assert "reconnecting" not in watched.head
        await watched.press("/", *"nobody", "enter")
        assert "none of 60 candidates fits" in watched.text()


async def test_a_filter_that_is_not_understood_says_why_and_changes_nothing() -> None:
    async with watching(count=60) as watched:
        await watched.press("/", *"los>3")
        assert "at 1: candidates have no 'los'; 'loss'?" in watched.text()
        assert "  60" in watched.head
        await watched.press("enter")
        assert watched.app.screen.query_one(Input).has_focus
        await watched.press("home", "delete", "delete", "delete", *"loss", "enter")
        assert "/loss>3  2 of 60" in watched.head


async def test_problems_only() -> None:
    uses("table.problems")
    async with watching(count=60) as watched:
        await watched.press("!")
        assert "problems only  5 of 60" in watched.head
        await watched.press("ctrl+z")
        assert "problems only" not in watched.head
        await watched.press("!", "escape")
        assert "problems only" not in watched.head


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


async def test_other_columns_begin_at_the_first_and_what_is_out_of_sight_is_told() -> None:
    async with watching(size=(80, 20)) as watched:
        usual = watched.lines()[2]
        await watched.press("w", "right", "right")
        assert "‹" in watched.lines()[2] and watched.lines()[2].endswith("›")
        await watched.press("w")
        assert watched.lines()[2] == usual


async def test_a_look_at_the_columns_changes_none() -> None:
    async with watching(size=(80, 20)) as watched:
        usual = watched.lines()[2]
        await watched.press("right", "c")
        assert " r  room " in watched.text(), "one that is out of sight is chosen all the same"
        await watched.press("escape", "left")
        assert watched.lines()[2] == usual
        await watched.pilot.resize_terminal(120, 30)
        await watched.settle()
        assert "jit ms" in watched.lines()[2], "there are still as many as fit"


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
        assert "following" in watched.head
        assert watched.rows.index("s20230077") > 40
        name = next(line for line in watched.lines() if "✖" in line and "Liam" in line)
        assert name
        await watched.press("F")
        assert "following" not in watched.head


async def test_marks_are_copied_and_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    uses("table.mark", "table.unmark", "table.copy", "table.copy_json")
    async with watching(count=8) as watched:
        copied: list[str] = []
        monkeypatch.setattr(watched.app, "copy_to_clipboard", copied.append)
        await watched.press("y")
        await watched.press("m", "m", "y", "Y")
        first, second = watched.rows[:2]
        assert "2 marked" in watched.head
        assert watched.lines()[3].startswith("✖▌")
        assert copied[0].endswith(first)
        assert sorted(copied[1].splitlines()) == sorted(f"{room}/{peer}" for room, peer in watched.table.marks)
        assert [each["id"] for each in json.loads(copied[2])] == sorted([first, second])
        await watched.press("M", "y")
        assert "marked" not in watched.head
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
