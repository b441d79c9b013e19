"""The bad network itself: a UDP relay on this machine between one simulated client and the server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TypeAlias, cast

from proctor_sfu.aio import spawn
from proctor_sfu.simulate.impairment import Impairment, Line

Address: TypeAlias = tuple[str, int]


class Proxy(asyncio.DatagramProtocol):
    """Relays between whoever sends to ``address`` and the server; each direction is a `Line` of its own."""

    def __init__(self, server: Address, impairment: Impairment, seed: int) -> None:
        self.address: Address = ("", 0)
        self.up = Line(impairment, Random(2 * seed))
        self.down = Line(impairment, Random(2 * seed + 1))
        self._server = server
        self._inside: asyncio.DatagramTransport | None = None
        self._outside: dict[Address, _Outside] = {}

    @classmethod
    async def open(cls, server: Address, impairment: Impairment, seed: int) -> Proxy:
        """Start relaying to ``server``."""
        proxy = cls(server, impairment, seed)
        local = _address_towards(server)
        await asyncio.get_running_loop().create_datagram_endpoint(lambda: proxy, local_addr=(local, 0))
        return proxy

    def close(self) -> None:
        """Relay nothing more."""
        if self._inside is not None:
            self._inside.close()
        for each in self._outside.values():
            each.close()
        self._outside.clear()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """asyncio calls it."""
        # Neither asyncio nor uvloop makes its transport an instance of the class.
        self._inside = cast(asyncio.DatagramTransport, transport)
        self.address = transport.get_extra_info("sockname")[:2]

    def datagram_received(self, data: bytes, address: Address) -> None:
        """asyncio calls it with what the client sent."""
        outside = self._outside.get(address)
        if outside is None:
            back = partial(self._send_back, address)
            outside = self._outside[address] = _Outside(self._server, lambda data: self._pass(self.down, data, back))
        self._pass(self.up, data, outside.send)

    def _send_back(self, client: Address, data: bytes) -> None:
        if self._inside is not None and not self._inside.is_closing():
            self._inside.sendto(data, client)

    @staticmethod
    def _pass(line: Line, data: bytes, send: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        at = line.admit(now, len(data))
        if at is not None and at > now:
            loop.call_at(at, send, data)
        elif at is not None:
            send(data)


class _Outside(asyncio.DatagramProtocol):
    """The relay's socket towards the server for one socket of the client; the server sees it as the client."""

    def __init__(self, server: Address, take: Callable[[bytes], None]) -> None:
        self._take = take
        self._transport: asyncio.DatagramTransport | None = None
        self._early: list[bytes] = []
        self._closed = False
        loop = asyncio.get_running_loop()
        self._opening = spawn(loop.create_datagram_endpoint(lambda: self, remote_addr=server), name="relay socket")

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._early.append(data)
        elif not self._transport.is_closing():
            self._transport.sendto(data)

    def close(self) -> None:
        self._closed = True
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        if self._closed:
            transport.close()
            return
        for data in self._early:
            self._transport.sendto(data)
        self._early.clear()

    def datagram_received(self, data: bytes, address: Address) -> None:
        self._take(data)

    def error_received(self, error: Exception) -> None:
        """The server's port is closed for now; a lossy network says nothing either."""


def _address_towards(server: Address) -> str:
    """Return this machine's address on the way to ``server``; nothing is sent."""
    family = socket.AF_INET6 if ":" in server[0] else socket.AF_INET
    with contextlib.closing(socket.socket(family, socket.SOCK_DGRAM)) as probe:
        probe.connect(server)
        return str(probe.getsockname()[0])
