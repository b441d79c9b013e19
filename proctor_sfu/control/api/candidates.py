"""Who is in the rooms, and what they publish."""

from __future__ import annotations

from dataclasses import dataclass


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
    state: str
    """``joining``; ``live``: its media connection stands; ``degraded``: badly; ``reconnecting``: not any more."""
    connected_at: str
    address: str
    transport: str | None
    """``udp`` or ``tcp`` once media flows."""
    sources: tuple[Source, ...]
    consumers: int
    """Consumers of what it publishes, or for a proctor of what it watches."""
