"""The audit."""

from __future__ import annotations

import json
from collections.abc import Iterator

from proctor_sfu.control.api import base
from proctor_sfu.control.api.audit import Entry, Listed
from proctor_sfu.control.client.events import PATIENCE
from proctor_sfu.control.client.transport import Transport


class Audit:
    """Records there are, and those to come."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, since: float | None = None, room: str | None = None, peer: str | None = None, limit: int | None = None
    ) -> Listed:
        """Return the latest records; ``since``: Unix time."""
        query = {"since": since, "room": room, "peer": peer, "limit": limit}
        data = self._transport.call("GET", "/v1/audit", query=query)
        return self._transport.one(Listed, data)

    def follow(self, after: int | None = None, *, room: str | None = None, peer: str | None = None) -> Iterator[Entry]:
        """Yield records after a number, or those to come. Raises `UnreachableError` when the daemon goes away."""
        query = {"after": after, "room": room, "peer": peer}
        for line in self._transport.lines("/v1/audit/stream", query=query, patience=PATIENCE):
            yield self._transport.parsed(line, lambda text: base.decode(Entry, json.loads(text)))
