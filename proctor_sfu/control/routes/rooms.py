"""Rooms."""

from __future__ import annotations

import time
from typing import Annotated

from aiohttp import web
from pydantic import Field

from proctor_sfu.control.api import rooms as api
from proctor_sfu.control.routes.answers import Body, Route, caller, flag, read, reason, success
from proctor_sfu.control.views import room_view
from proctor_sfu.rooms.codecs import VideoCodec
from proctor_sfu.rooms.profile import Expected, Profile, SecondLogin
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.settings import Rooms
from proctor_sfu.text import safe_text

Text = Annotated[str, Field(max_length=200)]
# Strict types have no words for members of an enumeration in JSON; these take them by value.
SourceName = Annotated[Source, Field(strict=False)]
RoleName = Annotated[Role, Field(strict=False)]
Moment = Annotated[float, Field(ge=0, le=253_402_300_799)]
"""Seconds of Unix time."""


class Person(Body):
    """Somebody on a roster."""

    id: Text
    name: Annotated[str, Field(max_length=10_000)] = ""
    role: RoleName = Role.CANDIDATE


class CreateRoom(Body):
    """``POST /v1/rooms``."""

    id: Text
    open: bool = False
    max_candidates: int | None = Field(None, ge=1, le=100_000)
    not_before: Moment | None = None
    expires: Moment | None = None
    required: list[SourceName] = Field(default_factory=list)
    record: list[SourceName] = Field(default_factory=list)
    retain_days: int | None = Field(None, ge=0, le=36_500)
    second_login: Annotated[SecondLogin, Field(strict=False)] | None = None
    codec: Annotated[VideoCodec, Field(strict=False)] | None = None
    roster: list[Person] = Field(default_factory=list)


class RoomRoutes:
    """Create, find, close."""

    def __init__(self, registry: Registry, defaults: Rooms) -> None:
        self._registry = registry
        self._defaults = defaults

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
        profile = Profile(
            id=body.id, open=body.open, created_at=time.time(),
            max_candidates=body.max_candidates or self._defaults.max_candidates,
            not_before=body.not_before, expires=body.expires,
            required=tuple(dict.fromkeys(body.required)), record=tuple(dict.fromkeys(body.record)),
            record_by=caller(request).plain() if body.record else None, retain_days=body.retain_days,
            second_login=body.second_login or SecondLogin(self._defaults.second_login),
            codec=body.codec or VideoCodec(self._defaults.codec),
        )  # fmt: skip
        room = await self._registry.create(profile, roster=people_of(body.roster), by=caller(request))
        return success(room_view(room), status=201)

    async def _get(self, request: web.Request) -> api.Room:
        return room_view(named_room(self._registry, request))

    async def _close(self, request: web.Request) -> api.Room:
        room = named_room(self._registry, request)
        shown = room_view(room)
        if not flag(request, "dry_run"):
            await self._registry.close(room.id, reason(request), by=caller(request))
        return shown


def people_of(roster: list[Person]) -> tuple[Expected, ...]:
    """Return a roster as rooms have it."""
    return tuple(Expected(id=each.id, name=each.name, role=each.role) for each in roster)


def named_room(registry: Registry, request: web.Request) -> Room:
    """Return the room in the path; raises `RefusedError` ``room_not_found``."""
    return registry.get(safe_text(request.match_info["room"], 64))
