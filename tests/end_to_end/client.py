"""What a candidate and a proctor of the end-to-end tests share: a process of its own around a simulated client.

The process reads one command a line from stdin, ``{"do": name, …}``, and writes one event a line to stdout, each with
the time it happened in seconds of the monotonic clock, which all processes of a machine share. A command ends with the
event ``done`` (with ``answer``) or ``failed`` (with ``code`` and ``reason``). It ends when stdin ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

import aiohttp

from proctor_sfu.simulate.client import Client
from proctor_sfu.simulate.protoo import ClosedError, Data, RefusedError


def emit(event: str, **fields: Any) -> None:
    """Write an event; ``at`` is now unless given."""
    line = json.dumps({"event": event, "at": time.monotonic(), **fields})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Commanded(Client):
    """A client that obeys stdin; a subclass adds commands."""

    async def do_connect(self, url: str, room: str, peer: str, role: str | None = None) -> Data:
        """Open the WebSocket and authenticate; an earlier connection is left."""
        self.role = role or type(self).role
        return await self.connect(url, {"roomId": room, "peerId": peer, "role": self.role})

    async def do_login(self, url: str, token: str) -> Data:
        """Open the WebSocket and authenticate with a token; while nobody answers, again and again, as pages do."""
        wait = 0.05
        while True:
            try:
                return await self.connect(url, {"token": token})
            except (aiohttp.ClientConnectionError, ClosedError):
                await asyncio.sleep(wait)
                wait = min(1.0, 2 * wait)

    async def do_request(self, method: str, data: Data) -> Data:
        """Send any signaling request."""
        return await self.signal.request(method, data)

    async def do_nothing(self) -> Data:
        """Only tell that all before it was told."""
        return {}

    async def do_cut(self) -> Data:
        """Lose the WebSocket without a word; media goes on."""
        await self.signal.cut()
        return {}

    async def do_reconnect(self, url: str, room: str, peer: str) -> Data:
        """Open another WebSocket and resume."""
        return await self.reconnect(url, {"roomId": room, "peerId": peer, "role": self.role})

    async def do_leave(self) -> Data:
        """Close everything; the process can connect again."""
        await self.leave()
        return {}

    def told(self, method: str, data: Data) -> None:
        """Write a notification of the server."""
        emit("notification", method=method, data=data)

    def closed(self, code: int | None) -> None:
        """Write that the WebSocket closed."""
        emit("closed", code=code)

    def connection(self, state: str) -> None:
        """Write how the media connection is."""
        emit("connection", state=state)

    async def serve(self) -> None:
        """Obey stdin until it ends."""
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        emit("ready")
        while line := await reader.readline():
            command = json.loads(line)
            await self._obey(command.pop("do"), command)
        await self.do_leave()

    async def _obey(self, name: str, arguments: Data) -> None:
        emit("started", do=name)
        try:
            answer = await getattr(self, f"do_{name}")(**arguments)
        except RefusedError as error:
            emit("failed", do=name, code=error.code, reason=error.reason)
        else:
            emit("done", do=name, answer=answer)
