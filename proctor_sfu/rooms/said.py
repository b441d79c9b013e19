"""What was written in a room, kept for those who come later: the newest messages and bookmarks; pure.

Only as long as the daemon runs: the audit is what lasts.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from proctor_sfu.rooms.policy import Action, Target, decide, relation
from proctor_sfu.rooms.roles import Role

KEPT: Final = 2000
"""Entries of a room."""
TOLD: Final = 300
"""Entries that whoever comes is told."""

Assigned: TypeAlias = Callable[[str, Role, str], bool]
"""Takes a viewer, its role and a candidate: whether it watches the candidate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A message or a bookmark. ``data`` is what signaling tells of it."""

    method: Literal["message", "bookmark"]
    author: str
    role: Role
    """Of its author."""
    candidate: str | None
    """Who wrote it, is written to or is noted; None: it is for all."""
    data: dict[str, Any]

    def for_peer(self, peer: str, role: Role, assigned: Assigned) -> bool:
        """Return whether a peer in that role may read it."""
        if self.author == peer and self.role is role:
            return True
        if role is Role.CANDIDATE:
            return self._for_candidate(peer, assigned)
        action = Action.READ if self.method == "message" else Action.SEE
        if self.candidate is None:
            return decide(role, action, Target.NONE).allowed
        watched = assigned(peer, role, self.candidate)
        return decide(role, action, relation(peer, self.candidate, Role.CANDIDATE, assigned=watched)).allowed

    def _for_candidate(self, peer: str, assigned: Assigned) -> bool:
        if self.method == "bookmark":
            return False
        return self.candidate == peer or (self.candidate is None and assigned(self.author, self.role, peer))


class Said:
    """The entries of a room, oldest first."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=KEPT)

    def add(self, entry: Entry) -> None:
        """Keep an entry; the oldest one gives way."""
        self._entries.append(entry)

    def to(self, peer: str, role: Role, assigned: Assigned) -> list[Entry]:
        """Return what a peer may read now, the newest `TOLD`."""
        found = [entry for entry in self._entries if entry.for_peer(peer, role, assigned)]
        return found[-TOLD:]
