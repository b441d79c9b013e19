"""Whether what is shown is live, late, paused or cut off cannot be overlooked."""

from __future__ import annotations

from psfu_tui.links import Link
from support.watching import uses, watching


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
        assert "every 5 s" in watched.head
        await watched.press("plus", "plus", "plus")
        await watched.seconds()
        assert "13:00:07" in watched.lines()[0]
