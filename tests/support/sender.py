"""A small RTP endpoint over UDP for tests of plain transports: sends packets made by hand, keeps what comes back."""

from __future__ import annotations

import asyncio
from types import TracebackType

from proctor_sfu.mediasoup.listen import TransportTuple


class Endpoint(asyncio.DatagramProtocol):
    """``async with Endpoint() as endpoint``: a UDP socket on 127.0.0.1."""

    def __init__(self) -> None:
        self._received: asyncio.Queue[bytes] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None
        self._there: tuple[str, int] | None = None

    @property
    def port(self) -> int:
        assert self._transport is not None
        port: int = self._transport.get_extra_info("sockname")[1]
        return port

    def towards(self, tuple_: TransportTuple) -> None:
        """Send to the address a plain transport listens on."""
        self._there = (tuple_.local_address, tuple_.local_port)

    def send(self, packet: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(packet, self._there)

    async def receive(self, kind: str = "rtp") -> bytes:
        """Return the next packet that is RTP, or RTCP: their payload types tell them apart (RFC 5761)."""
        async with asyncio.timeout(10):
            while True:
                packet = await self._received.get()
                if (192 <= packet[1] <= 223) == (kind == "rtcp"):
                    return packet

    def datagram_received(self, data: bytes, addr: object) -> None:
        self._received.put_nowait(data)

    async def __aenter__(self) -> Endpoint:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", 0))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._transport is not None
        self._transport.close()
