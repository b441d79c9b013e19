"""What happened."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterator, Sequence
from typing import Final

from proctor_sfu.control.api import base
from proctor_sfu.control.api.events import Event
from proctor_sfu.control.client.transport import Transport

PATIENCE: Final = 20.0
"""Seconds after which a daemon that says nothing at all, not even that nothing happened, counts as gone."""


class Events:
    """Those the daemon remembers, and those to come."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def list(
        self, *, since: float | None = None, room: str | None = None, peer: str | None = None,
        kinds: Sequence[str] = (), limit: int | None = None,
    ) -> tuple[builtins.list[Event], int]:  # fmt: skip
        """Return the latest events, oldest first, and the number of the newest; ``since``: seconds ago."""
        query = {"since": since, "room": room, "peer": peer, "kind": builtins.list(kinds), "limit": limit}
        data = self._transport.call("GET", "/v1/events", query=query)
        return self._transport.many(Event, data), int(data.get("last", 0))

    def follow(
        self, after: int | None = None, *, room: str | None = None, peer: str | None = None, kinds: Sequence[str] = ()
    ) -> Iterator[Event]:
        """Yield events after a number, or those to come, until the daemon ends.

        One of the kind ``events_missed`` stands for those that were forgotten before they could be sent.
        Raises `UnreachableError` when the daemon goes away.
        """
        query = {"after": after, "room": room, "peer": peer, "kind": builtins.list(kinds)}
        for line in self._transport.lines("/v1/events/stream", query=query, patience=PATIENCE):
            yield self._transport.parsed(line, lambda text: base.decode(Event, json.loads(text)))
