"""The bad network for a WebSocket: a TCP relay that is late as long as the delay, and silent in an outage.

TCP repairs loss by itself and signaling is no load, so neither loss nor rate is applied to it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final
from urllib.parse import SplitResult, urlsplit

from proctor_sfu.aio import spawn
from proctor_sfu.simulate.impairment import Impairment

_CHUNK: Final = 65_536


class Tunnel:
    """Relays between whoever connects to ``url`` and the server behind another URL."""

    def __init__(self, url: str, impairment: Impairment) -> None:
        self.url = ""
        self._server = urlsplit(url)
        self._what = impairment
        self._listener: asyncio.Server | None = None
        self._relays: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        """Each with the client's end, which a task that is cancelled before it began does not close."""

    @classmethod
    async def open(cls, url: str, impairment: Impairment) -> Tunnel:
        """Start relaying to the server of ``url``."""
        tunnel = cls(url, impairment)
        listener = await asyncio.start_server(tunnel._accept, "127.0.0.1", 0)
        tunnel._listener = listener
        port = listener.sockets[0].getsockname()[1]
        tunnel.url = tunnel._server._replace(netloc=f"127.0.0.1:{port}").geturl()
        return tunnel

    async def close(self) -> None:
        """Relay nothing more; what is on its way is lost."""
        if self._listener is not None:
            self._listener.close()
        relays = dict(self._relays)
        for relay in relays:
            relay.cancel()
        await asyncio.gather(*relays, return_exceptions=True)
        for writer in relays.values():
            async with _closing(writer):
                pass

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        relay = spawn(self._relay(reader, writer), name="tunnel")
        self._relays[relay] = writer
        relay.add_done_callback(lambda done: self._relays.pop(done, None))

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with _closing(writer):
            try:
                server = await asyncio.open_connection(self._server.hostname, _port(self._server))
            except OSError:
                return  # The client sees its connection closed.
            async with _closing(server[1]):
                up = spawn(self._pump(reader, server[1]), name="tunnel up")
                down = spawn(self._pump(server[0], writer), name="tunnel down")
                try:
                    await asyncio.wait({up, down})
                finally:
                    up.cancel()
                    down.cancel()
                    await asyncio.gather(up, down, return_exceptions=True)

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what comes, in order, each when it is due, and its end."""
        loop = asyncio.get_running_loop()
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def take() -> None:
            with contextlib.suppress(ConnectionError):
                while data := await reader.read(_CHUNK):
                    late.put_nowait((loop.time() + self._what.delay, data))
            late.put_nowait((loop.time() + self._what.delay, b""))

        taking = spawn(take(), name="take")
        try:
            with contextlib.suppress(ConnectionError):
                while True:
                    due, data = await late.get()
                    await asyncio.sleep(self._when(due) - loop.time())
                    if not data:
                        writer.write_eof()
                        return
                    writer.write(data)
                    await writer.drain()
        finally:
            taking.cancel()

    def _when(self, due: float) -> float:
        """Return when something gets through that is due at a time: not before the outage is over."""
        for begin, end in sorted(self._what.outages):
            if begin <= due < end:
                due = end
        return due


def _port(url: SplitResult) -> int:
    return url.port or (443 if url.scheme == "wss" else 80)


@contextlib.asynccontextmanager
async def _closing(writer: asyncio.StreamWriter) -> AsyncIterator[None]:
    try:
        yield
    finally:
        writer.close()
        with contextlib.suppress(OSError):  # How it was lost, which may be ENOTCONN.
            # Who is cancelled while it waits would cancel what others wait for, too.
            await asyncio.shield(writer.wait_closed())
