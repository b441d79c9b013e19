"""The way between a browser and the daemon: TCP for page and signaling, UDP for media, each of which can be cut.

Media can be slowed down as well, each way for itself, as by a thin uplink or downlink: packets wait in a queue.

What is cut in UDP vanishes, as in a network that fails. TCP connections that are cut end at once, as when a device
loses its network and knows it, and no new one is taken.
"""

from __future__ import annotations

import asyncio
import json
import math
import threading
from collections.abc import Callable, Coroutine, Iterable
from types import TracebackType
from typing import Any, Final, TypeVar

_T = TypeVar("_T")

QUEUE: Final = 0.3
"""Seconds a packet waits at most on a narrow way, which has a short queue; what would wait longer is dropped."""

_SCRIPT = """(() => {
    const ports = new Map(Object.entries(%s));
    const original = RTCPeerConnection.prototype.setRemoteDescription;
    const Connection = RTCPeerConnection;
    globalThis.connections = 0;
    globalThis.links = [];
    globalThis.ufrags = new Set();
    globalThis.RTCPeerConnection = class extends Connection {
        constructor(...configuration) {
            super(...configuration);
            globalThis.connections += 1;
            globalThis.links.push(this);
        }
    };
    const candidate = /a=candidate:\\S+ 1 (\\S+) \\d+ (\\S+) (\\d+) [^\\r\\n]*\\r\\n/gi;
    RTCPeerConnection.prototype.setRemoteDescription = function (description) {
        for (const [, ufrag] of description.sdp.matchAll(/a=ice-ufrag:(\\S+)/g)) globalThis.ufrags.add(ufrag);
        const sdp = description.sdp.replace(candidate, (line, protocol, address, port) => {
            if (protocol.toLowerCase() !== "udp") return "";
            return line.replace(` ${address} ${port} `, ` ${address} ${ports.get(port) ?? 9} `);
        });
        return original.call(this, { type: description.type, sdp });
    };
})()"""


class Road:
    """Leads to one daemon; a context manager, whose event loop runs in a thread of its own."""

    def __init__(self, host: str, port: int, media_ports: Iterable[int]) -> None:
        """``media_ports``: of the workers."""
        self._target = (host, port)
        self._media = list(media_ports)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="road", daemon=True)
        self._server: asyncio.Server | None = None
        self._streams: set[asyncio.StreamWriter] = set()
        self._lanes: dict[int, _Lane] = {}
        self._tcp = True
        self._tasks: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Road:
        self._thread.start()
        self._run(self._open())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._run(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def origin(self) -> str:
        """Where the pages are at this end of it."""
        assert self._server is not None
        host, port = self._server.sockets[0].getsockname()[:2]
        return f"http://{host}:{port}"

    @property
    def script(self) -> str:
        """Sends a page's media this way and keeps and counts its connections, and their credentials; for its start."""
        return _SCRIPT % json.dumps({str(port): lane.port for port, lane in self._lanes.items()})

    def cut(self, *, tcp: bool = False, udp: bool = False) -> None:
        """Let nothing through any more."""
        self._run(self._set(tcp=not tcp and self._tcp, udp=False if udp else None))

    def mend(self) -> None:
        """Let everything through again."""
        self._run(self._set(tcp=True, udp=True))

    def narrow(self, bitrate: float) -> None:
        """Let so many bits of media a second through to the daemon."""
        for lane in self._lanes.values():
            self._loop.call_soon_threadsafe(setattr, lane.up, "bitrate", bitrate)

    def narrow_down(self, bitrate: float) -> None:
        """Let so many bits of media a second through from each worker."""
        for lane in self._lanes.values():
            self._loop.call_soon_threadsafe(setattr, lane.down, "bitrate", bitrate)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0)
        for port in self._media:
            _, lane = await self._loop.create_datagram_endpoint(
                lambda port=port: _Lane((self._target[0], port)), local_addr=("127.0.0.1", 0)
            )
            self._lanes[port] = lane

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        self._drop()
        for lane in self._lanes.values():
            lane.close()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _set(self, *, tcp: bool, udp: bool | None) -> None:
        self._tcp = tcp
        if not tcp:
            self._drop()
        for lane in self._lanes.values():
            lane.open = lane.open if udp is None else udp

    def _drop(self) -> None:
        for stream in list(self._streams):
            stream.transport.abort()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._tcp:
            writer.transport.abort()
            return
        there_reader, there = await asyncio.open_connection(*self._target)
        if not self._tcp:  # It was cut meanwhile.
            writer.transport.abort()
            there.transport.abort()
            return
        self._streams |= {writer, there}
        for source, sink in ((reader, there), (there_reader, writer)):
            task = self._loop.create_task(self._pour(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pour(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65_536):
                sink.write(data)
                await sink.drain()
        except ConnectionError:
            pass  # One of both ends is gone; the other follows.
        finally:
            sink.close()
            self._streams.discard(sink)

    def _run(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)


class _Queue:
    """Where packets wait that go one way."""

    def __init__(self) -> None:
        self.bitrate = math.inf
        self._free_at = 0.0

    def put(self, data: bytes, send: Callable[[bytes], None]) -> None:
        """Send a packet as soon as those before it are through, unless that would take too long."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        begin = max(now, self._free_at)
        if begin - now > QUEUE:
            return
        self._free_at = begin + 8 * len(data) / self.bitrate
        if self._free_at <= now:
            send(data)
        else:
            loop.call_at(self._free_at, send, data)


class _Lane(asyncio.DatagramProtocol):
    """UDP to one port."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.open = True
        self.port = 0
        self.up, self.down = _Queue(), _Queue()
        self._target = target
        self._here: Any = None
        self._there: dict[Any, _Back] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._here = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, address: Any) -> None:
        back = self._there.get(address)
        if back is None:
            back = self._there[address] = _Back(self, address)
            back.opening = asyncio.get_running_loop().create_task(back.connect(self._target))
        if self.open:
            self.up.put(data, back.send)

    def back(self, data: bytes, address: Any) -> None:
        """Hand on what the daemon sent."""
        if self.open:
            self.down.put(data, lambda packet: self._here.sendto(packet, address))

    def close(self) -> None:
        self._here.close()
        for each in self._there.values():
            each.close()


class _Back(asyncio.DatagramProtocol):
    """The socket that stands for one of the browser's, towards the daemon."""

    def __init__(self, lane: _Lane, address: Any) -> None:
        self.opening: asyncio.Task[None] | None = None
        self._lane = lane
        self._address = address
        self._transport: Any = None
        self._early: list[bytes] = []

    async def connect(self, target: tuple[str, int]) -> None:
        self._transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(lambda: self, remote_addr=target)
        for data in self._early:
            self._transport.sendto(data)

    def send(self, data: bytes) -> None:
        if self._transport is None:
            self._early.append(data)
        else:
            self._transport.sendto(data)

    def datagram_received(self, data: bytes, address: Any) -> None:
        self._lane.back(data, self._address)

    def error_received(self, error: Exception) -> None:
        pass  # The worker's port is closed for now.

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()
