"""What happened: the events the daemon remembers, and those to come."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from typing import Any, Final, TypeAlias

from aiohttp import web

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.events import MISSED
from proctor_sfu.control.routes.answers import Route, number
from proctor_sfu.control.routes.streams import Streams
from proctor_sfu.errors import RefusedError
from proctor_sfu.events import Bus, Record, unknown
from proctor_sfu.feed import Missed
from proctor_sfu.text import safe_text

MOST: Final = 10_000
Told: TypeAlias = dict[str, Any]
"""`control.api.events.Event` as JSON has it."""


class EventRoutes:
    """The remembered ones, and a stream."""

    def __init__(self, events: Bus, streams: Streams, clock: Callable[[], float] = time.time) -> None:
        self._events = events
        self._streams = streams
        self._clock = clock

    def table(self) -> list[Route]:
        """Return the routes."""
        return [("GET", "/events", self._list), ("GET", "/events/stream", self._stream)]

    async def _list(self, request: web.Request) -> web.Response:
        wanted, limit = _wanted(request), int(number(request, "limit", MOST, least=0))
        since = self._clock() - number(request, "since", float("inf"), least=0)
        last = self._events.last
        found = list(_told(self._events.after(0), wanted, since))
        return web.json_response({"items": found[max(0, len(found) - limit) :], "last": last})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        wanted = _wanted(request)
        after = int(number(request, "after", self._events.last, least=0))
        return await self._streams.answer(request, self._lines(after, wanted))

    async def _lines(self, after: int, wanted: Callable[[Told], bool]) -> AsyncGenerator[bytes, None]:
        async for each in self._events.follow(after):
            for event in _told([each], wanted, float("-inf")):
                yield json.dumps(event).encode() + b"\n"


def _told(records: Iterable[Record | Missed], wanted: Callable[[Told], bool], since: float) -> Iterator[Told]:
    for record in records:
        if isinstance(record, Missed):
            gap = {"room": None, "peer": None, "details": {"count": record.count}}
            yield {"number": 0, "at": timestamp(time.time()), "kind": MISSED, **gap}
        elif record.at >= since and wanted(told := record.told()):
            yield told


def _wanted(request: web.Request) -> Callable[[Told], bool]:
    """Return the filter of a request: ``room``, ``peer``, and any of several ``kind``.

    Raises `RefusedError` ``bad_data`` for a kind there is none of.
    """
    room, peer, kinds = request.query.get("room"), request.query.get("peer"), request.query.getall("kind", [])
    if problem := unknown(kinds):
        raise RefusedError("bad_data", safe_text(problem, 300))
    return lambda event: (
        (not room or event["room"] == room)
        and (not peer or event["peer"] == peer)
        and (not kinds or event["kind"] in kinds)
    )
