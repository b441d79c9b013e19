"""A small protoo client over aiohttp: requests both ways, notifications, and the close code of the WebSocket."""

from __future__ import annotations

import asyncio
import itertools
import json
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import aiohttp

from proctor_sfu.aio import spawn

Data: TypeAlias = dict[str, Any]
OnRequest: TypeAlias = Callable[[str, Data], Awaitable[Data]]
OnNotification: TypeAlias = Callable[[str, Data], None]


class RefusedError(Exception):
    """The server answered with an error; ``code`` is its stable name, ``number`` the protoo ``errorCode``."""

    def __init__(self, method: str, answer: Data) -> None:
        super().__init__(f"{method}: {answer.get('errorCode')} {answer.get('errorReason')}")
        self.code = str(answer.get("code"))
        self.number = answer.get("errorCode")
        self.reason = str(answer.get("errorReason"))


class ClosedError(Exception):
    """The WebSocket closed before the answer came."""


class Protoo:
    """One protoo connection; made by `connect`, ended by `close` or by the server."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        socket: aiohttp.ClientWebSocketResponse,
        on_request: OnRequest,
        on_notification: OnNotification,
    ) -> None:
        self._session = session
        self._socket = socket
        self._on_request = on_request
        self._on_notification = on_notification
        self._ids = itertools.count(1)
        self._pending: dict[int, tuple[str, asyncio.Future[Data]]] = {}
        self._reader = spawn(self._read(), name="protoo reader")

    @classmethod
    async def connect(
        cls,
        url: str,
        on_request: OnRequest,
        on_notification: OnNotification,
        *,
        tls: ssl.SSLContext | None = None,
        host: str | None = None,
    ) -> Protoo:
        """Open a WebSocket with the subprotocol ``protoo``; ``host``: who has to be certified, else that of the URL."""
        session = aiohttp.ClientSession()
        try:
            socket = await session.ws_connect(
                url, protocols=("protoo",), max_msg_size=0, ssl=tls or True, server_hostname=host
            )
        except BaseException:
            await session.close()
            raise
        return cls(session, socket, on_request, on_notification)

    async def request(self, method: str, data: Data | None = None, *, timeout: float = 10.0) -> Data:
        """Return the data of the answer; raises `RefusedError`, `ClosedError`, `TimeoutError` (seconds)."""
        number = next(self._ids)
        answer: asyncio.Future[Data] = asyncio.get_running_loop().create_future()
        self._pending[number] = (method, answer)
        try:
            await self._send({"request": True, "id": number, "method": method, "data": data or {}})
            async with asyncio.timeout(timeout):
                return await answer
        finally:
            self._pending.pop(number, None)

    async def wait_closed(self) -> int | None:
        """Wait for the end of the connection and return the close code the server gave."""
        await asyncio.shield(self._reader)
        return self._socket.close_code

    async def cut(self) -> None:
        """Close the TCP connection under the WebSocket without a word."""
        if self._session.connector is not None:
            await self._session.connector.close()

    async def close(self) -> None:
        """Close the connection, unless it is closed."""
        await self._socket.close()
        await self.wait_closed()
        await self._session.close()

    async def _send(self, message: Data) -> None:
        await self._socket.send_str(json.dumps(message))

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            data = json.loads(message.data)
            self._take(data)
            if not data.get("notification"):
                # Whoever asked goes on before the next message, and what is asked begins: either may be built on.
                await asyncio.sleep(0)
        for method, answer in self._pending.values():
            if not answer.done():
                answer.set_exception(ClosedError(f"closed with {self._socket.close_code} during {method}"))

    def _take(self, message: Data) -> None:
        if message.get("notification"):
            self._on_notification(message["method"], message.get("data", {}))
        elif message.get("request"):
            spawn(self._answer(message), name=f"answer to {message['method']}")
        elif message.get("response") and message.get("id") in self._pending:
            method, answer = self._pending[message["id"]]
            if answer.done():
                return
            if message["ok"]:
                answer.set_result(message.get("data", {}))
            else:
                answer.set_exception(RefusedError(method, message))

    async def _answer(self, message: Data) -> None:
        data = await self._on_request(message["method"], message.get("data", {}))
        if not self._socket.closed:
            await self._send({"response": True, "id": message["id"], "ok": True, "data": data})
