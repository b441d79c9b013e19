"""Where a replay is: a position that moves with a clock, at a speed, within a recording. No I/O; time comes in."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from proctor_sfu.errors import RefusedError

SPEEDS: Final = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_TIME_OF_DAY: Final = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?")


class Player:
    """Positions are Unix times from ``begin`` to ``end``; ``now`` is in seconds of a clock that never goes back."""

    def __init__(self, begin: float, end: float, *, at: float | None = None, speed: float = 1.0, now: float = 0.0):
        self.begin = begin
        self.end = max(begin, end)
        self.speed = speed
        self.playing = True
        self._position = self._within(begin if at is None else at)
        self._since = now

    def at(self, now: float) -> float:
        """Return the position; at the end it stands still."""
        if not self.playing:
            return self._position
        return self._within(self._position + max(0.0, now - self._since) * self.speed)

    def toggle(self, now: float) -> None:
        """Stand still, or go on; at the end it begins anew."""
        position = self.at(now)
        if not self.playing and position >= self.end:
            position = self.begin
        self._settle(position, now)
        self.playing = not self.playing

    def halt(self, now: float) -> None:
        """Stand still."""
        self._settle(self.at(now), now)
        self.playing = False

    def seek(self, position: float, now: float) -> None:
        """Go to a position."""
        self._settle(position, now)

    def move(self, seconds: float, now: float) -> None:
        """Go forward or back."""
        self._settle(self.at(now) + seconds, now)

    def faster(self, steps: int, now: float) -> None:
        """Play faster, or slower with less than zero."""
        self._settle(self.at(now), now)
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + steps))]

    def _settle(self, position: float, now: float) -> None:
        self._position, self._since = self._within(position), now

    def _within(self, position: float) -> float:
        return min(max(position, self.begin), self.end)


def position(text: str, begin: float, end: float) -> float:
    """Return the Unix time of ``14:32``, ``14:32:07`` or an ISO time, the first there is in a recording.

    Raises `RefusedError` for what is no time, or outside.
    """
    first, last = (datetime.fromtimestamp(each) for each in (begin, end))
    if (found := _TIME_OF_DAY.fullmatch(text.strip())) is not None:
        hour, minute, second = (int(each or 0) for each in found.groups())
        if hour > 23 or minute > 59 or second > 59:
            raise _refused(text, first, last)
        day = first.replace(hour=hour, minute=minute, second=second, microsecond=0)
        while day < first:
            day += timedelta(days=1)
        moment = day.timestamp()
    else:
        try:
            moment = datetime.fromisoformat(text.strip()).timestamp()
        except (ValueError, OverflowError):
            raise _refused(text, first, last) from None
    # A time of day without seconds may mean one a little before the first second there is.
    if not begin - 60 <= moment <= end:
        raise _refused(text, first, last)
    return max(begin, moment)


def _refused(text: str, first: datetime, last: datetime) -> RefusedError:
    shown = " to ".join(each.strftime("%Y-%m-%d %H:%M:%S") for each in (first, last))
    return RefusedError("bad_time", f"'{text}' is no time of this recording; it is of {shown}")
