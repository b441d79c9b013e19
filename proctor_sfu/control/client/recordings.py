"""Recordings."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from proctor_sfu.control.api.recordings import Disk, Erased, Recording, Wanted
from proctor_sfu.control.client.transport import Transport, segment
from proctor_sfu.errors import RefusedError


class Recordings:
    """Begin, end, find, and look after."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(self, room: str | None = None, candidate: str | None = None) -> builtins.list[Recording]:
        """Return recordings, those that run and those on disk."""
        query = {"room": room, "candidate": candidate}
        return self._transport.many(Recording, self._transport.call("GET", "/v1/recordings", query=query))

    def get(self, recording: str) -> Recording:
        """Return one."""
        return self._transport.one(Recording, self._transport.call("GET", _path(recording)))

    def disk(self) -> Disk:
        """Return the disk they are on."""
        return self._transport.one(Disk, self._transport.call("GET", "/v1/recordings/disk"))

    def start(self, room: str, candidate: str | None, sources: Sequence[str], retain_days: int | None) -> Wanted:
        """Record sources of a candidate, or of everybody in a room."""
        body = {"room": room, "candidate": candidate, "sources": [*sources], "retain_days": retain_days}
        return self._transport.one(Wanted, self._transport.call("POST", "/v1/recordings/start", body=body))

    def stop(self, room: str, candidate: str | None, sources: Sequence[str]) -> Wanted:
        """Record them no more."""
        body = {"room": room, "candidate": candidate, "sources": [*sources]}
        return self._transport.one(Wanted, self._transport.call("POST", "/v1/recordings/stop", body=body))

    def hold(self, recording: str, *, held: bool, reason: str) -> Recording:
        """Keep a recording whatever its retention says, or no longer."""
        query = {"reason": reason}
        method = "PUT" if held else "DELETE"
        return self._transport.one(
            Recording, self._transport.call(method, f"{_path(recording)}/hold", query=query)
        )  # fmt: skip

    def erase(self, recording: str, *, reason: str, dry_run: bool = False) -> Erased:
        """Delete the journals of a recording."""
        query = {"reason": reason, "dry_run": dry_run}
        return self._transport.one(Erased, self._transport.call("DELETE", _path(recording), query=query))

    def prune(self, *, dry_run: bool = False) -> builtins.list[Erased]:
        """Delete the recordings whose time is over."""
        query = {"dry_run": dry_run}
        return self._transport.many(Erased, self._transport.call("POST", "/v1/recordings/prune", query=query))

    def viewed(self, recording: str, what: str) -> None:
        """Note in the audit that somebody looks at a recording."""
        self._transport.call("POST", f"{_path(recording)}/views", body={"what": what})


def _path(recording: str) -> str:
    parts = recording.split("/")
    if len(parts) != 3 or not all(parts):
        raise RefusedError("usage", f"{recording!r} is no id of a recording: ROOM/CANDIDATE/TIME")
    return "/v1/recordings/" + "/".join(segment(part) for part in parts)
