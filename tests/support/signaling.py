"""A bare signaling client that holds every message of the server against the JSON Schema.

It has no media: transports are never connected, which neither producing nor consuming needs.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from typing import Any, Self, TypeAlias

import aiohttp
from jsonschema import Draft202012Validator

from proctor_sfu.aio import spawn
from proctor_sfu.signaling import shapes
from proctor_sfu.signaling.schema import document

Data: TypeAlias = dict[str, Any]


def strict_document() -> Data:
    """Return the schema, with members the server does not promise forbidden."""
    schema = document()
    for name, definition in schema["$defs"].items():
        shape = getattr(shapes, name.partition("-")[0], None)
        if getattr(shape, "__module__", "") == shapes.__name__ and definition.get("type") == "object":
            definition["additionalProperties"] = False
    return schema


_SCHEMA = strict_document()


def check(part: Data, data: Any) -> None:
    """Raise `jsonschema.ValidationError` unless ``data`` is what ``part`` of the schema says."""
    Draft202012Validator({**part, "$defs": _SCHEMA["$defs"]}).validate(data)


class RefusedError(Exception):
    """The server refused; ``code`` says why."""

    def __init__(self, answer: Data) -> None:
        super().__init__(answer["errorReason"])
        self.code = str(answer["code"])


class Bare:
    """One WebSocket. Consumers the server offers are accepted at once, unless told otherwise."""

    def __init__(self, session: aiohttp.ClientSession, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._session = session
        self._socket = socket
        self._ids = itertools.count(1)
        self._pending: dict[int, tuple[str, asyncio.Future[Data]]] = {}
        self._changed = asyncio.Condition()
        self.takes = True
        """Whether it answers to what it is offered."""
        self.offered: list[Data] = []
        self.told: list[tuple[str, Data]] = []
        self.welcome: Data = {}
        """The answer to `authenticate`."""
        self.joined: Data = {}
        """The answer to `join`."""
        self.peers: list[Data] = []
        self.send = self.recv = ""
        """Ids of its transports."""
        self._reader = spawn(self._read(), name="bare signaling client")

    @classmethod
    async def connect(cls, url: str, *, headers: dict[str, str] | None = None) -> Self:
        """Open a WebSocket."""
        session = aiohttp.ClientSession()
        try:
            socket = await session.ws_connect(url, protocols=("protoo",), headers=headers, max_msg_size=0)
        except BaseException:
            await session.close()
            raise
        return cls(session, socket)

    async def ask(self, method: str, **data: Any) -> Any:
        """Send a request; returns the checked answer, raises `RefusedError`."""
        number, future = next(self._ids), asyncio.get_running_loop().create_future()
        self._pending[number] = (method, future)
        await self._send({"request": True, "id": number, "method": method, "data": data})
        async with asyncio.timeout(10):
            answer = await future
        if not answer["ok"]:
            raise RefusedError(answer)
        check(_SCHEMA["requests"][method]["answer"], answer["data"])
        return answer["data"]

    async def refused(self, method: str, **data: Any) -> str:
        """Send a request that must be refused; returns the code."""
        try:
            answer = await self.ask(method, **data)
        except RefusedError as error:
            return error.code
        raise AssertionError(f"{method} was granted: {answer}")

    async def hears(self, method: str, **members: Any) -> Data:
        """Wait for a notification with these members; the ones before it count too."""
        return await self._wait(
            lambda: next((data for name, data in self.told if name == method and members.items() <= data.items()), None)
        )

    async def is_offered(self, peer: str, source: str) -> Data:
        """Wait for a consumer."""
        return await self._wait(
            lambda: next((each for each in self.offered if each["appData"] == {"source": source, "peerId": peer}), None)
        )

    async def closed(self) -> int | None:
        """Wait for the end; returns the close code."""
        async with asyncio.timeout(10):
            await asyncio.shield(self._reader)
        return self._socket.close_code

    def cut(self) -> None:
        """Lose the connection, as a network does: no close frame."""
        self._socket._response.connection.transport.abort()

    async def close(self, code: int = 1000) -> None:
        """Close it."""
        await self._socket.close(code=code)
        await self._reader
        await self._session.close()

    async def _wait(self, found: Any) -> Data:
        async with asyncio.timeout(10), self._changed:
            await self._changed.wait_for(lambda: found() is not None)
            result: Data = found()
            return result

    async def _send(self, message: Data) -> None:
        await self._socket.send_str(json.dumps(message))

    async def _read(self) -> None:
        async for message in self._socket:
            await self._take(json.loads(message.data))
            async with self._changed:
                self._changed.notify_all()
        for _, future in self._pending.values():
            if not future.done():
                future.cancel()

    async def _take(self, message: Data) -> None:
        if message.get("response"):
            _, future = self._pending.pop(message["id"])
            future.set_result(message)
        elif message.get("request"):
            check(_SCHEMA["serverRequests"][message["method"]]["data"], message["data"])
            self.offered.append(message["data"])
            if self.takes:
                await self._send({"response": True, "id": message["id"], "ok": True, "data": {}})
        else:
            check(_SCHEMA["notifications"][message["method"]], message["data"])
            self.told.append((message["method"], message["data"]))
