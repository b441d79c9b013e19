"""Replays of archives that were written by what the daemon writes them with."""

from __future__ import annotations

import queue
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.errors import ArchiveError
from psfu_tui.app import MonitorApp
from psfu_tui.happenings import Happening
from psfu_tui.links import Link, Progress
from psfu_tui.masking import Mask
from psfu_tui.options import Options
from psfu_tui.replay import PAST, ReplayFeed
from psfu_tui.screens.goto import GoTo
from support.crowd import Crowd
from support.history import FIRST, written
from support.watching import KEY, Script, Watching, uses

LIMIT = 10.0
SECONDS = 200


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("history") / "history.psfurec", SECONDS, bad_at=150)


class Told:
    """A sink that keeps what it is told, by kind."""

    def __init__(self) -> None:
        self.frames: queue.Queue[int] = queue.Queue()
        self.happenings: queue.Queue[tuple[bool, list[str]]] = queue.Queue()
        self.passed: queue.Queue[list[int]] = queue.Queue()
        self.progress: queue.Queue[Progress] = queue.Queue()
        self.links: queue.Queue[str] = queue.Queue()
        self.errors: queue.Queue[Exception] = queue.Queue()

    def frame(self, frame: Frame) -> None:
        self.frames.put(frame.seq)

    def past(self, frames: Sequence[Frame]) -> None:
        self.passed.put([each.seq for each in frames])

    def happened(self, happenings: Sequence[Happening], *, anew: bool) -> None:
        self.happenings.put((anew, [each.text for each in happenings]))

    def playing(self, progress: Progress) -> None:
        self.progress.put(progress)

    def link(self, link: Link) -> None:
        self.links.put(link.text)

    def failed(self, error: Exception) -> None:
        self.errors.put(error)

    def until(self, seq: int) -> None:
        """Wait for a frame."""
        while self.frames.get(timeout=LIMIT) != seq:
            pass


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def told() -> Told:
    return Told()


def playing(archive: Path, told: Told, clock: Clock, **how: Any) -> ReplayFeed:
    feed = ReplayFeed(archive, clock=clock, **how)
    feed.start(told)
    return feed


@pytest.fixture
def feed(archive: Path, told: Told) -> Iterator[tuple[ReplayFeed, Clock]]:
    clock = Clock()
    started = playing(archive, told, clock, at=FIRST + 140)
    yield started, clock
    started.stop()
    assert told.errors.empty()


def test_it_begins_where_it_is_told_with_what_was_before(told: Told, feed: tuple[ReplayFeed, Clock]) -> None:
    assert told.links.get(timeout=LIMIT) == "history.psfurec"
    assert told.happenings.get(timeout=LIMIT) == (True, ["ok (was none)"])
    assert told.frames.get(timeout=LIMIT) == 141
    assert told.passed.get(timeout=LIMIT) == list(range(141 - PAST, 142))
    progress = told.progress.get(timeout=LIMIT)
    assert (progress.begin, progress.end, progress.at) == (FIRST, FIRST + SECONDS - 1, FIRST + 140)
    assert [mark.at for mark in progress.marks] == [FIRST + 150]


def test_it_plays_on_and_tells_what_happens(told: Told, feed: tuple[ReplayFeed, Clock]) -> None:
    _, clock = feed
    told.until(141)
    for second in range(1, 12):
        clock.now += 1
        told.until(141 + second)
    told_since = [told.happenings.get(timeout=LIMIT) for _ in range(12)]
    assert [each for each in told_since[1:] if each[1]] == [(False, ["lost (was live)"])]


def test_winding_stopping_and_other_speeds(told: Told, feed: tuple[ReplayFeed, Clock]) -> None:
    player, clock = feed
    told.until(141)
    player.move(-60)
    told.until(81)
    player.seek(FIRST + 10)
    told.until(11)
    player.faster(2)
    clock.now += 5
    told.until(31)
    player.toggle()
    clock.now += 100
    player.move(1)
    told.until(32)
    player.toggle()
    clock.now += 1000
    told.until(SECONDS)
    while told.progress.get(timeout=LIMIT).playing:
        pass


def test_one_room_is_all_there_is(archive: Path, told: Told) -> None:
    rooms: set[str] = set()
    told.frame = lambda frame: rooms.update(each.room for each in frame.candidates) or told.frames.put(frame.seq)  # type: ignore[method-assign, func-returns-value]
    feed = playing(archive, told, Clock(), room="exam-102")
    told.until(1)
    feed.stop()
    assert rooms == {"exam-102"}


def test_the_last_minutes_only(archive: Path) -> None:
    feed = ReplayFeed(archive, begin=FIRST + 100)
    assert (feed.player.begin, feed.player.end) == (FIRST + 100, FIRST + SECONDS - 1)


def test_files_that_are_no_history_are_refused_in_one_line(tmp_path: Path, archive: Path) -> None:
    foreign = tmp_path / "foreign.psfurec"
    foreign.write_bytes(b"SQLite format 3\0" + b"\0" * 5000)
    truncated = tmp_path / "truncated.psfurec"
    truncated.write_bytes(archive.read_bytes()[:8000])
    empty = tmp_path / "empty.psfurec"
    written(empty, 0)
    for path in (tmp_path / "none", foreign, truncated, empty, tmp_path):
        with pytest.raises(ArchiveError) as error:
            ReplayFeed(path)
        assert "\n" not in str(error.value)
        assert str(path) in str(error.value)


@pytest.mark.parametrize("data", [b"\x00", zlib.compress(b'[1,"\xff\xfe"]')], ids=["nothing", "no UTF-8"])
def test_a_file_that_is_damaged_in_the_middle_says_so_when_it_gets_there(
    tmp_path: Path, archive: Path, told: Told, data: bytes
) -> None:
    damaged = tmp_path / "damaged.psfurec"
    shutil.copy(archive, damaged)
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute("UPDATE frames SET data = ? WHERE number = 5", (data,))
    feed = playing(damaged, told, Clock(), at=FIRST + 4)
    assert told.links.get(timeout=LIMIT) == "damaged.psfurec"
    assert told.links.get(timeout=LIMIT).startswith("damaged.psfurec is damaged here: ")
    assert not told.progress.get(timeout=LIMIT).playing
    feed.move(2)  # One can go on behind it.
    told.until(7)
    assert told.links.get(timeout=LIMIT) == "damaged.psfurec"
    assert told.errors.empty()
    feed.stop()


@pytest.mark.parametrize(
    ("data", "why"),
    [("[]", "no object"), (b"\xff", "can't decode"), ("[" * 100_000, "recursion")],
    ids=["a list", "no UTF-8", "bottomless"],
)
def test_an_event_that_is_damaged_is_told_as_such_while_it_plays_on(
    tmp_path: Path, archive: Path, told: Told, data: object, why: str
) -> None:
    damaged = tmp_path / "damaged.psfurec"
    shutil.copy(archive, damaged)
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute("UPDATE events SET data = CAST(? AS TEXT) WHERE number = 1", (data,))
    clock = Clock()
    feed = playing(damaged, told, clock, at=FIRST)
    told.until(1)
    clock.now += 1
    told.until(2)
    assert told.happenings.get(timeout=LIMIT) == (True, [])
    anew, (text,) = told.happenings.get(timeout=LIMIT)
    assert not anew
    assert text.startswith("the event of this time is damaged and cannot be read: ") and why in text
    feed.seek(FIRST + 160)  # Events behind it are whole.
    told.until(161)
    anew, (_, after) = told.happenings.get(timeout=LIMIT)
    assert (anew, after) == (True, "lost (was live)")
    assert told.links.get(timeout=LIMIT) == "damaged.psfurec" and told.links.empty()
    feed.stop()
    assert told.errors.empty()


def test_where_no_event_can_be_read_that_is_told_once_while_it_plays_on(
    tmp_path: Path, archive: Path, told: Told
) -> None:
    damaged = tmp_path / "damaged.psfurec"
    shutil.copy(archive, damaged)
    with closing(sqlite3.connect(damaged)) as db, db:
        db.execute("DROP TABLE events")
    clock = Clock()
    feed = playing(damaged, told, clock, at=FIRST + 10)
    for second in range(11, 14):
        told.until(second)
        clock.now += 1
    texts = [told.happenings.get(timeout=LIMIT)[1] for _ in range(3)]
    assert [len(each) for each in texts] == [1, 0, 0] and "no such table: events" in texts[0][0]
    feed.stop()
    assert told.errors.empty()


# On the screen.


@pytest.fixture
async def watched(archive: Path) -> Any:
    clock = Clock()
    feed = ReplayFeed(archive, at=FIRST + 140, clock=clock)
    app = MonitorApp(feed, Options(allow_actions=True), clock=clock, mask=Mask(KEY))
    watched = Watching(app, Script(), Crowd(1), [clock.now])
    async with app.run_test(size=(120, 30)) as pilot:
        watched.pilot = pilot
        # The last is the end of the line of time.
        await watched.until("▶ 13:02:21", "Ana Kovač", "13:03:20")
        yield watched


async def test_a_replay_cannot_be_overlooked_and_nothing_can_be_done(watched: Watching) -> None:
    assert watched.lines()[2].startswith(" REPLAY  ▶ 13:02:21 · history.psfurec")
    assert watched.lines()[3].startswith(" 13:00:01 ───")
    assert "●" in watched.lines()[3] and "✖" in watched.lines()[3]
    assert "Recordings" not in watched.lines()[1]
    for key in ("K", "R", "4"):
        await watched.press(key)
        assert not watched.app.screen.is_modal
    assert "Kick" not in watched.text()


async def test_keys_wind_it(watched: Watching) -> None:
    uses("replay.back", "replay.forward", "replay.back_minute", "replay.forward_minute", "replay.previous",
         "replay.next", "replay.go_to", "goto.cancel")  # fmt: skip
    await watched.press("p")
    await watched.until("standing still at 13:02:21")
    for key, shown in [("]", "13:02:22"), ("[", "13:02:21"), ("{", "13:01:21"), ("}", "13:02:21"), (".", "13:02:28"),
                       (".", "13:02:28"), ("}", "at its end 13:03:20"), (",", "13:02:28"),
                       (",", "13:02:28")]:  # fmt: skip
        await watched.press(key)
        await watched.until(shown if shown.startswith("at") else f"standing still at {shown}")
    await watched.press("p")
    await watched.until("▶ 13:02:28")
    await watched.press("plus")
    await watched.until("▶ ×2")
    await watched.press("minus", "minus")
    await watched.until("▶ ×0.5")


async def test_going_to_a_time(watched: Watching) -> None:
    await watched.press("t")
    assert isinstance(watched.app.screen, GoTo)
    await watched.press(*"noon", "enter")
    await watched.until("'noon' is no time of this recording", "13:03:20", "enter go")
    await watched.press("escape")
    await watched.press("t", *"13:01:05", "enter")
    await watched.until("▶ 13:01:05")
    await watched.pilot.click("Timeline", offset=(112, 0))
    await watched.until("at its end 13:03:20")


async def test_a_candidate_has_its_plots_and_events_at_once(watched: Watching) -> None:
    await watched.press("enter")
    await watched.until("ok (was none)", "highest")
    assert watched.app.model.trends.series(("exam-101", "s20230000"), "bitrate", 100).count(None) == 0
