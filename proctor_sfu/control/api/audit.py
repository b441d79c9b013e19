"""The audit: who did what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One audit record."""

    number: int
    """Counts on over restarts, so that a missing record shows."""
    at: str
    action: str
    outcome: str
    """``done`` or ``refused``."""
    room: str | None
    by: Mapping[str, Any]
    """``kind``: peer (with ``peer``, ``role``, ``address``), process (with ``uid``, ``pid``) or daemon."""
    target: str | None
    """Whom it was done to: a peer id."""
    details: Mapping[str, Any]
    """The other members, which depend on the action."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Records, and what is wrong with the files they are from."""

    items: tuple[Entry, ...]
    """Oldest first."""
    last: int = 0
    """Number of the newest of all."""
    missing: tuple[tuple[int, ...], ...] = ()
    """First and last number of those that are not there, in between of others."""
    unreadable: int = 0
    """Lines that are no records."""
