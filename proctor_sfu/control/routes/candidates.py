"""Who is in the rooms."""

from __future__ import annotations

from aiohttp import web

from proctor_sfu.control.api import candidates as api
from proctor_sfu.control.routes.answers import Route, caller, flag, reason
from proctor_sfu.control.routes.rooms import named_room
from proctor_sfu.control.views import peer_view
from proctor_sfu.errors import RefusedError
from proctor_sfu.rooms.peer import Peer
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Role
from proctor_sfu.rooms.room import Room
from proctor_sfu.text import safe_text

SEAT = "/rooms/{room}/candidates/{peer}"


class CandidateRoutes:
    """Find and kick."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def table(self) -> list[Route]:
        """Return the routes."""
        return [("GET", "/candidates", self._list), ("GET", SEAT, self._get), ("DELETE", SEAT, self._kick)]

    async def _list(self, request: web.Request) -> list[api.Candidate]:
        wanted = request.query.get("room")
        rooms = [self._registry.get(wanted)] if wanted else list(self._registry.rooms.values())
        everybody = flag(request, "all")
        return [
            peer_view(room, peer)
            for room in rooms
            for peer in room.peers.values()
            if everybody or peer.role is Role.CANDIDATE
        ]

    async def _get(self, request: web.Request) -> api.Candidate:
        return peer_view(*self._named(request))

    async def _kick(self, request: web.Request) -> api.Candidate:
        room, peer = self._named(request)
        shown = peer_view(room, peer)
        if not flag(request, "dry_run"):
            self._registry.kick(room, peer, reason(request), by=caller(request))
        return shown

    def _named(self, request: web.Request) -> tuple[Room, Peer]:
        room = named_room(self._registry, request)
        name = safe_text(request.match_info["peer"], 64)
        peer = room.peers.get(name)
        if peer is None:
            raise RefusedError("candidate_not_found", f'nobody called "{name}" is in room "{room.id}"')
        return room, peer
