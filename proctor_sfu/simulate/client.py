"""What every simulated client has in common: it connects, authenticates and opens one media transport."""

from __future__ import annotations

import asyncio
import json
import ssl
from functools import lru_cache
from typing import Any, Literal
from urllib.parse import urlsplit

from pymediasoup import AiortcHandler, Device
from pymediasoup.models.transport import DtlsParameters, IceCandidate, IceParameters
from pymediasoup.rtp_parameters import RtpCapabilities

from proctor_sfu.aio import spawn
from proctor_sfu.simulate import stack
from proctor_sfu.simulate.impairment import Impairment
from proctor_sfu.simulate.protoo import Data, Protoo
from proctor_sfu.simulate.proxy import Proxy
from proctor_sfu.simulate.tunnel import Tunnel


class Client:
    """A client of the signaling endpoint; a subclass adds what it does with its transport."""

    direction: Literal["send", "recv"]
    role: str

    def __init__(
        self,
        impairment: Impairment | None = None,
        seed: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        relayed: bool = False,
    ) -> None:
        self.protoo: Protoo | None = None
        self.router: Data = {}
        """What the room's router can, as the server said it."""
        self.device: Any = None
        self.transport: Any = None
        """A transport of pymediasoup, if `open_media` made one."""
        self._impairment = impairment
        self._seed = seed
        self._tls = tls
        self._relayed = relayed
        self._proxy: Proxy | None = None
        self._tunnel: Tunnel | None = None
        self._watch: asyncio.Task[None] | None = None
        self._resume_key: str | None = None
        self._joined = False

    # Signaling.

    async def connect(self, url: str, credentials: Data) -> Data:
        """Open the WebSocket and authenticate; an earlier connection is left."""
        await self.leave()
        if self._impairment is not None:
            self._tunnel = await Tunnel.open(url, self._impairment)
        self.protoo = await self._dial(url)
        self._watch = spawn(self._watch_close(self.protoo), name="close watch")
        key = {"resumeKey": self._resume_key} if self._resume_key else {}
        answer = await self.protoo.request("authenticate", {**credentials, **key})
        self._take_seat(answer)
        return answer

    async def reconnect(self, url: str, credentials: Data) -> Data:
        """Authenticate on another WebSocket for the seat of one that is lost; media is left as it is."""
        if self._watch is not None:
            await self._watch
        if self.protoo is not None:
            await self.protoo.close()
        protoo = await self._dial(url)
        self.protoo, self._watch = protoo, spawn(self._watch_close(protoo), name="close watch")
        answer = await protoo.request("authenticate", {**credentials, "resumeKey": self._resume_key})
        self._take_seat(answer)
        return answer

    async def join(self, data: Data) -> None:
        """Join the room, unless the server kept the seat of a connection that was lost."""
        if not self._joined:
            self.met((await self.signal.request("join", data))["peers"])

    def _take_seat(self, answer: Data) -> None:
        self._resume_key = answer.get("resumeKey")
        self._joined = bool(answer.get("joined"))
        if self._joined:
            self.stands(answer)
            self.met(answer["peers"])

    async def leave(self) -> None:
        """Close everything; the client can connect again. The server is told first, or it would see a media failure."""
        if self.protoo is not None:
            await self.protoo.close()
            self.protoo = None
        if self._watch is not None:
            await self._watch
            self._watch = None
        if self._tunnel is not None:
            await self._tunnel.close()
            self._tunnel = None
        await self.drop_media()

    async def vanish(self) -> None:
        """Be gone as if the plug was pulled: neither the server nor its worker is told."""
        await self.cut_media()
        if self.protoo is not None:
            await self.protoo.cut()
        await self.leave()

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

    def met(self, peers: list[Data]) -> None:
        """Take everybody this client may see: it joined, or has its seat again."""

    def stands(self, answer: Data) -> None:
        """Take what the server still has of this client, which has its seat again."""

    def closed(self, code: int | None) -> None:
        """The WebSocket closed."""

    def connection(self, state: str) -> None:
        """The media connection changed its state, named as in `RTCPeerConnection.connectionState`."""

    async def _dial(self, url: str) -> Protoo:
        """Open a WebSocket, through the bad network if there is one; the certificate is that of the server behind."""
        near = self._tunnel.url if self._tunnel is not None else url
        host = urlsplit(url).hostname if url.startswith("wss:") else None
        return await Protoo.connect(near, self.asked, self.told, tls=self._tls, host=host)

    async def _watch_close(self, protoo: Protoo) -> None:
        self.closed(await protoo.wait_closed())

    # Media.

    async def open_media(self) -> None:
        """Load a device and make a transport of pymediasoup; whatever was open before is closed."""
        answer = await self.create_transport()
        make = self.device.createSendTransport if self.direction == "send" else self.device.createRecvTransport
        self.transport = make(
            id=answer["id"],
            iceParameters=IceParameters(**answer["iceParameters"]),
            iceCandidates=[IceCandidate(**each) for each in answer["iceCandidates"]],
            dtlsParameters=DtlsParameters(**answer["dtlsParameters"]),
            sctpParameters=None,
            iceServers=self.relays(answer),
        )
        self.transport.on("connect", self._connect_transport)
        self.transport.on("connectionstatechange", self.connection)

    async def create_transport(self) -> Data:
        """Let the server make a transport; its candidates lead through the bad network if there is one."""
        await self.drop_media()
        self.router = await self.signal.request("getRouterRtpCapabilities")
        self.device = await _device(json.dumps(self.router))
        answer = await self.signal.request("createWebRtcTransport", {"direction": self.direction})
        candidates = [each for each in answer["iceCandidates"] if each["protocol"] == "udp"]
        stack.reach((each["ip"] for each in candidates), relayed=self._relayed)
        if self._impairment is not None and candidates:
            server = candidates[0]["ip"], int(candidates[0]["port"])
            self._proxy = await Proxy.open(server, self._impairment, self._seed)
            host, port = self._proxy.address
            candidates = [{**candidates[0], "ip": host, "address": host, "port": port}]
        return {**answer, "iceCandidates": candidates}

    def relays(self, answer: Data) -> list[Any]:
        """Return the TURN servers to use; raises `ConnectionError` if there have to be some and the server has none."""
        found = stack.relays(answer["iceServers"]) if self._relayed else []
        if self._relayed and not found:
            raise ConnectionError("the server names no TURN server")
        return found

    async def cut_media(self) -> None:
        """Close the sockets under the transport, so that nothing more is said on it."""
        if self.transport is not None and self.transport.handler.pc.getTransceivers():
            await self.transport.handler.pc.getTransceivers()[0].sender.transport.transport.stop()

    async def drop_media(self) -> None:
        """Close the transport and everything on it."""
        transport, self.transport = self.transport, None
        if transport is not None:
            await transport.close()
        if self._proxy is not None:
            self._proxy.close()
            self._proxy = None

    async def connect_transport(self, transport_id: str, dtls: Data) -> None:
        """Tell the server this end of DTLS."""
        await self.signal.request("connectWebRtcTransport", {"transportId": transport_id, "dtlsParameters": dtls})

    async def _connect_transport(self, dtls: Any) -> None:
        await self.connect_transport(self.transport.id, dtls.model_dump(exclude_none=True))


@lru_cache(maxsize=8)
def _loading(capabilities: str) -> asyncio.Task[Any]:
    """Load a device once for all clients of a process: what it asks of aiortc costs a certificate."""

    async def load() -> Any:
        device = Device(handlerFactory=AiortcHandler.createFactory())
        await device.load(RtpCapabilities(**json.loads(capabilities)))
        return device

    return spawn(load(), name="load device")


async def _device(capabilities: str) -> Any:
    return await asyncio.shield(_loading(capabilities))
