"""What happened: events since the daemon started, as many as it remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

MISSED: Final = "events_missed"
"""Kind of what takes the place of events that were forgotten before they were read; ``details.count`` of them."""
DAMAGED: Final = "event_damaged"
"""Kind of what takes the place of an event that a history has and nobody can read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened."""

    number: int
    """Grows by one with each event of this daemon."""
    at: str
    kind: str
    """Stable name, such as ``peer_state_changed``; see psfu-events(7)."""
    room: str | None
    peer: str | None
    details: Mapping[str, Any]
    """The other members, which depend on the kind."""
