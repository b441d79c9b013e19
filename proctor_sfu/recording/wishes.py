"""What is wanted: which sources of a room, and of those in it for whom something else was said, are recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from proctor_sfu.audit.entry import DAEMON, By
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
    """Those of rooms are the rooms' own; those of single candidates are kept here."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._own: dict[tuple[str, str], Wish] = {}

    def of(self, room_id: str, candidate: str | None) -> Wish:
        """Return what holds for a candidate, or for a room; nothing is wanted of a room that is closed."""
        if candidate is not None and (own := self._own.get((room_id, candidate))) is not None:
            return own
        room = self._registry.rooms.get(room_id)
        if room is None:
            return Wish(sources=frozenset())
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

    def forget(self, room_id: str) -> None:
        """A room is closed."""
        self._own = {key: each for key, each in self._own.items() if key[0] != room_id}

    def _keys(self, room_id: str, candidate: str | None) -> list[Key]:
        """Return what has to be set for a candidate, or for a room and everybody in it with a say of its own."""
        if candidate is not None:
            return [(room_id, candidate)]
        return [(room_id, None), *(key for key in self._own if key[0] == room_id)]

    def _set(self, key: Key, sources: frozenset[Source], by: By, retain_days: int | None) -> None:
        room_id, candidate = key
        if retain_days is None:
            retain_days = self.of(*key).retain_days
        if candidate is None:
            room = self._registry.get(room_id)
            room.record = sources
            room.profile = replace(room.profile, record_by=by.plain(), retain_days=retain_days)
        else:
            self._own[room_id, candidate] = Wish(sources=sources, by=by.plain(), retain_days=retain_days)
        self._registry.audit.record("record", by=by, room=room_id, target=candidate, sources=sorted(sources))
