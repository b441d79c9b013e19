"""What works on every screen: the mask, saving, help, the palette, quitting, keys of one's own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from psfu_tui import start
from psfu_tui.screens.candidate import CandidateScreen
from psfu_tui.screens.candidates import CandidatesScreen
from psfu_tui.screens.help import Help
from psfu_tui.screens.table import TableScreen
from support.watching import Watching, happening, uses, watching


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


async def test_help_is_broken_between_words_and_keeps_its_columns() -> None:
    async with watching(size=(80, 60)) as watched:
        await watched.press("?")
        lines = [line.strip("│ ") for line in watched.lines()]
        place = next(number for number, line in enumerate(lines) if line.startswith("s state"))
        assert lines[place].endswith("live, degraded,") and lines[place + 1].startswith("reconnecting, lost, left")
        assert watched.lines()[place + 1].index("reconnecting") == watched.lines()[place].index("connection:")
        assert not any(line == "numbers" for line in lines)
        await watched.pilot.resize_terminal(60, 60)
        await watched.settle()
        assert "Save picture and numbers" in watched.text()


async def test_the_palette_finds_keys_rooms_and_people() -> None:
    uses("palette")
    async with watching(count=20) as watched:
        await choose(watched, "reverse the", "Reverse the order")
        assert "by health ↓" in watched.head
        await choose(watched, "elif", "Candidate Elif Yılmaz")
        assert isinstance(watched.app.screen, CandidateScreen)
        await choose(watched, "room exam-102", "Room exam-102")
        await watched.until("› exam-102")
        await choose(watched, "sort by rtt", "Sort by rtt")
        assert "by rtt ↓" in watched.head
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


def test_every_key_is_tried() -> None:
    written = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    assert [each.id for each in start.bindings() if f'"{each.id}"' not in written] == []
