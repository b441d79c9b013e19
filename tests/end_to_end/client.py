"""What a candidate and a proctor of the end-to-end tests have in common: a process of its own around pymediasoup.

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

import aioice.ice
from pymediasoup import AiortcHandler, Device
from pymediasoup.models.transport import DtlsParameters, IceCandidate, IceParameters
from pymediasoup.rtp_parameters import RtpCapabilities

from end_to_end.protoo import Data, Protoo, RefusedError
from proctor_sfu.aio import spawn

# aioice leaves out loopback addresses, and nothing here may leave this machine.
aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]


def emit(event: str, **fields: Any) -> None:
    """Write an event; ``at`` is now unless given."""
    line = json.dumps({"event": event, "at": time.monotonic(), **fields})
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Client:
    """Connects, loads a device, makes a transport; a subclass adds what it does with them."""

    direction: str
    role: str

    def __init__(self) -> None:
        self.protoo: Protoo | None = None
        self._watch: asyncio.Task[None] | None = None
        self.device: Any = None
        self.transport: Any = None

    # -- Commands --------------------------------------------------------------------------------

    async def do_connect(self, url: str, room: str, peer: str) -> Data:
        """Open the WebSocket and authenticate; an earlier connection is left."""
        await self.do_leave()
        self.protoo = await Protoo.connect(url, self.asked, self.told)
        self._watch = spawn(self._watch_close(self.protoo), name="close watch")
        return await self.protoo.request("authenticate", {"roomId": room, "peerId": peer, "role": self.role})

    async def do_request(self, method: str, data: Data) -> Data:
        """Send any signaling request."""
        return await self.signal.request(method, data)

    async def do_leave(self) -> Data:
        """Close everything; the process can connect again."""
        await self.drop_media()
        if self.protoo is not None:
            await self.protoo.close()
            self.protoo = None
        if self._watch is not None:
            await self._watch
            self._watch = None
        return {}

    # -- For subclasses --------------------------------------------------------------------------

    @property
    def signal(self) -> Protoo:
        """The open connection."""
        if self.protoo is None:
            raise RuntimeError("not connected")
        return self.protoo

    async def asked(self, method: str, data: Data) -> Data:
        """Answer a request of the server."""
        raise RuntimeError(f"unexpected request {method}: {data}")

    def told(self, method: str, data: Data) -> None:
        """Take a notification of the server."""
        emit("notification", method=method, data=data)

    async def open_media(self) -> None:
        """Load a device with what the room can do and make the transport; whatever was open before is closed."""
        await self.drop_media()
        capabilities = await self.signal.request("getRouterRtpCapabilities")
        self.device = Device(handlerFactory=AiortcHandler.createFactory())
        await self.device.load(RtpCapabilities(**capabilities))
        answer = await self.signal.request("createWebRtcTransport", {"direction": self.direction})
        make = self.device.createSendTransport if self.direction == "send" else self.device.createRecvTransport
        self.transport = make(
            id=answer["id"],
            iceParameters=IceParameters(**answer["iceParameters"]),
            iceCandidates=[IceCandidate(**each) for each in answer["iceCandidates"] if each["protocol"] == "udp"],
            dtlsParameters=DtlsParameters(**answer["dtlsParameters"]),
            sctpParameters=None,
            iceServers=[],
        )
        self.transport.on("connect", self._connect_transport)
        self.transport.on("connectionstatechange", lambda state: emit("connection", state=state))

    async def drop_media(self) -> None:
        """Close the transport and everything on it."""
        transport, self.transport = self.transport, None
        if transport is not None:
            await transport.close()

    async def _connect_transport(self, dtls: Any) -> None:
        data = {"transportId": self.transport.id, "dtlsParameters": dtls.model_dump(exclude_none=True)}
        await self.signal.request("connectWebRtcTransport", data)

    async def _watch_close(self, protoo: Protoo) -> None:
        emit("closed", code=await protoo.wait_closed())

    # -- The process -----------------------------------------------------------------------------

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
