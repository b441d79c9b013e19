"""Roles and what each may do: a table, default deny."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a peer is in a room."""

    CANDIDATE = "candidate"
    PROCTOR = "proctor"
    OBSERVER = "observer"


class Source(StrEnum):
    """What a candidate publishes; each is one producer."""

    CAMERA = "camera"
    SCREEN = "screen"
    MICROPHONE = "microphone"


class Action(StrEnum):
    """What is decided by role."""

    PRODUCE = "produce"
    CONSUME = "consume"
    SEE_PEERS = "see_peers"


_ALLOWED: Final[Mapping[Role, frozenset[Action]]] = {
    Role.CANDIDATE: frozenset({Action.PRODUCE}),
    Role.PROCTOR: frozenset({Action.CONSUME, Action.SEE_PEERS}),
    Role.OBSERVER: frozenset({Action.CONSUME, Action.SEE_PEERS}),
}


def may(role: Role, action: Action) -> bool:
    """Return whether ``role`` may do ``action``."""
    return action in _ALLOWED.get(role, frozenset())


def may_consume(viewer: Role, owner: Role) -> bool:
    """Return whether ``viewer`` may receive what ``owner`` publishes."""
    return may(viewer, Action.CONSUME) and owner is Role.CANDIDATE
