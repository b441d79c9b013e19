"""Whether what is shown is live, late, paused or cut off cannot be overlooked."""

from __future__ import annotations

from pathlib import Path

from textual import events

from proctor_sfu.quality.keeping import Keeper
from psfu_tui.links import Link
from support.watching import Watching, uses, watching


async def turn(watched: Watching, event: events.Event) -> None:
    """Let the terminal tell that it is used, or no longer."""
    watched.app.post_message(event)
    await watched.settle()


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


async def test_nothing_is_drawn_while_the_terminal_is_not_in_use_and_it_goes_on_at_once() -> None:
    async with watching(idle_pause=True) as watched:
        await turn(watched, events.AppBlur())
        before = watched.lines()
        assert before[2].startswith(" IDLE  this is 13:00:01 · nothing is drawn until this window is in use again")
        await watched.seconds(3)
        await watched.silence(9)
        assert watched.lines() == before
        await turn(watched, events.AppFocus())
        assert "IDLE" not in watched.text()
        assert "13:00:04" in watched.lines()[0]
        key = ("exam-101", "s20230000")
        assert None not in watched.app.model.trends.series(key, "bitrate", 4), "what was not drawn is remembered"


async def test_a_daemon_that_goes_is_told_even_to_who_does_not_look() -> None:
    async with watching(idle_pause=True) as watched:
        await turn(watched, events.AppBlur())
        await watched.link(Link(state="disconnected", text="no daemon"))
        assert watched.lines()[2].startswith(" DISCONNECTED  ")
        await watched.link(Link(state="live"))
        assert watched.lines()[2].startswith(" IDLE  ")


async def test_a_pause_outlasts_looking_away() -> None:
    async with watching(idle_pause=True) as watched:
        await watched.press("p")
        await turn(watched, events.AppBlur())
        await watched.seconds(2)
        await turn(watched, events.AppFocus())
        assert watched.lines()[2].startswith(" PAUSED  for 2s · this is 13:00:01")
        await watched.press("p")
        assert "13:00:03" in watched.lines()[0]


async def test_without_being_asked_to_it_goes_on_drawing() -> None:
    async with watching() as watched:
        await turn(watched, events.AppBlur())
        await watched.seconds(2)
        assert "IDLE" not in watched.text()
        assert "13:00:03" in watched.lines()[0]


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


async def test_that_it_is_kept_is_told_and_that_it_cannot_be_too(tmp_path: Path) -> None:
    with Keeper(tmp_path / "seen.psfurec") as keeper:
        async with watching(size=(80, 24), keeper=keeper) as watched:
            assert "keeping" in watched.lines()[0]
            keeper.problem = "database or disk is full"
            await watched.seconds()
            assert "not kept: database or disk is full" in watched.lines()[0]
    async with watching() as watched:
        assert "keeping" not in watched.text()


async def test_slower_and_faster() -> None:
    uses("slower", "faster")
    async with watching() as watched:
        await watched.press("minus", "minus")
        await watched.seconds(4)
        await watched.silence(0)
        assert "13:00:01" in watched.lines()[0], "the time is that of the numbers below"
        await watched.seconds()
        assert "13:00:06" in watched.lines()[0]
        assert "every 5 s" in watched.head
        await watched.press("plus", "plus", "plus")
        await watched.seconds()
        assert "13:00:07" in watched.lines()[0]
