"""The connection states of a peer, derived from what is known of it; pure.

``expected`` (on the roster only) → ``joining`` → ``live`` ⇄ ``degraded`` → ``reconnecting`` → ``lost`` or ``left``.
Nothing is remembered that could be derived, so no transition can be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

Light: TypeAlias = Literal["green", "amber", "red", "grey"]


class State(StrEnum):
    """See product glossary: connection states of a candidate."""

    EXPECTED = "expected"
    JOINING = "joining"
    LIVE = "live"
    DEGRADED = "degraded"
    RECONNECTING = "reconnecting"
    LOST = "lost"
    """The grace period ended without it."""
    LEFT = "left"
    """It went on purpose, or was sent away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a peer that has a seat."""

    away: bool
    """Its WebSocket is gone."""
    joined: bool
    connected_once: bool
    """Its media connection stood at some time since it joined."""
    connected: bool
    """ICE and DTLS stand now."""
    light: Light
    """What the quality of its media says; grey: nothing."""


def state_of(facts: Facts) -> State:
    """Return the state these facts mean."""
    if facts.away:
        return State.RECONNECTING
    if not facts.joined:
        return State.JOINING
    if not facts.connected:
        return State.RECONNECTING if facts.connected_once else State.JOINING
    return State.DEGRADED if facts.light in ("amber", "red") else State.LIVE
