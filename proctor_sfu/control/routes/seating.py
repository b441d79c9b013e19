"""Who is expected in a room, and who watches whom there."""

from __future__ import annotations

from typing import Annotated

from aiohttp import web
from pydantic import Field

from proctor_sfu.control.api import rooms as api
from proctor_sfu.control.routes.answers import Body, Route, caller, read
from proctor_sfu.control.routes.rooms import Person, Text, named_room, people_of
from proctor_sfu.control.views import assignments_view, expected_view
from proctor_sfu.errors import RefusedError
from proctor_sfu.rooms.assignments import Assignments, Mode
from proctor_sfu.rooms.explain import explain
from proctor_sfu.rooms.names import checked_id
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Role

_ROSTER = "/rooms/{room}/roster"
_ASSIGNMENTS = "/rooms/{room}/assignments"


class SetRoster(Body):
    """``PUT /v1/rooms/ROOM/roster``."""

    roster: list[Person]


class SetMode(Body):
    """``PUT /v1/rooms/ROOM/assignments``."""

    mode: Annotated[Mode, Field(strict=False)]
    group_size: int | None = Field(None, ge=1, le=100_000)


class SetList(Body):
    """``PUT /v1/rooms/ROOM/assignments/VIEWER``; null: no list."""

    candidates: list[Text] | None


class SeatingRoutes:
    """Rosters, assignments, and why."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> list[Route]:
        """Return the routes."""
        return [
            ("GET", _ROSTER, self._roster),
            ("PUT", _ROSTER, self._set_roster),
            ("GET", _ASSIGNMENTS, self._assignments),
            ("PUT", _ASSIGNMENTS, self._set_mode),
            ("PUT", _ASSIGNMENTS + "/{viewer}", self._set_list),
            ("GET", "/rooms/{room}/acl", self._explain),
        ]

    async def _roster(self, request: web.Request) -> list[api.Expected]:
        return expected_view(named_room(self._registry, request))

    async def _set_roster(self, request: web.Request) -> list[api.Expected]:
        room = named_room(self._registry, request)
        body = await read(request, SetRoster)
        await self._registry.set_roster(room, people_of(body.roster), by=caller(request))
        return expected_view(room)

    async def _assignments(self, request: web.Request) -> api.Assignments:
        return assignments_view(named_room(self._registry, request))

    async def _set_mode(self, request: web.Request) -> api.Assignments:
        room = named_room(self._registry, request)
        body = await read(request, SetMode)
        if (body.mode is Mode.GROUPS) != (body.group_size is not None):
            raise RefusedError("bad_data", "group_size: say it with mode groups and with no other")
        await self._registry.assign(
            room, lambda before: before.with_mode(body.mode, group_size=body.group_size or 0), by=caller(request)
        )
        return assignments_view(room)

    async def _set_list(self, request: web.Request) -> api.Assignments:
        room = named_room(self._registry, request)
        viewer = checked_id("the viewer", request.match_info["viewer"])
        body = await read(request, SetList)
        listed = None if body.candidates is None else [checked_id("a candidate", each) for each in body.candidates]
        _require_viewer(room.peers.get(viewer) or room.roster.get(viewer), viewer)

        def change(before: Assignments) -> Assignments:
            return before.with_list(viewer, listed)

        await self._registry.assign(room, change, by=caller(request))
        return assignments_view(room)

    async def _explain(self, request: web.Request) -> api.Explanation:
        room = named_room(self._registry, request)
        viewer = checked_id("viewer", request.query.get("viewer", ""))
        candidate = checked_id("candidate", request.query.get("candidate", ""))
        role = request.query.get("role")
        if role is not None and role not in set(Role):
            raise RefusedError("bad_data", f"role must be one of {', '.join(Role)}")
        found = explain(room, viewer, candidate, role=None if role is None else Role(role))
        return api.Explanation(
            room=room.id, viewer=viewer, candidate=candidate, allowed=found.allowed, chain=found.chain
        )


def _require_viewer(found: object, viewer: str) -> None:
    role = getattr(found, "role", None)
    if role in (Role.CANDIDATE, Role.LEAD):
        why = "sees nobody" if role is Role.CANDIDATE else "sees everybody"
        raise RefusedError("bad_data", f"{viewer} is a {role} and {why}: there is nothing to assign")
