"""The daemon itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from aiohttp import web

from proctor_sfu import __version__
from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.base import API_VERSION
from proctor_sfu.control.api.daemon import Endpoint, Reloaded, Status, Version, WorkerCount
from proctor_sfu.control.routes.answers import Route
from proctor_sfu.mediasoup.install import VERSION
from proctor_sfu.pool.pool import Pool
from proctor_sfu.quality.history import History
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.roles import Role


class DaemonRoutes:
    """Versions and state."""

    def __init__(
        self, registry: Registry, pool: Pool, history: History | None, *, url: str, ready: Callable[[], bool],
        reload: Callable[[], Reloaded],
    ) -> None:  # fmt: skip
        self._registry = registry
        self._pool = pool
        self._history = history
        self._url = url
        self._ready = ready
        self._reload_files = reload
        self._started, self._began = time.time(), time.monotonic()

    def table(self) -> list[Route]:
        """Return the routes."""
        return [("GET", "/version", self._version), ("GET", "/status", self._status), ("POST", "/reload", self._reload)]

    async def _version(self, request: web.Request) -> Version:
        return Version(version=__version__, api=API_VERSION, mediasoup=VERSION)

    async def _reload(self, request: web.Request) -> Reloaded:
        return self._reload_files()

    async def _status(self, request: web.Request) -> Status:
        rooms = self._registry.rooms.values()
        candidates = sum(len(room.by_role(Role.CANDIDATE)) for room in rooms)
        return Status(
            version=__version__,
            pid=os.getpid(),
            started_at=timestamp(self._started),
            uptime_s=round(time.monotonic() - self._began, 3),
            ready=self._ready(),
            workers=WorkerCount(
                running=len(self._pool.members), target=self._pool.target, restarts=self._pool.restarts
            ),
            rooms=len(rooms),
            open_rooms=sum(room.open for room in rooms),
            candidates=candidates,
            proctors=sum(len(room.peers) for room in rooms) - candidates,
            signaling=Endpoint(url=self._url),
            history=None if self._history is None else str(self._history.path),
        )
