"""Where a simulation takes place: a room on a running daemon, made for it if there is none of that name."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from proctor_sfu.control.api.rooms import Room
from proctor_sfu.control.client import Client
from proctor_sfu.errors import AnswerError, RefusedError
from proctor_sfu.simulate.plan import Part

REASON: Final = "the simulation is over"
RETAIN: Final = 1
"""Days after which recordings of simulated candidates are deleted."""
SPARE: Final = 600.0
"""Seconds that tokens are good for beyond the simulation."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Venue:
    """A room that simulated peers can enter."""

    room: str
    url: str
    """Of the signaling WebSocket."""
    client: Client
    ttl: float
    """Seconds their tokens are good for."""

    def credentials(self, part: Part) -> dict[str, Any]:
        """Return what a peer authenticates with: a token of its own."""
        made = self.client.tokens.create(
            room=self.room, subject=part.peer, role=part.role, name=part.peer, ttl=self.ttl
        )  # fmt: skip
        return {"token": made.token}


@contextmanager
def venue(
    client: Client, room: str, *, duration: float, url: str | None = None, max_candidates: int | None = None,
    record: Sequence[str] = (),
) -> Iterator[Venue]:  # fmt: skip
    """Find or make a room for some seconds; a room made here is closed at the end, and records these sources.

    Raises `RefusedError` if a room that is there already does not record them, and what the control client raises.
    """
    there = _find(client, room)
    made = there is None
    if there is not None and (more := sorted(set(record) - set(there.record))):
        hint = f"psfu recordings start {room} --sources {','.join(more)}"
        raise RefusedError("conflict", f'room "{room}" is there already and does not record {", ".join(more)} ({hint})')
    if made:
        client.rooms.create(room, open_to_all=False, max_candidates=max_candidates)
    try:
        if made and record:
            client.recordings.start(room, None, record, RETAIN)
        address = url or client.daemon.status().signaling.url
        yield Venue(room=room, url=address, client=client, ttl=duration + SPARE)
    finally:
        if made:
            client.rooms.close(room, reason=REASON)


def _find(client: Client, room: str) -> Room | None:
    try:
        return client.rooms.get(room)
    except AnswerError as error:
        if error.reason != "room_not_found":
            raise
        return None
