"""A bad network as a pure model: what happens to each datagram that enters one direction of it, and when it comes out.

Loss is random, or in bursts after Gilbert: a good state that loses nothing and a bad one that loses everything. Time
and randomness are arguments, so the same seed gives the same network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random
from typing import Final

QUEUE: Final = 0.2
"""Seconds of traffic a slow link holds; what would have to wait longer is dropped, as in a router."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Impairment:
    """What is wrong with a network; each direction suffers it separately."""

    loss: float = 0.0
    """Part of the datagrams that vanish, 0 to 1."""
    burst: float = 1.0
    """Datagrams lost in a row, on average; 1: each by itself."""
    delay: float = 0.0
    """Seconds every datagram takes."""
    jitter: float = 0.0
    """Most seconds it takes longer; the order is kept."""
    rate: float = 0.0
    """Bits per second that get through; 0: no limit."""
    outages: tuple[tuple[float, float], ...] = ()
    """Begin and end of times in which nothing gets through, in seconds of the clock that `Line.admit` is given."""

    @property
    def harmless(self) -> bool:
        """Whether it does nothing."""
        return not (self.loss or self.delay or self.jitter or self.rate or self.outages)


class Line:
    """One direction of a network with an impairment."""

    def __init__(self, impairment: Impairment, random: Random) -> None:
        self.passed = 0
        self.dropped = 0
        self._what = impairment
        self._random = random
        self._bad = False
        self._free_at = float("-inf")
        """When what is queued for the slow link is through."""
        self._last = float("-inf")

    def admit(self, now: float, size: int) -> float | None:
        """Return when a datagram of ``size`` bytes comes out, at or after ``now``; None: never."""
        if self._cut(now) or self._lost() or (out := self._through(now, size)) is None:
            self.dropped += 1
            return None
        self.passed += 1
        out += self._what.delay
        if self._what.jitter:
            out += self._random.uniform(0, self._what.jitter)
        # Never the same time twice: an event loop runs timers of one moment in any order.
        self._last = max(math.nextafter(self._last, math.inf), out)
        return self._last

    def _cut(self, now: float) -> bool:
        return any(begin <= now < end for begin, end in self._what.outages)

    def _lost(self) -> bool:
        loss, burst = self._what.loss, self._what.burst
        if not loss:
            return False
        if burst <= 1:
            return self._random.random() < loss
        if loss >= 1:
            return True
        # Leaving the bad state with 1/burst makes bursts that long; entering it with this makes the share ``loss``,
        # which takes bursts of at least loss/(1 - loss).
        burst = max(burst, loss / (1 - loss))
        change = 1 / burst if self._bad else loss / (burst * (1 - loss))
        if self._random.random() < change:
            self._bad = not self._bad
        return self._bad

    def _through(self, now: float, size: int) -> float | None:
        if not self._what.rate:
            return now
        begin = max(now, self._free_at)
        if begin - now > QUEUE:
            return None
        self._free_at = begin + size * 8 / self._what.rate
        return self._free_at
