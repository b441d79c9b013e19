"""How far a candidate's clock is from ours: its own sender reports tell, of which the worker is asked now and then.

A candidate's reports end at the worker, whose own ones to the recorder have the worker's clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final, cast

from proctor_sfu.mediasoup.dumps import TraceEvent
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.tracing import Tracing, is_free

EVERY: Final = 30.0
"""Seconds between readings."""
PATIENCE: Final = 10.0
"""Seconds to wait for a report; browsers send one every second, or every five of sound."""
NOTABLE_MS: Final = 100
"""Milliseconds the clock has to move to be told again, twice as many each time it is."""
CALM: Final = 20
"""Readings without anything to tell, ten minutes, after which half as many will do again."""
_NTP_EPOCH: Final = 2_208_988_800
"""Unix time 0 in seconds of NTP time."""


def offset_ms(seconds: int, fraction: int, arrived: float) -> int | None:
    """Return by how many milliseconds the clock of a sender report is ahead of ours, which had ``arrived``.

    The time on the way makes it seem so much less. None: the sender has no clock (RFC 3550, 6.4.1). NTP time begins
    anew in 2036.
    """
    if not seconds and not fraction:
        return None
    ours = int((arrived + _NTP_EPOCH) * 1000)
    theirs = seconds * 1000 + (fraction * 1000 >> 32)
    era = 1000 << 32
    return (theirs - ours + era // 2) % era - era // 2


class Clock:
    """Reads the clock behind one producer; ``tell`` gets the offset in milliseconds at first and when it moved."""

    def __init__(self, producer: Producer, tell: Callable[[int], object]) -> None:
        self._producer = producer
        self._tell = tell
        self._told: int | None = None
        self._notable = NOTABLE_MS
        """A clock that jumps to and fro is told ever more rarely, one that jumps far at once."""
        self._calm = 0
        self._due = 0.0
        """When to begin with the next reading, or, during one, when to give it up."""
        self._reading: Tracing | None = None

    def look(self, now: float) -> None:
        """Begin or give up a reading, if it is time; called about once a second with the monotonic time."""
        if now < self._due:
            return
        if self._reading is not None:
            self._end(now)
        elif is_free(self._producer):
            self._reading, self._due = Tracing(self._producer, "sr", self._reported), now + PATIENCE

    def close(self) -> None:
        """Read no more."""
        self._end(float("inf"))

    def _end(self, now: float) -> None:
        self._due = now + EVERY
        if self._reading is not None:
            self._reading.stop()
            self._reading = None

    def _reported(self, event: TraceEvent) -> None:
        now, report = time.monotonic(), cast(Mapping[str, int], event.info)
        seconds, fraction = report["ntp_sec"], report["ntp_frac"]
        # The worker's clock is the monotonic one, so it is known how long the event waited here.
        found = offset_ms(seconds, fraction, time.time() - (now - event.timestamp / 1000))
        if found is None:
            return
        self._end(now)
        if self._told is None or abs(found - self._told) > self._notable:
            self._notable *= 1 if self._told is None else 2
            self._told, self._calm = found, 0
            self._tell(found)
        elif (calm := self._calm + 1) < CALM:
            self._calm = calm
        else:
            self._notable, self._calm = max(NOTABLE_MS, self._notable // 2), 0
