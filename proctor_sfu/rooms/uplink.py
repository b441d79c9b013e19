"""What a candidate goes on sending when its uplink is too thin for everything: pure, the time is an argument.

The microphone comes first, then the screen, then the camera. A source is given up only after the uplink was too thin
for a while, and tried again later and later, since an uplink that carries less is also measured to be less.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from proctor_sfu.rooms.roles import Source

ORDER: Final = (Source.MICROPHONE, Source.SCREEN, Source.CAMERA)
"""What is kept, the most important first."""
LEAST: Final[Mapping[Source, int]] = {Source.MICROPHONE: 16_000, Source.SCREEN: 150_000, Source.CAMERA: 100_000}
"""Bits per second a source is given before another one gets more."""
WORTHLESS: Final[Mapping[Source, int]] = {Source.MICROPHONE: 0, Source.SCREEN: 50_000, Source.CAMERA: 100_000}
"""Bits per second below which a source is not worth sending: a screen rests most of the time and becomes sharp then."""
USABLE: Final = 0.9
"""Part of an estimate that is given out; the rest is for repairs and for being wrong."""
PATIENCE: Final = 4.0
"""Seconds too thin before a source is given up."""
RELIEF: Final = 5.0
"""Seconds without want until an uplink is wide enough: a client that was just told to send less reports none."""
RETRY: Final = 15.0
"""Seconds until a source that was given up is tried again; twice as long after each failure."""
LONGEST_RETRY: Final = 120.0


@dataclass(slots=True, kw_only=True)
class _Absence:
    since: float
    retry: float


class Uplink:
    """The uplink of one candidate. ``caps``: most it may send as each source, bits per second."""

    def __init__(self, caps: Mapping[Source, int]) -> None:
        self.available: int | None = None
        """What the client believed last to get through, bits per second."""
        self._caps = caps
        self._thin_since: float | None = None
        self._limited_at: float | None = None
        self._absent: dict[Source, _Absence] = {}
        self._last_retry: dict[Source, float] = {}

    def report(self, now: float, *, available: int, limited: bool, publishing: Collection[Source]) -> dict[Source, int]:
        """Take the client's estimate; returns how much it may send as each source, 0: nothing for now.

        ``available``: what its congestion control believes to get through, bits per second; ``limited``: whether it
        already sends less than it would for want of that.
        """
        self.available = available
        wanted = [source for source in ORDER if source in publishing and source in self._caps]
        self._bring_back(now, wanted)
        active = [source for source in wanted if source not in self._absent]
        shares = self._shares(int(available * USABLE), active)
        starved = [source for source in active if shares[source] < WORTHLESS[source]]
        if limited:
            self._limited_at = now
        relieved = self._limited_at is None or now - self._limited_at >= RELIEF
        if relieved or not starved:
            self._thin_since = None
        elif self._thin_since is None:
            self._thin_since = now
        elif limited and now - self._thin_since >= PATIENCE:
            self._give_up(now, starved[-1])
            active.remove(starved[-1])
            shares = self._shares(int(available * USABLE), active)
        return {
            source: 0 if source in self._absent else self._limit(source, shares, limited=limited) for source in wanted
        }

    @property
    def absent(self) -> tuple[Source, ...]:
        """What is not sent for now."""
        return tuple(source for source in ORDER if source in self._absent)

    def _shares(self, budget: int, active: Collection[Source]) -> dict[Source, int]:
        """Give each what it needs at least, in order, then what is left in the same order."""
        shares = {}
        for source in active:
            shares[source] = min(budget, LEAST[source], self._caps[source])
            budget -= shares[source]
        for source in active:
            more = min(budget, self._caps[source] - shares[source])
            shares[source] += more
            budget -= more
        return shares

    def _limit(self, source: Source, shares: Mapping[Source, int], *, limited: bool) -> int:
        # Without want nothing is held back: a cap below what would fit could never grow again.
        return max(shares[source], min(LEAST[source], self._caps[source])) if limited else self._caps[source]

    def _give_up(self, now: float, source: Source) -> None:
        retry = min(LONGEST_RETRY, 2 * self._last_retry.get(source, RETRY / 2))
        self._last_retry[source] = retry
        self._absent[source] = _Absence(since=now, retry=retry)
        self._thin_since = None

    def _bring_back(self, now: float, wanted: Collection[Source]) -> None:
        for source in [source for source in self._absent if source not in wanted]:
            del self._absent[source]
        due = [source for source in self.absent if now - self._absent[source].since >= self._absent[source].retry]
        if due:
            del self._absent[due[0]]
            self._thin_since = None
