"""How long to wait before a worker that died is replaced; pure."""

from __future__ import annotations

from collections import deque
from typing import Final

WINDOW: Final = 60.0
"""Seconds in which deaths count."""
FREE: Final = 3
"""Deaths in the window that are replaced at once."""
LONGEST: Final = 10.0
"""Seconds; the wait never grows beyond."""


class Backoff:
    """Counts recent deaths. The first ones cost nothing, then each doubles the wait."""

    def __init__(self) -> None:
        self._deaths: deque[float] = deque()

    def died(self, now: float) -> float:
        """Note a death at ``now`` (seconds of a monotonic clock); returns the seconds to wait."""
        self._deaths.append(now)
        while now - self._deaths[0] > WINDOW:
            self._deaths.popleft()
        beyond = len(self._deaths) - FREE
        return 0.0 if beyond <= 0 else min(LONGEST, 0.25 * 2.0**beyond)
