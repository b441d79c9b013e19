"""Answers without an end: readers that stop reading, that go away, and a daemon that goes away under them."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, closing, suppress
from pathlib import Path

import pytest
from aiohttp import web

from proctor_sfu.control.client import Client
from proctor_sfu.control.routes import streams as module
from proctor_sfu.control.routes.streams import Streams
from proctor_sfu.errors import UnreachableError
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.quality.frames import Frames
from support.frames import candidate, frame
from support.serve import Serve, psfu

REQUEST = b"GET /stream HTTP/1.1\r\nHost: psfu\r\n\r\n"


class Server:
    """Streams the frames that are published, on a Unix socket."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.frames, self.streams = Frames(), Streams()
        self.sent = 0
        self.before: Callable[[web.Request], None] = lambda request: None
        """What happens before a request is answered."""

    async def start(self) -> web.AppRunner:
        app = web.Application()
        app.router.add_get("/stream", self._answer)
        app.on_shutdown.append(lambda _: self.streams.close())
        runner = web.AppRunner(app)
        await runner.setup()
        await web.UnixSite(runner, self.path).start()
        return runner

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.before(request)
        return await self.streams.answer(request, self._lines())

    async def _lines(self) -> AsyncGenerator[bytes, None]:
        async with aclosing(self.frames.follow(0.0)) as numbers:
            async for _ in numbers:
                self.sent += 1
                yield self.frames.encoded("rows")


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    made = Server(tmp_path / "stream.sock")
    runner = await made.start()
    yield made
    async with asyncio.timeout(5):
        await runner.cleanup()


@asynccontextmanager
async def connected(
    server: Server, *, limit: int = 2**16
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:  # fmt: skip
    """A reader that asked for the stream."""
    reader, writer = await asyncio.open_unix_connection(server.path, limit=limit)
    writer.write(REQUEST)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0)


async def test_a_reader_that_stops_reading_is_a_queue_for_nobody(server: Server) -> None:
    people = tuple(candidate(number) for number in range(200))
    async with connected(server, limit=1024):
        await until(lambda: server.frames.watched)
        for number in range(1, 301):
            server.frames.publish(frame(number, candidates=people))
            await asyncio.sleep(0.001)
        assert server.sent < 30, "what it did not take was never made for it"
        async with connected(server, limit=2**20) as (busy, _):
            while not (await busy.readline()).startswith(b"[300,"):
                pass


async def test_a_reader_that_went_away_is_noticed_while_nothing_happens(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "BEAT", 0.01)
    async with connected(server) as (_, writer):
        await until(lambda: server.frames.watched)
        writer.transport.abort()
        await until(lambda: not server.frames.watched)


async def test_a_reader_that_is_gone_before_it_is_answered_is_no_error(
    server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    def leave(request: web.Request) -> None:
        assert request.transport is not None
        request.transport.close()

    server.before = leave
    async with connected(server) as (reader, _), asyncio.timeout(5):
        assert await reader.read() == b""
    assert not server.frames.watched
    assert not [each for each in caplog.records if each.levelno >= logging.ERROR]


async def test_an_end_ends_everybody(server: Server) -> None:
    async with connected(server) as (reader, _):
        await until(lambda: server.frames.watched)
        await server.streams.close()
        async with asyncio.timeout(5):
            assert (await reader.readuntil(b"\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")


async def test_who_comes_while_all_end_is_not_waited_for(server: Server) -> None:
    await server.streams.close()
    async with connected(server) as (reader, _), asyncio.timeout(5):
        assert (await reader.readuntil(b"\r\n0\r\n\r\n")).startswith(b"HTTP/1.1 200 OK")


# A real daemon.


@pytest.fixture
def daemon(worker_binary: WorkerBinary, tmp_path: Path) -> Serve:
    assert worker_binary.path.exists()
    return Serve(tmp_path)


def test_a_daemon_that_stops_does_not_wait_for_its_monitors(daemon: Serve) -> None:
    daemon.start()
    client = Client(daemon.socket)
    with closing(client.quality.stream()) as frames, closing(client.events.follow()) as events:
        assert next(frames).daemon.ready
        # A stream begins with its first answer, so that nothing after it is missed.
        psfu("rooms", "create", "a", "--open", "--socket", daemon.socket)
        began = time.monotonic()
        daemon.running.send_signal(signal.SIGTERM)
        with pytest.raises(UnreachableError):
            for _ in frames:
                pass
        with pytest.raises(UnreachableError):
            for _ in events:
                pass
    assert daemon.running.wait(20) == 0 and time.monotonic() - began < 8
    daemon.end()


def test_a_daemon_that_is_killed_and_comes_back(daemon: Serve) -> None:
    daemon.start()
    client = Client(daemon.socket)
    with closing(client.quality.stream()) as frames:
        assert next(frames).seq >= 1
        daemon.running.kill()
        with pytest.raises(UnreachableError):
            for _ in frames:
                pass
    daemon.running.wait()
    with pytest.raises(UnreachableError):
        client.quality.snapshot()
    daemon.start()
    with closing(client.quality.stream()) as frames:
        assert next(frames).seq >= 1
    daemon.end()
