"""Rooms."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from proctor_sfu.control.api.rooms import Room
from proctor_sfu.control.client.transport import Transport, segment


class Rooms:
    """Create, find, close."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> builtins.list[Room]:
        """Return all rooms, oldest first."""
        return self._transport.many(Room, self._transport.call("GET", "/v1/rooms"))

    def get(self, room: str) -> Room:
        """Return a room."""
        return self._transport.one(Room, self._transport.call("GET", _path(room)))

    def create(
        self, room: str, *, open_to_all: bool, max_candidates: int | None = None, record: Sequence[str] = ()
    ) -> Room:
        """Make a room; ``record``: the sources of its candidates that are recorded."""
        body = {"id": room, "open": open_to_all, "max_candidates": max_candidates, "record": [*record]}
        return self._transport.one(Room, self._transport.call("POST", "/v1/rooms", body=body))

    def close(self, room: str, *, reason: str, dry_run: bool = False) -> Room:
        """Close a room; returns it as it was."""
        query = {"reason": reason, "dry_run": dry_run}
        return self._transport.one(Room, self._transport.call("DELETE", _path(room), query=query))


def _path(room: str) -> str:
    return f"/v1/rooms/{segment(room)}"
