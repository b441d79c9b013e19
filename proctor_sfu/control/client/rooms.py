"""Rooms."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from proctor_sfu.control.api.rooms import Assignments, Expected, Explanation, Room
from proctor_sfu.control.client.transport import Transport, segment


class Rooms:
    """Create, find, close; rosters and assignments."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self) -> builtins.list[Room]:
        """Return all rooms, oldest first."""
        return self._transport.many(Room, self._transport.call("GET", "/v1/rooms"))

    def get(self, room: str) -> Room:
        """Return a room."""
        return self._transport.one(Room, self._transport.call("GET", _path(room)))

    def create(
        self, room: str, *, open_to_all: bool, max_candidates: int | None = None, not_before: float | None = None,
        expires: float | None = None, required: Sequence[str] = (), record: Sequence[str] = (),
        retain_days: int | None = None, second_login: str | None = None, codec: str | None = None,
        roster: Sequence[dict[str, str]] = (),
    ) -> Room:  # fmt: skip
        """Make a room. Times are Unix time; None: what the daemon's settings say."""
        body = {
            "id": room, "open": open_to_all, "max_candidates": max_candidates, "not_before": not_before,
            "expires": expires, "required": [*required], "record": [*record], "retain_days": retain_days,
            "second_login": second_login, "codec": codec, "roster": [*roster],
        }  # fmt: skip
        return self._transport.one(Room, self._transport.call("POST", "/v1/rooms", body=body))

    def close(self, room: str, *, reason: str, dry_run: bool = False) -> Room:
        """Close a room; returns it as it was."""
        query = {"reason": reason, "dry_run": dry_run}
        return self._transport.one(Room, self._transport.call("DELETE", _path(room), query=query))

    def roster(self, room: str) -> builtins.list[Expected]:
        """Return who is expected."""
        return self._transport.many(Expected, self._transport.call("GET", f"{_path(room)}/roster"))

    def set_roster(self, room: str, roster: Sequence[dict[str, str]]) -> builtins.list[Expected]:
        """Expect these people: ``id``, ``name``, ``role``; in place of those before."""
        body = {"roster": builtins.list(roster)}
        return self._transport.many(Expected, self._transport.call("PUT", f"{_path(room)}/roster", body=body))

    def assignments(self, room: str) -> Assignments:
        """Return who watches whom."""
        return self._transport.one(Assignments, self._transport.call("GET", f"{_path(room)}/assignments"))

    def assign_mode(self, room: str, mode: str, *, group_size: int | None = None) -> Assignments:
        """Say what holds for those without a list: ``all``, ``list`` (nobody), ``groups`` of ``group_size``."""
        body = {"mode": mode, "group_size": group_size}
        return self._transport.one(Assignments, self._transport.call("PUT", f"{_path(room)}/assignments", body=body))

    def assign_list(self, room: str, viewer: str, candidates: Sequence[str] | None) -> Assignments:
        """Give somebody a list, None: take it away."""
        body = {"candidates": None if candidates is None else builtins.list(candidates)}
        path = f"{_path(room)}/assignments/{segment(viewer)}"
        return self._transport.one(Assignments, self._transport.call("PUT", path, body=body))

    def explain(self, room: str, viewer: str, candidate: str, *, role: str | None = None) -> Explanation:
        """Return whether ``viewer`` may see ``candidate``, and why."""
        query = {"viewer": viewer, "candidate": candidate, "role": role}
        return self._transport.one(Explanation, self._transport.call("GET", f"{_path(room)}/acl", query=query))


def _path(room: str) -> str:
    return f"/v1/rooms/{segment(room)}"
