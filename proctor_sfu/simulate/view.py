"""What one proctor got of one source: when it began, what came, where it stood still. No I/O, time is an argument."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

GAP: Final = 1.0
"""Seconds without a picture, or without sound, from which on it counts as a gap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time without a picture or without sound; seconds of the monotonic clock and seconds."""

    at: float
    seconds: float


class View:
    """Follows one consumer from the moment the server offered it."""

    def __init__(self, offered: float, *, paused: bool = False) -> None:
        self.offered = offered
        self.first: float | None = None
        self.arrived = 0
        """Pictures, or packets of sound."""
        self._last = 0.0
        self._paused_at = offered if paused else None
        self._paused = 0.0

    def take(self, now: float) -> Gap | None:
        """Something arrived; return the gap that ends with it. What still arrives during a pause ends none."""
        self.arrived += 1
        if self.first is None:
            self.first = self._last = now
            return None
        if self._paused_at is not None:
            return None
        gap = self._gap(now)
        self._last = now
        return gap

    def pause(self, now: float) -> Gap | None:
        """The source, or the view of it, is paused; return the gap that was going on."""
        if self._paused_at is not None:
            return None
        self._paused_at = now
        return self._gap(now)

    def resume(self, now: float) -> None:
        """It goes on."""
        if self._paused_at is None:
            return
        if self.first is not None:
            self._paused += now - max(self._paused_at, self.first)
        self._paused_at = None
        self._last = max(self._last, now)

    def end(self, now: float) -> Gap | None:
        """It is over; return the gap it ends with."""
        gap = None if self._paused_at is not None else self._gap(now)
        self.resume(now)
        return gap

    def active(self, now: float) -> float:
        """Return the seconds since the first arrival in which something should have come."""
        return 0.0 if self.first is None else now - self.first - self._paused

    def _gap(self, now: float) -> Gap | None:
        if self.first is None or now - self._last < GAP:
            return None
        return Gap(at=self._last, seconds=now - self._last)
