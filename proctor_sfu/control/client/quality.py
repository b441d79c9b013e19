"""Live quality."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from typing import Any

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.client.transport import Transport


class Quality:
    """The newest frame, or frames as they come."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def snapshot(self, room: str | None = None) -> Frame:
        """Return the newest frame; with a room, only what is in it."""
        return self._transport.one(Frame, self._transport.call("GET", "/v1/quality", query={"room": room}))

    def stream(
        self,
        interval: float = 1.0,
        room: str | None = None,
        *,
        deferred: Collection[type[Any]] = (),
        single: Collection[type[Any]] = (),
    ) -> Iterator[Frame]:
        """Yield frames, one each ``interval`` seconds (1 or more), until the daemon ends.

        Blocks between two; whoever takes long misses those made meanwhile. Raises `UnreachableError` when the daemon
        goes away. Close the iterator to stop. ``deferred`` and ``single``: see `Unpacker`.
        """
        from proctor_sfu.control.api.unpacker import Unpacker  # Only streams have what is worth its import.

        query = {"interval": f"{interval:g}", "room": room, "format": "rows"}
        lines = self._transport.lines("/v1/quality/stream", query=query, patience=interval)
        unpacker = self._transport.parsed(
            next(lines), lambda line: Unpacker(Frame, json.loads(line)["columns"], deferred=deferred, single=single)
        )
        for line in lines:
            yield self._transport.parsed(line, unpacker.read)
