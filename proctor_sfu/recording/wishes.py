"""What is wanted: which sources of a room, and of those in it for whom something else was said, are recorded.

The room's profile has it, so that it outlives the daemon: nobody who was stopped is recorded again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from proctor_sfu.audit.entry import DAEMON, By
from proctor_sfu.rooms.profile import Apart
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Source

Key: TypeAlias = tuple[str, str | None]
"""Room and candidate; None: everybody in it for whom nothing else was said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is recorded of a candidate, or of all of a room."""

    sources: frozenset[Source]
    by: Mapping[str, Any] = field(default_factory=DAEMON.plain)
    """Who said so."""
    retain_days: int | None = None
    """None: as the settings say."""


class Wishes:
    """Of all rooms there are."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def of(self, room_id: str, candidate: str | None) -> Wish:
        """Return what holds for a candidate, or for a room; nothing is wanted of a room that is closed."""
        room = self._registry.rooms.get(room_id)
        if room is None:
            return Wish(sources=frozenset())
        if candidate is not None and (own := room.profile.record_apart.get(candidate)) is not None:
            return Wish(sources=frozenset(own.sources), by=own.by, retain_days=own.retain_days)
        by = room.profile.record_by or DAEMON.plain()
        return Wish(sources=room.record, by=by, retain_days=room.profile.retain_days)

    def add(
        self, room_id: str, candidate: str | None, sources: frozenset[Source], *, by: By, retain_days: int | None
    ) -> None:
        """Want these sources as well."""
        for key in self._keys(room_id, candidate):
            self._set(key, self.of(*key).sources | sources, by, retain_days)

    def remove(self, room_id: str, candidate: str | None, sources: frozenset[Source], *, by: By) -> None:
        """Want these sources no more."""
        for key in self._keys(room_id, candidate):
            self._set(key, self.of(*key).sources - sources, by, None)

    def _keys(self, room_id: str, candidate: str | None) -> list[Key]:
        """Return what has to be set for a candidate, or for a room and everybody in it with a say of its own."""
        if candidate is not None:
            return [(room_id, candidate)]
        return [(room_id, None), *((room_id, each) for each in self._registry.get(room_id).profile.record_apart)]

    def _set(self, key: Key, sources: frozenset[Source], by: By, retain_days: int | None) -> None:
        room_id, candidate = key
        if retain_days is None:
            retain_days = self.of(*key).retain_days
        room = self._registry.get(room_id)
        if candidate is None:
            room.record = sources
            room.profile = replace(room.profile, record_by=by.plain(), retain_days=retain_days)
        else:
            own = Apart(sources=tuple(sorted(sources)), by=by.plain(), retain_days=retain_days)
            room.profile = replace(room.profile, record_apart={**room.profile.record_apart, candidate: own})
        self._registry.audit.record("record", by=by, room=room_id, target=candidate, sources=sorted(sources))
