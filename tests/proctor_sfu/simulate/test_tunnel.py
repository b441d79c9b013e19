"""The TCP relay passes everything on in order, as late as it was told to, and nothing in an outage."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit

import pytest

from proctor_sfu.simulate.impairment import Impairment
from proctor_sfu.simulate.tunnel import Tunnel

LIMIT = 10.0
"""Seconds after which a test stops waiting."""


@asynccontextmanager
async def tunnelled(**bad: object) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter, Tunnel]]:
    """A connection through a tunnel to a server that sends back what it gets."""

    visits: list[bool] = []

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        visits.append(True)
        while data := await reader.read(100_000):
            writer.write(data)
        writer.close()
        await writer.wait_closed()
        visits.pop()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws?x=1"
    tunnel = await Tunnel.open(url, Impairment(**bad))  # type: ignore[arg-type]
    where = urlsplit(tunnel.url)
    assert (where.scheme, where.path, where.query) == ("ws", "/ws", "x=1")
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    async with asyncio.timeout(LIMIT):
        yield reader, writer, tunnel
        writer.close()
        with suppress(ConnectionError):  # The tunnel closed with something unread.
            await writer.wait_closed()
        await tunnel.close()
        server.close()
        for _ in range(10):
            await asyncio.sleep(0)  # A connection that was just made is seen by the server.
        while visits:
            await asyncio.sleep(0.001)


async def test_everything_comes_back_in_order() -> None:
    data = bytes(range(256)) * 4000
    async with tunnelled() as (reader, writer, _):
        writer.write(data)
        assert await reader.readexactly(len(data)) == data


async def test_the_end_is_passed_on() -> None:
    async with tunnelled() as (reader, writer, _):
        writer.write(b"bye")
        writer.write_eof()
        assert await reader.read() == b"bye"


async def test_delay_is_each_way() -> None:
    async with tunnelled(delay=0.1) as (reader, writer, _):
        before = time.monotonic()
        writer.write(b"x")
        await reader.readexactly(1)
        # Timers may be a little early.
        assert time.monotonic() - before > 0.19


async def test_an_outage_holds_back_what_comes_through_afterwards() -> None:
    end = asyncio.get_running_loop().time() + 0.4
    async with tunnelled(outages=((0.0, end),)) as (reader, writer, _):
        writer.write(b"x")
        await reader.readexactly(1)
        assert asyncio.get_running_loop().time() >= end - 0.01


async def test_a_closed_tunnel_cuts_its_connections() -> None:
    async with tunnelled() as (reader, writer, tunnel):
        writer.write(b"x")
        await reader.readexactly(1)
        await tunnel.close()
        assert await reader.read() == b""


async def test_a_server_that_is_not_there_is_a_connection_that_closes(unused_tcp_port: int) -> None:
    tunnel = await Tunnel.open(f"ws://127.0.0.1:{unused_tcp_port}/ws", Impairment())
    reader, writer = await asyncio.open_connection("127.0.0.1", urlsplit(tunnel.url).port)
    async with asyncio.timeout(LIMIT):
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
    await tunnel.close()


@pytest.mark.parametrize("turns", range(6))
async def test_closing_at_any_time_leaves_no_task_behind(turns: int) -> None:
    async with tunnelled(delay=0.05) as (_, writer, tunnel):
        writer.write(b"x" * 1000)
        while not relaying():
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        await tunnel.close()
        assert not relaying()


def relaying() -> list[str]:
    """Return the names of the tasks that relay."""
    return [task.get_name() for task in asyncio.all_tasks() if "tunnel" in task.get_name()]
