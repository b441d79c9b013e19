"""The WebSocket endpoint: the aiohttp side of sessions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import WSCloseCode, WSMsgType, web

from proctor_sfu.rooms.registry import Registry
from proctor_sfu.settings import Signaling
from proctor_sfu.signaling.handlers.table import dispatch
from proctor_sfu.signaling.schema import document
from proctor_sfu.signaling.session import CLOSE_CODES, Session

_log = structlog.get_logger("psfu.signaling")

PATH: Final = "/ws"
SCHEMA_PATH: Final = "/signaling.schema.json"
SUBPROTOCOL: Final = "protoo"
HARD_LIMIT: Final = 16_777_216
"""Bytes of a message that are read at all, so that a client is told what was too big; beyond it is closed with 1009."""
MAX_QUEUED: Final = 4000
"""Messages waiting for a client that does not read; one more and it is closed."""


class Socket:
    """Sends in order from one task, so that whoever notifies never waits for a slow client."""

    def __init__(self, websocket: web.WebSocketResponse) -> None:
        self._websocket = websocket
        self._queue: asyncio.Queue[str | tuple[int, str]] = asyncio.Queue()
        self._closing = False

    def send(self, text: str) -> None:
        """Queue a text."""
        if self._closing:
            return
        if self._queue.qsize() >= MAX_QUEUED:
            self.close(CLOSE_CODES["flood"], "you do not read")
            return
        self._queue.put_nowait(text)

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued."""
        if not self._closing:
            self._closing = True
            self._queue.put_nowait((code, reason))

    async def write(self) -> tuple[int, str]:
        """Send what is queued until closed; returns the code and reason to close with."""
        while True:
            item = await self._queue.get()
            if not isinstance(item, str):
                return item
            try:
                await self._websocket.send_str(item)
            except ConnectionError:
                return WSCloseCode.ABNORMAL_CLOSURE, "the connection is lost"


class SignalingApp:
    """All sessions of the daemon."""

    def __init__(self, registry: Registry, settings: Signaling, *, ready: Callable[[], bool]) -> None:
        self._registry = registry
        self._settings = settings
        self._ready = ready
        self._sessions: set[Session] = set()
        self.app = web.Application()
        self.app.router.add_get(PATH, self._serve)
        self.app.router.add_get(SCHEMA_PATH, self._schema)

    async def close(self) -> None:
        """Tell all clients that the server stops."""
        for session in list(self._sessions):
            session.finish("shutdown", "the server is shutting down")

    async def _schema(self, request: web.Request) -> web.Response:
        return web.json_response(document(), content_type="application/schema+json")

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        if SUBPROTOCOL not in request.headers.get("Sec-WebSocket-Protocol", ""):
            return web.json_response({"error": {"code": "bad_subprotocol", "message": "use protoo"}}, status=400)
        if not self._ready():
            return web.json_response({"error": {"code": "not_ready", "message": "shutting down"}}, status=503)
        address = request.remote or "unknown"
        limit = self._settings.connections_per_address
        if limit and sum(session.address == address for session in self._sessions) >= limit:
            _log.warning("too_many_connections", address=address, limit=limit)
            return web.json_response(
                {"error": {"code": "too_many_connections", "message": f"{limit} connections from one address"}},
                status=429,
            )  # fmt: skip
        websocket = web.WebSocketResponse(
            protocols=(SUBPROTOCOL,), heartbeat=self._settings.ping_seconds, max_msg_size=HARD_LIMIT, compress=False
        )
        await websocket.prepare(request)
        socket = Socket(websocket)
        loop = asyncio.get_running_loop()
        session = Session(
            socket, self._registry, self._settings, dispatch, address=address, now=loop.time(), bearer=_bearer(request)
        )
        self._sessions.add(session)
        try:
            async with asyncio.TaskGroup() as group:
                writer = group.create_task(socket.write(), name=f"write {address}")
                reader = group.create_task(self._read(websocket, session), name=f"read {address}")
                await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
                session.gone(websocket.close_code)
                socket.close(WSCloseCode.OK, "")
                # Closing while somebody reads would cut the connection before the client has read why.
                reader.cancel()
                code, reason = await writer
            await websocket.close(code=code, message=reason.encode())
        finally:
            self._sessions.discard(session)
            session.gone(websocket.close_code)
        return websocket

    async def _read(self, websocket: web.WebSocketResponse, session: Session) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.call_later(
            self._settings.authenticate_seconds,
            lambda: None if session.peer else session.finish("authenticate", "authenticate in time"),
        )
        try:
            async for message in websocket:
                if message.type is not WSMsgType.TEXT:
                    await session.receive(json.dumps(None), loop.time())
                    continue
                await session.receive(message.data, loop.time())
        finally:
            deadline.cancel()


def _bearer(request: web.Request) -> str | None:
    """Return the token of an ``Authorization: Bearer`` header (RFC 6750, 2.1)."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None
