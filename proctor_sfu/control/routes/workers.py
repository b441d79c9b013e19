"""The worker processes."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Final

from aiohttp import web
from pydantic import Field

from proctor_sfu.control.api import workers as api
from proctor_sfu.control.routes.answers import Body, Route, read
from proctor_sfu.control.views import worker_view
from proctor_sfu.errors import RefusedError, WorkerClosedError
from proctor_sfu.pool.pool import Pool
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.text import safe_text

MAX_WORKERS: Final = 1024


class Scale(Body):
    """``POST /v1/workers/scale``."""

    count: int = Field(ge=1, le=MAX_WORKERS)
    dry_run: bool = False


class WorkerRoutes:
    """List and scale."""

    def __init__(self, registry: Registry, pool: Pool) -> None:
        self._registry = registry
        self._pool = pool

    def table(self) -> list[Route]:
        """Return the routes."""
        return [
            ("GET", "/workers", self._list),
            ("POST", "/workers/scale", self._scale),
            ("GET", "/workers/{pid}", self._get),
        ]

    async def _list(self, request: web.Request) -> list[api.Worker]:
        rooms = self._registry.rooms.values()
        views = await asyncio.gather(
            *(worker_view(member, rooms) for member in self._pool.members), return_exceptions=True
        )
        for view in views:
            # One that dies while it is asked is not there any more, which is no failure of the others.
            if isinstance(view, BaseException) and not isinstance(view, WorkerClosedError | FileNotFoundError):
                raise view
        return [view for view in views if isinstance(view, api.Worker)]

    async def _get(self, request: web.Request) -> api.Worker:
        wanted = request.match_info["pid"]
        for member in self._pool.members:
            if str(member.worker.pid) == wanted:
                return await worker_view(member, self._registry.rooms.values())
        known = ", ".join(str(member.worker.pid) for member in self._pool.members[:8])
        raise RefusedError("worker_not_found", f"no worker {safe_text(wanted, 20)} (workers: {known})")

    async def _scale(self, request: web.Request) -> api.Scaled:
        body = await read(request, Scale)
        done = await self._pool.scale(body.count, dry_run=body.dry_run)
        return api.Scaled(**dataclasses.asdict(done), dry_run=body.dry_run)
