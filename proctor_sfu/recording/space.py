"""Room on disk: how long it suffices, and whether another recording may begin; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

SMOOTHING: Final = 30.0
"""Seconds over which the rate is averaged, fewer at the beginning."""
START: Final = 2.0
"""Seconds a recording may need until its packets come."""
EXPECTED: Final[Mapping[str, int]] = {"camera": 80_000, "screen": 196_000, "microphone": 12_000}
"""Bytes a second of a source, before its rate is known: 640 kb/s, 1.57 Mb/s and 94 kb/s."""
BUSIEST: Final = 0.8
"""Part of the time the disk may be worked on before it counts as too slow for more."""
LOADED: Final = 0.3
"""Part of the time from which on what the disk takes tells what it would take at most; less is mostly syncing."""
BEHIND: Final = 3.0
"""Seconds everything may take to reach the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What has to stay free."""

    reserve_bytes: int
    reserve_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why something is not recorded."""

    code: str
    reason: str


@dataclass(slots=True, kw_only=True)
class Reserved:
    """What a recording that just began is going to add, as far as the average does not have it yet."""

    rate: float
    """Bytes a second."""
    begun: float | None = None
    """When the first measurement came behind it, seconds of a monotonic clock."""


@dataclass(slots=True, kw_only=True)
class Space:
    """The disk of the recordings, as far as it was measured."""

    limits: Limits
    free: int = 0
    size: int = 0
    rate: float = 0.0
    """Bytes a second, averaged."""
    busy: float = 0.0
    """Part of the time the disk is worked on, averaged, 0 to 1."""
    behind: float = 0.0
    """Seconds since everything received was last on the disk."""
    trouble: str = ""
    reason: str = ""
    _reserved: list[Reserved] = field(default_factory=list)
    _written: int | None = field(default=None)
    _at: float = 0.0
    _since: float = 0.0

    def take(self, *, free: int, size: int, written: int, busy: float, behind: float, now: float) -> None:
        """Take what the recorder measured in the last second; ``written`` counts from its start."""
        self.free, self.size, self.behind = free, size, behind
        if self._written is not None and written >= self._written and now > self._at:
            weight = min(1.0, (now - self._at) / min(SMOOTHING, now - self._since))
            self.rate += weight * ((written - self._written) / (now - self._at) - self.rate)
            self.busy += weight * (busy - self.busy)
            self._settle(weight, now)
        elif self._written is None:
            self._since = now
        self._written, self._at = written, now

    def reserve(self, sources: Iterable[str]) -> None:
        """Count on a recording of these sources from now on, long before the average knows of it."""
        self._reserved.append(Reserved(rate=expected(sources)))

    def _settle(self, weight: float, now: float) -> None:
        """Reserve so much less as the average took in; ``weight`` is what the latest second has in it."""
        for each in self._reserved:
            if each.begun is None:
                each.begun = now
            elif now - each.begun >= START:
                each.rate *= 1 - weight
        self._reserved = [each for each in self._reserved if each.rate > 1]

    @property
    def to_come(self) -> float:
        """Bytes a second that is written soon: what is measured, and what is reserved."""
        return self.rate + sum(each.rate for each in self._reserved)

    @property
    def speed(self) -> float | None:
        """Bytes a second the disk would take if it did nothing else; None: not known yet."""
        return self.rate / self.busy if self.busy > 0.001 and self.rate > 0 else None

    @property
    def hours_left(self) -> float | None:
        """Hours until the reserve is reached at the rate of all that is recorded; None: nothing is.

        A disk that refuses has none, however much of it is free.
        """
        return 0.0 if self.trouble == "disk-failed" else self._hours(self.to_come)

    def _hours(self, rate: float) -> float | None:
        return None if rate < 1 else max(0.0, (self.free - self.limits.reserve_bytes) / rate / 3600)

    def refusal(self, sources: Iterable[str] = ()) -> Refusal | None:
        """Return why no recording of these sources may begin now."""
        if self.trouble == "disk-failed":
            return Refusal(code="disk_failed", reason=f"the disk of the recordings refuses: {self.reason}")
        if self.free < self.limits.reserve_bytes or self.trouble == "disk-full":
            return Refusal(
                code="disk_full", reason=f"{self.free / 2**20:.0f} MiB are free, less than recording.reserve_bytes"
            )
        hours = self._hours(self.to_come + expected(sources))
        if hours is not None and hours < self.limits.reserve_hours:
            return Refusal(
                code="disk_full", reason=f"the disk suffices for {hours:.1f} hours, less than recording.reserve_hours"
            )
        more = self.to_come + expected(sources)
        if self.busy > LOADED and self.speed is not None and more > BUSIEST * self.speed:
            return Refusal(
                code="disk_slow",
                reason=f"the disk takes {self.speed / 2**20:.1f} MiB/s, and {more / 2**20:.1f} MiB/s would be recorded",
            )
        if self.trouble == "disk-slow" or self.behind > BEHIND or self.busy > BUSIEST:
            return Refusal(
                code="disk_slow", reason=f"the disk is busy {self.busy:.0%} of the time, {self.behind:.1f} s behind"
            )
        return None


def expected(sources: Iterable[str]) -> float:
    """Return the bytes a second of sources whose rate is not known."""
    return float(sum(EXPECTED[source] for source in sources))
