"""Rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """A room."""

    id: str
    open: bool
    """Anybody who reaches the server can join without a token."""
    state: Literal["running", "moving"]
    """``moving``: its worker died and another one is being prepared."""
    created_at: str
    worker: int | None
    """Process id of its worker."""
    max_candidates: int
    candidates: int
    proctors: int
    """Proctors and observers."""
    producers: int
    consumers: int
    record: tuple[str, ...] = ()
    """Sources of its candidates that are recorded."""
