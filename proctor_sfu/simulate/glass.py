"""From glass to glass: joins the picture a proctor saw with the time its candidate sent it. No I/O.

A candidate sends the pictures of a clip one after the other at a steady pace, so it only tells where it began and each
time it jumped; the time of every picture follows. Numbers repeat with the clip: a picture that was seen is the latest
of its number before it was seen.
"""

from __future__ import annotations

from typing import Final

EARLY: Final = 0.005
"""Seconds a picture may leave before it is due, since timers are rounded."""
KEPT: Final = 200
"""Stretches remembered; a picture seen later than that many jumps ago is not one that is still on its way."""


class Timeline:
    """When which number of one stream of a candidate was due. Times are seconds of the monotonic clock."""

    def __init__(self, *, fps: int, frames: int) -> None:
        self._fps = fps
        self._frames = frames
        self._stretches: list[tuple[float, int]] = []

    def begin(self, at: float, number: int) -> None:
        """From ``at`` on the numbers count up from ``number``."""
        self._stretches = [*self._stretches[-KEPT:], (at, number)]

    def sent(self, number: int, before: float) -> float | None:
        """Return when ``number`` was last due before a time; None if it was not."""
        end = before + EARLY
        for at, first in reversed(self._stretches):
            if at < end:
                ahead = (number - first) % self._frames
                rounds = int(((end - at) * self._fps - ahead) // self._frames)
                if rounds >= 0:
                    return at + (ahead + rounds * self._frames) / self._fps
            end = min(end, at)
        return None


class Pace:
    """Notices on the candidate's side where a new stretch begins."""

    def __init__(self, *, fps: int, frames: int) -> None:
        self._step = 1 / fps
        self._frames = frames
        self._number = -1
        self._due = 0.0

    def sent(self, number: int, due: float) -> bool:
        """Take a picture that was due at a time; return whether a new stretch begins with it."""
        steady = number == self._number and abs(due - self._due) < self._step / 10
        self._number = (number + 1) % self._frames
        self._due = due + self._step
        return not steady
