"""Rooms."""

from __future__ import annotations

from typing import Literal

from aiohttp import web
from pydantic import Field

from proctor_sfu.control.api import rooms as api
from proctor_sfu.control.routes.answers import Body, Route, caller, flag, read, reason, success
from proctor_sfu.control.views import room_view
from proctor_sfu.recording.recordings import Recordings
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.text import safe_text


class CreateRoom(Body):
    """``POST /v1/rooms``."""

    id: str = Field(max_length=200)
    open: bool = False
    max_candidates: int | None = Field(None, ge=1, le=100_000)
    record: list[Literal["camera", "screen", "microphone"]] = Field(default_factory=list)


class RoomRoutes:
    """Create, find, close."""

    def __init__(self, registry: Registry, recordings: Recordings) -> None:
        self._registry = registry
        self._recordings = recordings

    def table(self) -> list[Route]:
        """Return the routes."""
        return [
            ("GET", "/rooms", self._list),
            ("POST", "/rooms", self._create),
            ("GET", "/rooms/{room}", self._get),
            ("DELETE", "/rooms/{room}", self._close),
        ]

    async def _list(self, request: web.Request) -> list[api.Room]:
        return [room_view(room) for room in self._registry.rooms.values()]

    async def _create(self, request: web.Request) -> web.Response:
        body = await read(request, CreateRoom)
        room = await self._registry.create(
            body.id, open_to_all=body.open, max_candidates=body.max_candidates, by=caller(request)
        )
        if body.record:
            self._recordings.want(room.id, None, map(Source, body.record), by=caller(request))
        return success(room_view(room), status=201)

    async def _get(self, request: web.Request) -> api.Room:
        return room_view(named_room(self._registry, request))

    async def _close(self, request: web.Request) -> api.Room:
        room = named_room(self._registry, request)
        shown = room_view(room)
        if not flag(request, "dry_run"):
            self._registry.close(room.id, reason(request), by=caller(request))
        return shown


def named_room(registry: Registry, request: web.Request) -> Room:
    """Return the room in the path; raises `RefusedError` ``room_not_found``."""
    return registry.get(safe_text(request.match_info["room"], 64))
