"""Which of the sources a room requires a candidate does not send, and when that is worth telling; the time is an
argument."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final, NamedTuple

from proctor_sfu.rooms.roles import Source

PATIENCE: Final = 2.0
"""Seconds a source may be missing before it is told; with the pace of asking that is within the 3 s promised."""


class Sending(NamedTuple):
    """What is known of a source that a candidate publishes."""

    paused: bool
    """By the candidate itself."""
    silent: bool
    """No packets arrive."""


class Change(NamedTuple):
    """A source is missing now, or is back."""

    source: Source
    missing: bool


class Required:
    """Watches one candidate."""

    def __init__(self) -> None:
        self.missing: set[Source] = set()
        """What was told to be missing."""
        self._since: dict[Source, float] = {}

    def check(
        self, required: Collection[Source], sending: dict[Source, Sending], *, connected: bool, now: float
    ) -> list[Change]:
        """Return what has to be told at ``now``, seconds of a clock that never jumps.

        While the connection itself is lost nothing is told of its sources, and neither when all of them fall silent
        at once: that is the connection too, long before ICE knows.
        """
        if not connected:
            self._since.clear()
            return []
        cut = len(sending) > 1 and all(each.silent for each in sending.values())
        changes = []
        for source in required:
            state = sending.get(source)
            if state is not None and not state.paused and not state.silent:
                self._since.pop(source, None)
                if source in self.missing:
                    self.missing.discard(source)
                    changes.append(Change(source, False))
            elif state is not None and not state.paused and cut:
                self._since.pop(source, None)
            elif now - self._since.setdefault(source, now) >= PATIENCE and source not in self.missing:
                self.missing.add(source)
                changes.append(Change(source, True))
        return changes
