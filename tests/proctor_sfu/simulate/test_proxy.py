"""The relay carries datagrams both ways between any number of sockets and the server, as badly as it was told to."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from proctor_sfu.simulate.impairment import Impairment
from proctor_sfu.simulate.proxy import Address, Proxy

LIMIT = 10.0
"""Seconds after which a test stops waiting."""


class Echo(asyncio.DatagramProtocol):
    """Sends back what comes, and remembers where from."""

    def __init__(self) -> None:
        self.heard: list[tuple[bytes, Address]] = []

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, address: Address) -> None:
        self.heard.append((data, address))
        self.transport.sendto(b"re: " + data, address)


@pytest.fixture
async def echo() -> AsyncIterator[Echo]:
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(Echo, local_addr=("127.0.0.1", 0))
    yield protocol
    transport.close()


@asynccontextmanager
async def relay(echo: Echo, **bad: object) -> AsyncIterator[Proxy]:
    server = echo.transport.get_extra_info("sockname")
    proxy = await Proxy.open(server, Impairment(**bad), seed=1)  # type: ignore[arg-type]
    yield proxy
    proxy.close()


class Sender:
    """A client's socket."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind(("127.0.0.1", 0))

    async def ask(self, proxy: Proxy, data: bytes) -> bytes:
        """Send and return the answer."""
        loop = asyncio.get_running_loop()
        await loop.sock_sendto(self.socket, data, proxy.address)
        async with asyncio.timeout(LIMIT):
            return await loop.sock_recv(self.socket, 2000)


@pytest.fixture
def senders() -> Iterator[Callable[[], Sender]]:
    made: list[Sender] = []

    def make() -> Sender:
        made.append(Sender())
        return made[-1]

    yield make
    for each in made:
        each.socket.close()


@pytest.fixture
def sender(senders: Callable[[], Sender]) -> Sender:
    return senders()


async def test_every_socket_has_an_address_of_its_own_and_keeps_it(echo: Echo, senders: Callable[[], Sender]) -> None:
    one, two = senders(), senders()
    async with relay(echo) as proxy:
        for number in range(3):
            assert await one.ask(proxy, b"one %d" % number) == b"re: one %d" % number
            assert await two.ask(proxy, b"two %d" % number) == b"re: two %d" % number
        assert (proxy.up.passed, proxy.down.passed) == (6, 6)
    heard = {who: {address for data, address in echo.heard if data.startswith(who)} for who in (b"one", b"two")}
    assert [len(each) for each in heard.values()] == [1, 1]
    assert heard[b"one"] != heard[b"two"]


async def test_what_is_sent_at_once_all_arrives(echo: Echo, sender: Sender) -> None:
    loop = asyncio.get_running_loop()
    async with relay(echo) as proxy, asyncio.timeout(LIMIT):
        for number in range(20):
            await loop.sock_sendto(sender.socket, b"%d" % number, proxy.address)
        answers = [await loop.sock_recv(sender.socket, 2000) for _ in range(20)]
    assert answers == [b"re: %d" % number for number in range(20)]


async def test_delay_is_each_way(echo: Echo, sender: Sender) -> None:
    async with relay(echo, delay=0.05) as proxy:
        await sender.ask(proxy, b"opens the relay's socket")
        before = time.monotonic()
        await sender.ask(proxy, b"x")
        # Timers may be a little early.
        assert time.monotonic() - before > 0.095


async def test_nothing_gets_through_an_outage_and_everything_after_it(echo: Echo, sender: Sender) -> None:
    loop = asyncio.get_running_loop()
    end = loop.time() + 0.3
    async with relay(echo, outages=((0.0, end),)) as proxy:
        await loop.sock_sendto(sender.socket, b"lost", proxy.address)
        await until(lambda: proxy.up.dropped == 1)
        await until(lambda: loop.time() > end)
        assert await sender.ask(proxy, b"after") == b"re: after"
    assert [data for data, _ in echo.heard] == [b"after"]


async def test_what_was_on_its_way_when_the_relay_closed_is_lost(echo: Echo, sender: Sender) -> None:
    loop = asyncio.get_running_loop()
    async with relay(echo, delay=0.05) as proxy:
        await sender.ask(proxy, b"x")
        await loop.sock_sendto(sender.socket, b"too late", proxy.address)
        await until(lambda: proxy.up.passed == 2)
        due = loop.time() + 0.05
        proxy.close()
        await until(lambda: loop.time() > due)
    assert [data for data, _ in echo.heard] == [b"x"]


async def until(happened: Callable[[], bool]) -> None:
    """Let the loop run until something happened."""
    async with asyncio.timeout(LIMIT):
        while not happened():
            await asyncio.sleep(0.001)
