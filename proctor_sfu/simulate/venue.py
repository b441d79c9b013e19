"""Where a simulation takes place: a room on a running daemon, made for it if there is none of that name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from proctor_sfu.control.client import Client
from proctor_sfu.errors import AnswerError, RefusedError
from proctor_sfu.simulate.plan import Part

REASON = "the simulation is over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A room that simulated peers can enter."""

    room: str
    url: str
    """Of the signaling WebSocket."""
    made: bool
    """The room is there for the simulation only."""

    def credentials(self, part: Part) -> dict[str, Any]:
        """Return what a peer authenticates with."""
        return {"roomId": self.room, "peerId": part.peer, "role": part.role, "displayName": part.peer}


@contextmanager
def venue(client: Client, room: str, *, url: str | None = None, max_candidates: int | None = None) -> Iterator[Venue]:
    """Find or make a room; a room made here is closed at the end. Raises what the control client raises."""
    found = _existing(client, room)
    if found is not None and not found:
        raise RefusedError("not_open", f'room "{room}" is not open: simulated peers have no tokens')
    if found is None:
        client.rooms.create(room, open_to_all=True, max_candidates=max_candidates)
    try:
        yield Venue(room=room, url=url or client.daemon.status().signaling.url, made=found is None)
    finally:
        if found is None:
            client.rooms.close(room, reason=REASON)


def _existing(client: Client, room: str) -> bool | None:
    """Return whether a room is open; None: there is none."""
    try:
        return client.rooms.get(room).open
    except AnswerError as error:
        if error.reason != "room_not_found":
            raise
        return None
