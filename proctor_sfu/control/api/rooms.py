"""Rooms, who is expected in them, and who watches whom."""

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
    not_before: str | None
    """Candidates cannot join before."""
    expires: str | None
    """It is closed then."""
    worker: int | None
    """Process id of its worker."""
    max_candidates: int
    expected: int
    """Candidates on its roster."""
    candidates: int
    proctors: int
    """Proctors and observers."""
    producers: int
    consumers: int
    required: tuple[str, ...]
    """Sources every candidate has to send."""
    record: tuple[str, ...]
    """Sources that are recorded of every candidate."""
    retain_days: int | None
    """Days after which recordings may be deleted, 0: never; null: as the settings say."""
    second_login: Literal["refuse", "takeover"]
    codec: Literal["vp8", "vp9", "h264"]
    """What its pictures are encoded as, by all who can."""
    assign: Literal["all", "list", "groups"]
    """What holds for proctors without a list of their own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Somebody on the roster of a room."""

    id: str
    name: str
    role: str
    state: str
    """``expected``, or a connection state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """What one proctor or observer watches."""

    viewer: str
    role: str | None
    """null: neither here nor on the roster."""
    present: bool
    rule: Literal["all", "list", "groups", "lead"]
    """What decides for it."""
    candidates: tuple[str, ...]
    """Of those here or on the roster."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignments:
    """Who watches whom in a room."""

    room: str
    mode: Literal["all", "list", "groups"]
    """For those without a list."""
    group_size: int | None
    viewers: tuple[Assignment, ...]
    unwatched: tuple[str, ...]
    """Candidates that no proctor or observer watches; a lead always may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Whether somebody may see a candidate, and the rules that decide it, in order."""

    room: str
    viewer: str
    candidate: str
    allowed: bool
    chain: tuple[str, ...]
