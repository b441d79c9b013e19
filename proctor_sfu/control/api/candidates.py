"""Who is in the rooms, and what they publish."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a candidate publishes."""

    source: str
    producer: str
    codec: str
    """MIME type."""
    paused: bool
    score: int | None
    """Smallest of its streams, 0 to 10; null until the worker told one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A peer of a room: a candidate, or with ``?all=true`` a proctor or observer."""

    id: str
    room: str
    name: str
    role: str
    state: Literal["joining", "live"]
    """``live``: it joined and its media connection stands."""
    connected_at: str
    address: str
    transport: str | None
    """``udp`` or ``tcp`` once media flows."""
    sources: tuple[Source, ...]
    consumers: int
    """Consumers of what it publishes, or for a proctor of what it watches."""
