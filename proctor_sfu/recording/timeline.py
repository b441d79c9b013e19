"""When what was captured: RTP timestamps of a stream on the server's clock; pure.

A worker's sender reports say when the media of a timestamp was captured, by its estimate of the sender's clock, so
sound and pictures of one sender fit together (RFC 3550, 6.4.1). Without any, the packets that were delayed least tell.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from statistics import median
from typing import Final

SMOOTHED: Final = 5
"""Reports the middle one of which counts: the first ones are rough."""
WINDOW_US: Final = 10_000_000
"""Microseconds of arrivals out of which the least delayed packet counts."""


class Timeline:
    """Maps timestamps of one stream, counted on where 32 bits end, to microseconds of Unix time."""

    def __init__(self, clock_rate: int, points: Sequence[tuple[int, float]]) -> None:
        """Take pairs of timestamp and microseconds; there has to be one."""
        self._scale = 1_000_000 / clock_rate
        ordered = sorted(points)
        self._timestamps = [timestamp for timestamp, _ in ordered]
        offsets = [at - timestamp * self._scale for timestamp, at in ordered]
        reach = SMOOTHED // 2
        self._offsets = [median(offsets[max(0, n - reach) : n + reach + 1]) for n in range(len(offsets))]

    def at(self, timestamp: int) -> float:
        """Return when the media of a timestamp was captured."""
        return timestamp * self._scale + self._offset(timestamp)

    def _offset(self, timestamp: int) -> float:
        after = bisect_right(self._timestamps, timestamp)
        if after == 0:
            return self._offsets[0]
        if after == len(self._timestamps):
            return self._offsets[-1]
        before = after - 1
        begin, end = self._timestamps[before], self._timestamps[after]
        part = (timestamp - begin) / (end - begin) if end > begin else 0.0
        return self._offsets[before] + part * (self._offsets[after] - self._offsets[before])


class Arrivals:
    """Finds, in each stretch of time, the packet that was delayed least."""

    def __init__(self, clock_rate: int) -> None:
        self._scale = 1_000_000 / clock_rate
        self._best: dict[int, tuple[float, int]] = {}

    def take(self, timestamp: int, at_us: int) -> None:
        """Take a packet."""
        offset = at_us - timestamp * self._scale
        window = at_us // WINDOW_US
        best = self._best.get(window)
        if best is None or offset < best[0]:
            self._best[window] = (offset, timestamp)

    def points(self) -> list[tuple[int, float]]:
        """Return what a `Timeline` is made of."""
        return [(timestamp, offset + timestamp * self._scale) for offset, timestamp in self._best.values()]
