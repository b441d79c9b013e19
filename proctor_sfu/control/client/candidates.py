"""Who is in the rooms."""

from __future__ import annotations

import builtins

from proctor_sfu.control.api.candidates import Candidate
from proctor_sfu.control.client.transport import Transport, segment


class Candidates:
    """Find and kick."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, room: str | None = None, *, everybody: bool = False) -> builtins.list[Candidate]:
        """Return candidates, with ``everybody`` proctors and observers too."""
        query = {"room": room, "all": everybody}
        return self._transport.many(Candidate, self._transport.call("GET", "/v1/candidates", query=query))

    def get(self, room: str, candidate: str) -> Candidate:
        """Return a peer of a room."""
        return self._transport.one(Candidate, self._transport.call("GET", _seat(room, candidate)))

    def kick(self, room: str, candidate: str, *, reason: str, dry_run: bool = False) -> Candidate:
        """Take a peer out of a room; returns it as it was."""
        query = {"reason": reason, "dry_run": dry_run}
        return self._transport.one(Candidate, self._transport.call("DELETE", _seat(room, candidate), query=query))


def _seat(room: str, candidate: str) -> str:
    return f"/v1/rooms/{segment(room)}/candidates/{segment(candidate)}"
