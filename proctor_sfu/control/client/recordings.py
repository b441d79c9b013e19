"""Recordings."""

from __future__ import annotations

import builtins
from collections.abc import Sequence

from proctor_sfu.control.api.recordings import Disk, Recording, Wanted
from proctor_sfu.control.client.transport import Transport, segment


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


def _path(recording: str) -> str:
    return "/v1/recordings/" + "/".join(segment(part) for part in recording.split("/"))
