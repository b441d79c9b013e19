"""Joins what a candidate sent with what a proctor saw, by the number burnt into the picture.

A clip repeats its numbers, so a number alone is ambiguous: a seen picture belongs to the latest sending of its number
before it was seen. Numbers come back after 1.2 s at the earliest (six key frames, 0.2 s apart), so a delay under a
second is exact and a longer one cannot pass for a good one unless key frames are requested without pause.
"""

from __future__ import annotations

import math
import statistics
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A picture that arrived. Times are seconds of the monotonic clock."""

    number: int
    key: bool
    sent: float
    seen: float

    @property
    def delay(self) -> float:
        """Seconds from the packetiser to the decoded picture."""
        return self.seen - self.sent


def join(sent: Iterable[dict[str, Any]], seen: Iterable[dict[str, Any]]) -> list[Picture]:
    """Return the pictures of the ``frame`` events ``seen`` in their order; each must be among the ``sent`` events."""
    times: defaultdict[int, list[float]] = defaultdict(list)
    keys: dict[int, bool] = {}
    for event in sent:
        times[event["number"]].append(event["at"])
        keys[event["number"]] = event["key"]
    pictures = []
    for event in seen:
        number, at = event["number"], event["at"]
        earlier = times[number][: bisect_right(times[number], at)]
        if not earlier:
            raise AssertionError(f"picture {number} was seen at {at:.3f} but not sent before")
        pictures.append(Picture(number=number, key=keys[number], sent=earlier[-1], seen=at))
    return pictures


def percentile(values: Sequence[float], part: float) -> float:
    """Return the smallest value that at least ``part`` (0 to 1) of the values do not exceed."""
    return sorted(values)[max(0, math.ceil(part * len(values)) - 1)]


def describe(pictures: Sequence[Picture]) -> str:
    """Return one line with the count, median and 95th percentile of the delays."""
    delays = [picture.delay * 1000 for picture in pictures]
    median, p95 = statistics.median(delays), percentile(delays, 0.95)
    return f"{len(delays)} pictures, delay median {median:.0f} ms, p95 {p95:.0f} ms"
