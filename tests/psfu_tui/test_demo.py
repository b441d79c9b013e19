"""The exam that is made up: the same each time, alive, in trouble, and shown for what it is."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from psfu_cli.exits import Exit
from psfu_tui.app import MonitorApp
from psfu_tui.changes import changes
from psfu_tui.demo import CANDIDATES, FIRST, PERIOD, DemoFeed, frame
from psfu_tui.options import Options
from support.serve import psfu


def test_every_second_follows_from_its_number() -> None:
    assert frame(FIRST) == frame(FIRST)
    assert frame(FIRST, 1000.0).at != frame(FIRST).at


def test_it_lives_and_everything_that_goes_wrong_is_mended_again() -> None:
    seconds = [frame(FIRST + second) for second in range(PERIOD)]
    assert all(before.candidates != after.candidates for before, after in itertools.pairwise(seconds))
    assert {each.daemon.bad for each in seconds} >= {0, 1, 2}
    assert {reason for each in seconds for one in each.candidates for reason in one.reasons} >= {
        "loss", "disconnected", "frozen", "bitrate", "jitter"
    }  # fmt: skip
    told = {each.kind for before, after in itertools.pairwise(seconds) for each in changes(before, after)}
    assert "incident_found" in told
    assert seconds[0].daemon.bad and seconds[0].incidents


async def test_a_screen_shows_it_and_says_that_it_is_made_up() -> None:
    app = MonitorApp(DemoFeed(1_800_000_000.0), Options())
    async with app.run_test(size=(120, 40)) as pilot:
        for _ in range(500):
            if list(app.model.log) and app.model.trends.series(("math-101", "s20230000"), "bitrate", 100)[0]:
                break
            await pilot.pause(0.01)
        shown = app.export_screenshot()
        assert "DEMO" in shown and "made" in shown
        assert app.model.condition(app._clock()).phase == "demo"
        assert len(app.model.frame.candidates) == CANDIDATES if app.model.frame else False
        assert list(app.model.log)
        await pilot.press("q")


@pytest.mark.parametrize("screen", ["candidates", "rooms", "workers", "proctors", "tree", "events"])
def test_it_needs_no_daemon(tmp_path: Path, screen: str) -> None:
    done = psfu("monitor", "--demo", "--once", "--json", "-s", screen, "--socket", tmp_path / "none")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)


def test_it_has_rooms_and_an_end() -> None:
    done = psfu("monitor", "--demo", "-m", "stream", "-i", "0.5", "-n", "2", "-o", "ndjson", "--room", "law-204")
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert {each["room"] for each in found} == {"law-204"} and len({each["at"] for each in found}) == 2
    assert psfu("monitor", "--demo", "--once", "--room", "nowhere").returncode == Exit.NOT_FOUND
    assert psfu("monitor", "--demo", "--last", "1m").returncode == Exit.USAGE
