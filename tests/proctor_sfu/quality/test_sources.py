"""One source over time: what of it is known in and after a pause, an outage."""

from __future__ import annotations

from typing import Any

import pytest

from proctor_sfu.quality.pictures import Counted
from proctor_sfu.quality.sources import ALIKE, SourceTrack
from proctor_sfu.rooms.roles import Source
from proctor_sfu.settings import Quality
from support import watched


class Camera:
    """A camera and a clock. Each second it sends, unless told otherwise."""

    def __init__(self) -> None:
        peer: Any = watched.candidate(1, sources=[Source.CAMERA])
        [published] = peer.published.values()
        self.second, self.sent, self.producer = 0, 0, published.producer
        self.track = SourceTrack(published, Quality(), 0.0)
        self._peer = peer

    def go(self, seconds: int, *, sends: bool = True) -> None:
        for _ in range(seconds):
            self.second += 1
            if sends:
                self.sent += 1
                [self._stats] = watched.answers([self._peer], self.sent).producers.values()
            self.track.feed(float(self.second), [each._replace(timestamp=1000 * self.second) for each in self._stats])

    def counted(self, fps: float, spread: float | None) -> None:
        self.track.counted_pictures(self.second + 0.5, Counted(fps, spread))


@pytest.fixture
def camera() -> Camera:
    made = Camera()
    made.go(3)
    return made


def test_pictures_of_before_an_outage_are_not_those_after_it(camera: Camera) -> None:
    camera.counted(24.0, 30.0)
    camera.go(1)
    assert camera.track.shown.fps == 24.0
    camera.go(1, sends=False)
    camera.counted(0.0, None)  # The trace is over before the silence is one.
    camera.go(4, sends=False)
    assert camera.track.shown.fps == 0.0, "nothing comes, which is known"
    camera.counted(0.0, None)
    camera.go(1)
    assert camera.track.shown.fps is None, "not zero: nobody counted since"
    camera.counted(23.0, 30.0)
    camera.go(1)
    assert camera.track.shown.fps == 23.0


def test_a_picture_does_not_stand_still_over_a_pause(camera: Camera) -> None:
    for _ in range(ALIKE - 1):
        camera.counted(24.0, 0.0)
    camera.producer.paused = True
    camera.go(600, sends=False)
    camera.producer.paused = False
    camera.go(1)
    camera.counted(24.0, 0.0)
    camera.go(1)
    assert "frozen" not in camera.track.shown.reasons
    for _ in range(ALIKE):
        camera.counted(24.0, 0.0)
        camera.go(60)
    assert "frozen" in camera.track.shown.reasons


def test_an_outage_does_not_hide_that_a_picture_stands_still(camera: Camera) -> None:
    for _ in range(ALIKE):
        camera.counted(24.0, 0.0)
        camera.go(60)
    camera.go(4, sends=False)
    camera.counted(0.0, None)
    camera.go(1)
    assert "frozen" in camera.track.shown.reasons
