"""Feeds at a real socket; what answers there is a double of the daemon's streams that a test steers."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.client import Client
from proctor_sfu.errors import UnreachableError
from proctor_sfu.quality.archive import Archive
from proctor_sfu.quality.keeping import Keeper
from psfu_tui.app import MonitorApp
from psfu_tui.feeds import FIRST_WAIT, LONGEST_WAIT, LiveFeed, reconnecting
from psfu_tui.happenings import Happening
from psfu_tui.links import Link
from psfu_tui.masking import Mask
from psfu_tui.options import Options
from support.crowd import Crowd
from support.stream import line, streaming
from support.watching import KEY, Script, Watching

LIMIT = 10.0


class Told:
    """A sink that keeps what it is told."""

    def __init__(self) -> None:
        self.news: queue.Queue[Any] = queue.Queue()
        self.errors: queue.Queue[Exception] = queue.Queue()

    def frame(self, frame: Frame) -> None:
        self.news.put(frame.seq)

    def link(self, link: Link) -> None:
        self.news.put(link.state)

    def happened(self, happenings: Sequence[Happening], *, anew: bool) -> None:
        pass

    def failed(self, error: Exception) -> None:
        self.errors.put(error)

    def next(self) -> Any:
        return self.news.get(timeout=LIMIT)


def test_a_stream_that_ends_is_tried_again_ever_more_patiently() -> None:
    tries: list[Iterator[int]] = [iter([1, 2]), _broken(), _broken(), _broken(), _broken(), _broken(), iter([3])]
    rests: list[float] = []
    news = reconnecting(lambda: tries.pop(0), rests.append)
    told = [next(news) for _ in range(11)]
    states = [each.state if isinstance(each, Link) else each for each in told]
    assert states == ["live", 1, 2, *["disconnected"] * 6, "live", 3]
    assert rests == [FIRST_WAIT, 1.0, 2.0, 4.0, LONGEST_WAIT, LONGEST_WAIT]
    assert isinstance(told[4], Link) and told[4].text == "gone"


def _broken() -> Iterator[int]:
    raise UnreachableError("unreachable", "gone")
    yield 0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "control.sock"


def test_frames_come_as_they_are_sent_and_a_daemon_that_comes_back_is_found(path: Path) -> None:
    crowd, told = Crowd(3), Told()
    feed = LiveFeed(Client(path))
    feed.start(told)
    try:
        assert told.next() == "connecting"
        assert told.next() == "disconnected"
        hold = threading.Event()

        def send(write: Callable[[bytes], None]) -> None:
            write(line(crowd.frame()))
            write(line(crowd.frame()))
            hold.wait(LIMIT)

        with streaming(path, send):
            while (state := told.next()) == "disconnected":
                pass
            assert [state, told.next(), told.next()] == ["live", 1, 2]
            hold.set()
        assert told.next() == "disconnected"
    finally:
        feed.stop()


def test_what_comes_is_kept(path: Path, tmp_path: Path) -> None:
    crowd, told, hold = Crowd(3), Told(), threading.Event()
    shown = [crowd.frame() for _ in range(2)]

    def send(write: Callable[[bytes], None]) -> None:
        write(line(shown[0]))
        write(line(shown[1]))
        hold.wait(LIMIT)

    with streaming(path, send), Keeper(tmp_path / "seen.psfurec") as keeper:
        feed = LiveFeed(Client(path), keeper=keeper)
        feed.start(told)
        assert [told.next() for _ in range(4)] == ["connecting", "live", 1, 2]
        feed.stop()
        hold.set()
        for reader in [each for each in threading.enumerate() if each.name == "psfu-frames"]:
            reader.join(LIMIT)
    with Archive(tmp_path / "seen.psfurec") as archive:
        assert [each.frame for each in archive.frames()] == shown


@pytest.mark.parametrize("sent", [b"[1,2]\n", b"{}\n", b"null\n", b"what?\n", b"[" * 100_000 + b"\n", b"\xff\n"])
def test_what_is_no_frame_is_a_broken_connection_and_not_a_crash(path: Path, sent: bytes) -> None:
    told = Told()
    feed = LiveFeed(Client(path))
    with streaming(path, lambda write: write(sent)):
        feed.start(told)
        assert told.next() == "connecting"
        assert told.next() == "disconnected"
        feed.stop()
    assert told.errors.empty()


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "no UTF-8": lambda sent: sent.replace(b"video/VP8", b"video/\xff\xfe", 1),
    "another type": lambda sent: sent.replace(b'"video/VP8"', b'["video"]', 1),
    "a value too few": lambda sent: sent.replace(b'"video/VP8",', b"", 1),
}
"""What a foreign or damaged daemon may make of a source, of which nothing is read unless somebody looks."""


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.parametrize("good", [0, 1])
async def test_damaged_sources_are_told_on_the_screen_which_goes_on(
    path: Path, damage: Callable[[bytes], bytes], good: int
) -> None:
    crowd, over = Crowd(3), threading.Event()

    def send(write: Callable[[bytes], None]) -> None:
        for number in range(200):
            sent = line(crowd.frame())
            assert damage(sent) != sent
            write(sent if number < good else damage(sent))
            if over.wait(0.05):
                return

    with streaming(path, send):
        app = MonitorApp(LiveFeed(Client(path)), Options(mode="candidates"), mask=Mask(KEY))
        watched = Watching(app, Script(), crowd, [0.0])
        async with app.run_test(size=(160, 30)) as pilot:
            watched.pilot = pilot
            shown = await watched.until("not an answer of psfu")
            assert "DISCONNECTED" in shown
            await watched.press("1", "2", "enter")
            await watched.until("not an answer of psfu")
            over.set()


def test_a_feed_that_is_stopped_tells_nothing_more(path: Path) -> None:
    crowd, told, go = Crowd(1), Told(), threading.Event()

    def send(write: Callable[[bytes], None]) -> None:
        write(line(crowd.frame()))
        go.wait(LIMIT)
        write(line(crowd.frame()))

    with streaming(path, send):
        feed = LiveFeed(Client(path))
        feed.start(told)
        assert [told.next(), told.next(), told.next()] == ["connecting", "live", 1]
        feed.stop()
        go.set()
    reader = next((each for each in threading.enumerate() if each.name == "psfu-frames"), None)
    if reader is not None:
        reader.join(LIMIT)
    assert told.news.empty()
