"""Live quality: the newest frame, and a stream of them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Final

from aiohttp import web

from proctor_sfu.control.routes.answers import Route
from proctor_sfu.control.routes.streams import Streams
from proctor_sfu.errors import RefusedError
from proctor_sfu.quality.frames import HEADER, Form, Frames
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.text import safe_text

SHORTEST: Final = 1.0
LONGEST: Final = 3600.0


class QualityRoutes:
    """One frame, or a line for each."""

    def __init__(self, frames: Frames, registry: Registry, streams: Streams) -> None:
        self._frames = frames
        self._registry = registry
        self._streams = streams

    def table(self) -> list[Route]:
        """Return the routes."""
        return [("GET", "/quality", self._newest), ("GET", "/quality/stream", self._stream)]

    async def _newest(self, request: web.Request) -> web.Response:
        room = self._room(request)
        if self._frames.newest is None:
            raise RefusedError("not_ready", "the first sample is not there yet; try again in a second")
        return web.Response(body=self._frames.encoded("objects", room), content_type="application/json")

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Stream frames until the client goes; ``format=rows`` begins with a line that names the columns."""
        room, form, interval = self._room(request), _form(request), _interval(request)
        return await self._streams.answer(request, self._lines(room, form, interval))

    async def _lines(self, room: str | None, form: Form, interval: float) -> AsyncGenerator[bytes, None]:
        if form == "rows":
            yield json.dumps({"columns": HEADER}).encode() + b"\n"
        async with contextlib.aclosing(self._frames.follow(interval)) as numbers:
            async for _ in numbers:
                yield self._frames.encoded(form, room)

    def _room(self, request: web.Request) -> str | None:
        wanted = request.query.get("room")
        return self._registry.get(safe_text(wanted, 64)).id if wanted else None


def _form(request: web.Request) -> Form:
    match request.query.get("format", "objects"):
        case "rows":
            return "rows"
        case "objects":
            return "objects"
        case _:
            raise RefusedError("bad_data", "format must be rows or objects")


def _interval(request: web.Request) -> float:
    try:
        interval = float(request.query.get("interval", SHORTEST))
    except ValueError:
        interval = float("nan")
    if not SHORTEST <= interval <= LONGEST:
        raise RefusedError("bad_data", f"interval must be seconds from {SHORTEST:g} to {LONGEST:g}")
    return interval
