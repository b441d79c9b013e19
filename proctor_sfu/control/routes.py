"""The control API: a table of routes over rooms and pool."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, TypeAlias, TypeVar

import structlog
from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor_sfu import __version__
from proctor_sfu.control import api
from proctor_sfu.control.socket import peer_process
from proctor_sfu.control.views import peer_view, room_view, timestamp, worker_view
from proctor_sfu.errors import MediasoupError, PsfuError, RefusedError, WorkerClosedError
from proctor_sfu.mediasoup.install import VERSION
from proctor_sfu.pool.pool import Pool
from proctor_sfu.rooms.peer import Peer
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Role
from proctor_sfu.rooms.room import Room
from proctor_sfu.text import safe_text

_log = structlog.get_logger("psfu.control")

STATUS: Final[Mapping[str, int]] = {
    "bad_data": 400, "api_version": 400, "forbidden": 403, "not_found": 404, "room_not_found": 404,
    "candidate_not_found": 404, "worker_not_found": 404, "method_not_allowed": 405, "conflict": 409,
    "room_full": 409, "too_large": 413, "address_in_use": 409, "no_worker": 503, "worker_closed": 503,
}  # fmt: skip
"""Stable code -> HTTP status; what is not listed is 500."""
MAX_BODY: Final = 65_536
"""Bytes."""
MAX_WORKERS: Final = 1024

_Handler: TypeAlias = Callable[[web.Request], Awaitable[Any]]
_Model = TypeVar("_Model", bound=BaseModel)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class CreateRoom(_Body):
    """``POST /v1/rooms``."""

    id: str = Field(max_length=200)
    open: bool = False
    max_candidates: int | None = Field(None, ge=1, le=100_000)


class Scale(_Body):
    """``POST /v1/workers/scale``."""

    count: int = Field(ge=1, le=MAX_WORKERS)
    dry_run: bool = False


class ControlApp:
    """What the daemon can be told and asked."""

    def __init__(self, registry: Registry, pool: Pool, *, url: str, ready: Callable[[], bool]) -> None:
        self._registry = registry
        self._pool = pool
        self._url = url
        self._ready = ready
        self._started = time.time()
        self.app = web.Application(middlewares=[self._guard], client_max_size=MAX_BODY)
        seat = "/v1/rooms/{room}/candidates/{peer}"
        table: list[tuple[str, str, _Handler]] = [
            ("GET", "/v1/version", self._version),
            ("GET", "/v1/status", self._status),
            ("GET", "/v1/rooms", self._rooms),
            ("POST", "/v1/rooms", self._create_room),
            ("GET", "/v1/rooms/{room}", self._room),
            ("DELETE", "/v1/rooms/{room}", self._close_room),
            ("GET", "/v1/candidates", self._candidates),
            ("GET", seat, self._candidate),
            ("DELETE", seat, self._kick),
            ("GET", "/v1/workers", self._workers),
            ("POST", "/v1/workers/scale", self._scale),
            ("GET", "/v1/workers/{pid}", self._worker),
        ]
        for method, path, handler in table:
            self.app.router.add_route(method, path, _answering(handler))

    @web.middleware
    async def _guard(
        self, request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Any:
        """Turn every failure into an answer with a code, and note who changed something."""
        stated = request.headers.get(api.HEADER, str(api.API_VERSION))
        if stated != str(api.API_VERSION):
            return _failure("api_version", f"this daemon speaks version {api.API_VERSION} of the control API")
        try:
            response = await handler(request)
        except RefusedError as error:
            return _failure(error.reason, error.message)
        except PsfuError as error:
            return _failure(error.code, error.message)
        except web.HTTPRequestEntityTooLarge:
            return _failure("too_large", f"a request may have {MAX_BODY} bytes")
        except web.HTTPNotFound:
            return _failure("not_found", f"no such path: {safe_text(request.path, 200)}")
        except web.HTTPMethodNotAllowed as error:
            return _failure("method_not_allowed", f"{error.method} is not possible there")
        if request.method != "GET" and request.query.get("dry_run") != "true":
            self._note(request)
        return response

    def _note(self, request: web.Request) -> None:
        transport = request.transport
        who = peer_process(transport.get_extra_info("socket") if transport is not None else None)
        _log.info(
            "control", method=request.method, path=safe_text(request.path_qs, 300),
            uid=None if who is None else who.uid, pid=None if who is None else who.pid,
        )  # fmt: skip

    async def _version(self, request: web.Request) -> api.Version:
        return api.Version(version=__version__, api=api.API_VERSION, mediasoup=VERSION)

    async def _status(self, request: web.Request) -> api.Status:
        rooms = self._registry.rooms.values()
        candidates = sum(len(room.by_role(Role.CANDIDATE)) for room in rooms)
        return api.Status(
            version=__version__,
            pid=os.getpid(),
            started_at=timestamp(self._started),
            uptime_s=round(time.time() - self._started, 3),
            ready=self._ready(),
            workers=api.WorkerCount(
                running=len(self._pool.members), target=self._pool.target, restarts=self._pool.restarts
            ),
            rooms=len(rooms),
            open_rooms=sum(room.open for room in rooms),
            candidates=candidates,
            proctors=sum(len(room.peers) for room in rooms) - candidates,
            signaling=api.Endpoint(url=self._url),
        )

    # Rooms.

    async def _rooms(self, request: web.Request) -> list[api.Room]:
        return [room_view(room) for room in self._registry.rooms.values()]

    async def _create_room(self, request: web.Request) -> web.Response:
        body = await _read(request, CreateRoom)
        room = await self._registry.create(body.id, open_to_all=body.open, max_candidates=body.max_candidates)
        return _success(room_view(room), status=201)

    async def _room(self, request: web.Request) -> api.Room:
        return room_view(self._find_room(request))

    async def _close_room(self, request: web.Request) -> api.Room:
        room = self._find_room(request)
        shown = room_view(room)
        if not _flag(request, "dry_run"):
            self._registry.close(room.id, _reason(request))
        return shown

    # Candidates.

    async def _candidates(self, request: web.Request) -> list[api.Candidate]:
        wanted = request.query.get("room")
        rooms = [self._registry.get(wanted)] if wanted else list(self._registry.rooms.values())
        everybody = _flag(request, "all")
        return [
            peer_view(room, peer)
            for room in rooms
            for peer in room.peers.values()
            if everybody or peer.role is Role.CANDIDATE
        ]

    async def _candidate(self, request: web.Request) -> api.Candidate:
        return peer_view(*self._find_peer(request))

    async def _kick(self, request: web.Request) -> api.Candidate:
        room, peer = self._find_peer(request)
        shown = peer_view(room, peer)
        if not _flag(request, "dry_run"):
            self._registry.kick(room, peer, _reason(request))
        return shown

    def _find_room(self, request: web.Request) -> Room:
        return self._registry.get(safe_text(request.match_info["room"], 64))

    def _find_peer(self, request: web.Request) -> tuple[Room, Peer]:
        room = self._find_room(request)
        name = safe_text(request.match_info["peer"], 64)
        peer = room.peers.get(name)
        if peer is None:
            raise RefusedError("candidate_not_found", f'nobody called "{name}" is in room "{room.id}"')
        return room, peer

    # Workers.

    async def _workers(self, request: web.Request) -> list[api.Worker]:
        rooms = self._registry.rooms.values()
        views = await asyncio.gather(
            *(worker_view(member, rooms) for member in self._pool.members), return_exceptions=True
        )
        for view in views:
            # One that dies while it is asked is not there any more, which is no failure of the others.
            if isinstance(view, BaseException) and not isinstance(view, WorkerClosedError | FileNotFoundError):
                raise view
        return [view for view in views if isinstance(view, api.Worker)]

    async def _worker(self, request: web.Request) -> api.Worker:
        wanted = request.match_info["pid"]
        for member in self._pool.members:
            if str(member.worker.pid) == wanted:
                return await worker_view(member, self._registry.rooms.values())
        known = ", ".join(str(member.worker.pid) for member in self._pool.members[:8])
        raise RefusedError("worker_not_found", f"no worker {safe_text(wanted, 20)} (workers: {known})")

    async def _scale(self, request: web.Request) -> api.Scaled:
        body = await _read(request, Scale)
        done = await self._pool.scale(body.count, dry_run=body.dry_run)
        return api.Scaled(**dataclasses.asdict(done), dry_run=body.dry_run)


def _answering(handler: _Handler) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            result = await handler(request)
        except MediasoupError as error:
            _log.warning("control request failed", path=safe_text(request.path, 200), reason=str(error))
            raise
        return result if isinstance(result, web.StreamResponse) else _success(result)

    return answer


def _success(result: Any, status: int = 200) -> web.Response:
    if isinstance(result, list):
        data: Any = {"items": [dataclasses.asdict(each) for each in result]}
    else:
        data = dataclasses.asdict(result)
    return web.json_response(data, status=status)


def _failure(code: str, message: str) -> web.Response:
    error = {"error": {"code": code, "message": safe_text(message, 2000)}}
    return web.json_response(error, status=STATUS.get(code, 500))


async def _read(request: web.Request, model: type[_Model]) -> _Model:
    try:
        return model.model_validate(json.loads(await request.text()))
    except ValidationError as error:
        problems = [
            f"{'.'.join(map(str, each['loc'])) or 'body'}: {each['msg'].lower()}" for each in error.errors()[:5]
        ]
        raise RefusedError("bad_data", "; ".join(problems)) from None
    except (ValueError, RecursionError) as error:
        raise RefusedError("bad_data", f"the body is no JSON: {error}") from None


def _flag(request: web.Request, name: str) -> bool:
    value = request.query.get(name, "false")
    if value not in ("true", "false"):
        raise RefusedError("bad_data", f"{name} must be true or false")
    return value == "true"


def _reason(request: web.Request) -> str:
    return safe_text(request.query.get("reason", ""), 100) or "by the operator"
