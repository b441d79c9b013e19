"""The screens as pictures, compared with those in ``pictures/``.

A picture that differs is written to ``build/pictures/``; ``PSFU_UPDATE_PICTURES=1`` takes what there is for right.
"""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from msgspec.structs import replace
from textual.events import AppBlur

from proctor_sfu.control.api.quality import Frame, Incident
from psfu_tui.app import MonitorApp
from psfu_tui.links import Link, Mark, Progress
from psfu_tui.masking import Mask
from psfu_tui.options import Options
from psfu_tui.replay import ReplayFeed
from support.crowd import BEGIN, Crowd
from support.history import FIRST, written
from support.watching import KEY, Script, Watching, happening, watching

HERE = Path(__file__).parent / "pictures"
DOCS = Path(__file__).parents[2] / "docs"
DIFFERENT = Path(__file__).parents[2] / "build" / "pictures"
Step: TypeAlias = Callable[[Watching], Awaitable[None]]


def place(name: str) -> Path:
    """Return where a picture is; some are in the documentation, which so is always right."""
    return (DOCS if name.startswith("monitor") else HERE) / f"{name}.svg"


def check(name: str, picture: str) -> None:
    """Compare a picture with the one that is right, but for fonts from elsewhere and numbers that follow from it."""
    picture = re.sub(r"terminal-\d+-", "terminal-", picture)
    picture = re.sub(r"\s*@font-face {.*?}", "", picture, flags=re.DOTALL)
    right = place(name)
    if os.environ.get("PSFU_UPDATE_PICTURES"):
        right.write_text(picture)
    if not right.exists() or right.read_text() != picture:
        DIFFERENT.mkdir(parents=True, exist_ok=True)
        (DIFFERENT / f"{name}.svg").write_text(picture)
        raise AssertionError(f"build/pictures/{name}.svg is not {right}")


async def nothing(watched: Watching) -> None:
    pass


def keys(*pressed: str) -> Step:
    async def step(watched: Watching) -> None:
        await watched.press(*pressed)
        await watched.seconds()

    return step


async def disconnected(watched: Watching) -> None:
    await watched.link(Link(state="disconnected", text="no daemon at /run/psfu/control.sock"))
    await watched.silence(12)


async def paused(watched: Watching) -> None:
    await watched.press("p")
    await watched.seconds(4)
    await watched.silence(0)


async def workers(watched: Watching) -> None:
    await watched.rush(70)
    await watched.press("3")
    await watched.seconds()


async def idle(watched: Watching) -> None:
    watched.app.post_message(AppBlur())
    await watched.seconds(4)


async def replayed(watched: Watching) -> None:
    await watched.rush(30)
    begin = BEGIN.timestamp()
    marks = tuple(Mark(at=begin + 3600 * hours, level="bad") for hours in (0.5, 0.55, 1.9))
    watched.script.sink.playing(
        Progress(begin=begin, end=begin + 3 * 3600, at=begin + 5000, speed=4.0, playing=True, marks=marks)
    )
    await watched.link(Link(state="replay", text="exam-101.psfurec"))
    await watched.seconds()


async def filtering(watched: Watching) -> None:
    await watched.press("/", *"loss>1 sta")
    watched.app.screen.query_one("Input").cursor_blink = False  # type: ignore[attr-defined]
    await watched.settle()


def with_incident(frame: Frame) -> Frame:
    summary = "3 candidates got worse at once: all on network 198.51.100.0/24, nobody there is well"
    incident = Incident(id=1, at=frame.at, room=None, candidates=("exam-102/s20230077",), shared="network",
                        value="198.51.100.0/24", others=0, summary=summary)  # fmt: skip
    return replace(frame, incidents=(incident,))


async def candidate(watched: Watching) -> None:
    await watched.happened(
        happening("entered as candidate", kind="peer_entered", room="exam-102", peer="s20230077"),
        happening(
            "reconnecting (was live)", kind="peer_state_changed", room="exam-102", peer="s20230077", level="warn"
        ),
    )
    await watched.rush(90, with_incident)
    await watched.press("enter")
    await watched.seconds(1, with_incident)


async def events(watched: Watching) -> None:
    await watched.press("5")
    await watched.happened(*[
        happening("sends camera", at=f"2026-11-23T13:00:{number:02}Z", peer=f"s{20230000 + 7 * number}")
        for number in range(8)
    ])  # fmt: skip
    await watched.happened(happening("lost (was reconnecting)", kind="peer_state_changed", level="bad"))
    await watched.seconds()


PICTURES: dict[str, tuple[tuple[int, int], Step, dict[str, Any]]] = {
    "monitor": ((120, 30), keys("j"), {"count": 120, "rooms": 4}),
    "monitor-candidate": ((120, 34), candidate, {}),
    "candidates-80x24": ((80, 24), nothing, {}),
    "candidates-120x40": ((120, 40), keys("j", "m", "m"), {"count": 60}),
    "candidates-200x60": ((200, 60), keys("j"), {"count": 40}),
    "rooms-120x30": ((120, 30), keys("1"), {}),
    "workers-100x20": ((100, 20), workers, {}),
    "idle-100x20": ((100, 20), idle, {"idle_pause": True}),
    "proctors-120x20": ((120, 20), keys("7"), {}),
    "events-120x20": ((120, 20), events, {}),
    "tree-120x30": ((120, 30), keys("6", "down", "down", "down", "right"), {"count": 6}),
    "candidate-80x24": ((80, 24), candidate, {}),
    "candidate-120x40": ((120, 40), candidate, {}),
    "paused-100x20": ((100, 20), paused, {}),
    "disconnected-100x20": ((100, 20), disconnected, {}),
    "replay-100x20": ((100, 20), replayed, {}),
    "filter-100x20": ((100, 20), filtering, {"count": 60}),
    "help-120x40": ((120, 40), keys("?"), {}),
    "columns-100x30": ((100, 30), keys("c"), {}),
    "masked-100x20": ((100, 20), keys("x"), {}),
    "light-100x20": ((100, 20), nothing, {"theme": "psfu-light"}),
    "blue-orange-100x20": ((100, 20), nothing, {"theme": "psfu-blue-orange"}),
    "no-colour-100x20": ((100, 20), keys("j"), {"colour": False}),
    "ascii-100x20": ((100, 20), keys("j"), {"ascii": True}),
    "tiny-20x5": ((20, 5), nothing, {}),
}  # fmt: skip
"""Name -> size, what is done, how it begins."""
REPLAY = "monitor-replay"


@pytest.mark.parametrize("name", PICTURES)
async def test_picture(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    size, step, options = PICTURES[name]
    if not options.get("colour", True):
        monkeypatch.setenv("NO_COLOR", "1")
    async with watching(size=size, **({"count": 12} | options)) as watched:
        await step(watched)
        await watched.settle()
        picture = watched.app.export_screenshot(title="psfu monitor")
    if options.get("ascii"):
        shown = re.sub(r"&#160;", " ", "".join(re.findall(r"<text[^>]*terminal[^>]*>([^<]*)<", picture)))
        assert shown.isascii()
    check(name, picture)


async def test_picture_of_a_replay(tmp_path: Path) -> None:
    """With everything a replay has: its line, its keys, and what happened until then."""
    begin = FIRST + 260
    archive = written(tmp_path / "exam-101.psfurec", 600, count=40, bad_at=400)
    clock = [1000.0]
    feed = ReplayFeed(archive, at=begin, clock=lambda: clock[0])
    app = MonitorApp(feed, Options(), clock=lambda: clock[0], mask=Mask(KEY))
    watched = Watching(app, Script(), Crowd(1), clock)
    async with app.run_test(size=(120, 24)) as pilot:
        watched.pilot = pilot
        await watched.until("▶ 13:04:21", "Liam Murphy", "13:10:00")
        await watched.press("p", "j")
        await watched.until("standing still at 13:04:21")
        await watched.settle()
        check(REPLAY, app.export_screenshot(title="psfu monitor --replay exam-101.psfurec"))


def test_nothing_is_left_over() -> None:
    found = {path.stem for folder in (HERE, DOCS) for path in folder.glob("*.svg")}
    assert found == {*PICTURES, REPLAY}


@pytest.mark.parametrize("size", [(20, 5), (1, 1), (59, 40), (200, 9), (60, 10), (61, 11), (300, 100)])
async def test_every_size_can_be_shown(size: tuple[int, int]) -> None:
    async with watching(size=size) as watched:
        for key in ("1", "2", "enter", "escape", "3", "5", "6", "7", "2", "?", "escape", "/", "escape", "c", "escape"):
            await watched.press(key)
        await watched.seconds()
        small = size[0] < 60 or size[1] < 10
        assert small == ("candidate" not in watched.text())
        await watched.pilot.resize_terminal(100, 30)
        await watched.seconds()
        assert "candidate" in watched.text()
        await watched.press("1")
        await watched.seconds()
        assert "exam-101" in watched.text()


async def test_a_terminal_that_is_too_small_says_so_and_who_is_in_trouble() -> None:
    async with watching(size=(20, 5)) as watched:
        await watched.link(Link(state="disconnected", text="gone"))
        await watched.silence(5)
        await watched.seconds()
        text = watched.text()
        assert "60×10" in text and "20×5" in text
        assert "✖ 2 ▲ 1 ● 9" in text
        assert "DISCONNECTED" in text
