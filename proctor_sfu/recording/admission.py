"""Admission: who may be recorded as far as the disk is concerned, and who should be and is not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import structlog

from proctor_sfu import events
from proctor_sfu.errors import RefusedError
from proctor_sfu.recording.space import Refusal, Space
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Source

_log = structlog.get_logger("psfu.recording")

Key: TypeAlias = tuple[str, str]
"""Room and candidate."""


class Admission:
    """Asks ``space`` before anything more is written, and tells everybody who is refused."""

    def __init__(self, registry: Registry, space: Space) -> None:
        self.refused: dict[Key, Refusal] = {}
        """Who should be recorded -> why they are not."""
        self._registry = registry
        self._space = space

    def admit(self, sources: Iterable[Source]) -> None:
        """Count on these sources from now on. Raises `RefusedError` if the disk has no room for them."""
        if (refusal := self._space.refusal(sources)) is not None:
            raise RefusedError(refusal.code, refusal.reason)
        self._space.reserve(sources)

    def go_on(self, sources: Iterable[Source]) -> None:
        """Count on sources of a recording that goes on, whatever room there is."""
        self._space.reserve(sources)

    def refuse(self, key: Key, code: str, reason: str) -> None:
        """Tell that a candidate is not recorded."""
        # The recorder has the causes of ledgers, which are written with dashes.
        refusal = Refusal(code=code.replace("-", "_"), reason=reason)
        if self.refused.get(key) != refusal:
            _log.error("recording_refused", room=key[0], peer=key[1], code=refusal.code, reason=reason)
            self.refused[key] = refusal
            self._registry.events.publish(
                events.RecordingRefused(room=key[0], peer=key[1], code=refusal.code, reason=reason)
            )

    def allow(self, key: Key) -> None:
        """All that is wanted of a candidate is recorded, or nothing is wanted of it any more."""
        self.refused.pop(key, None)

    def of(self, room: str, candidate: str | None = None) -> list[Key]:
        """Return those of a room who are refused, or one of them."""
        return [key for key in self.refused if key[0] == room and candidate in (None, key[1])]
