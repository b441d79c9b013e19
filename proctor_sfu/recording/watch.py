"""Watches whether what is received is written, second by second; pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Verdict: TypeAlias = Literal["stalled", "unwritten", "flows"]


@dataclass(slots=True, kw_only=True)
class Watch:
    """One track. Times are seconds of a monotonic clock; ``since``: when it was set to be recorded."""

    patience: float
    """Seconds without progress that are no reason to worry."""
    since: float
    received: int = 0
    written: int = 0
    received_at: float = -1.0
    """When something was last received, below zero: never."""
    written_at: float = -1.0
    """When everything received was last written."""
    verdict: Verdict | None = None
    """What was said last, None: nothing yet."""

    def take(self, received: int, written: int, now: float) -> None:
        """Take the counters of the recorder."""
        if received != self.received:
            self.received, self.received_at = received, now
        # What came within the last second may still be on its way to the disk.
        if written != self.written or written >= received:
            self.written, self.written_at = written, now

    def judge(self, now: float, *, paused: bool) -> Verdict | None:
        """Return a verdict if it is another than before. While ``paused`` on purpose, silence is none."""
        if paused:
            self.received_at = self.written_at = now
        verdict = self._judge(now)
        if verdict == self.verdict or (verdict == "flows" and self.verdict is None):
            self.verdict = self.verdict or verdict
            return None
        self.verdict = verdict
        return verdict

    def silence(self, now: float) -> float:
        """Return for how long nothing was received."""
        return now - max(self.received_at, self.since)

    def _judge(self, now: float) -> Verdict:
        if self.silence(now) > self.patience:
            return "stalled"
        if self.received > self.written and now - max(self.written_at, self.since) > self.patience:
            return "unwritten"
        return "flows"

    def restart(self, now: float) -> None:
        """Counters begin anew: another recorder, or another stream."""
        self.since, self.received, self.written = now, 0, 0
