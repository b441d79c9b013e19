"""A room that is joined with tokens, and bare signaling clients in it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

from end_to_end.daemon import Daemon
from support.signaling import Bare, Data


@dataclass(kw_only=True)
class Sitting:
    """A room of a daemon, made by `open`."""

    daemon: Daemon
    room: str
    stack: AsyncExitStack
    tokens: dict[str, str] = field(default_factory=dict)
    """Peer -> the last token it was made."""

    def open(self, *options: str) -> Sitting:
        """Create the room."""
        self.daemon.psfu("rooms", "create", self.room, *options)
        self.stack.callback(self._close)
        return self

    def _close(self) -> None:
        if any(each["id"] == self.room for each in self.daemon.psfu("rooms", "list")):
            self.daemon.psfu("rooms", "close", self.room, "--yes")

    def token(self, role: str, peer: str, *options: str) -> str:
        """Make a token."""
        made = self.daemon.psfu("rooms", "token", self.room, "--role", role, "--sub", peer, *options)
        self.tokens[peer] = str(made["token"])
        return self.tokens[peer]

    async def connect(self, **options: Any) -> Bare:
        """Open a WebSocket."""
        client = await Bare.connect(self.daemon.url, **options)
        self.stack.push_async_callback(client.close)
        return client

    async def enter(self, role: str, peer: str, *, auto: bool = True, token: str | None = None) -> Bare:
        """Let somebody in: authenticated, joined, with the transports its role may have."""
        token = token or self.token(role, peer)  # Made by a command, while nobody is waited for.
        client = await self.connect()
        client.welcome = await client.ask("authenticate", token=token)
        capabilities = await client.ask("getRouterRtpCapabilities")
        client.recv = (await client.ask("createWebRtcTransport", direction="recv"))["id"]
        if role != "observer":
            client.send = (await client.ask("createWebRtcTransport", direction="send"))["id"]
        client.joined = await client.ask("join", rtpCapabilities=capabilities, autoConsume=auto)
        client.peers = client.joined["peers"]
        return client

    def events(self, *kinds: str) -> list[Data]:
        """Return the events of the room so far."""
        wanted = [part for kind in kinds for part in ("--kind", kind)]
        found: list[Data] = self.daemon.psfu("events", "--room", self.room, *wanted)
        return found

    def audit(self, action: str) -> list[Data]:
        """Return the audit records of the room so far."""
        found: list[Data] = self.daemon.psfu("audit", "--room", self.room)
        return [each for each in found if each["action"] == action]


def rtp(kind: str, ssrc: int) -> Data:
    """RTP parameters of a source with one layer."""
    mime, payload_type = ("audio/opus", 100) if kind == "audio" else ("video/VP8", 101)
    codec: Data = {"mimeType": mime, "payloadType": payload_type, "clockRate": 48000 if kind == "audio" else 90000}
    if kind == "audio":
        codec["channels"] = 2
    return {"codecs": [codec], "encodings": [{"ssrc": ssrc}], "rtcp": {"cname": "x"}}


async def publish(client: Bare, source: str, ssrc: int) -> str:
    """Publish a source that never sends a packet; returns the producer's id."""
    kind = "audio" if source in ("microphone", "voice") else "video"
    answer = await client.ask(
        "produce", transportId=client.send, kind=kind, rtpParameters=rtp(kind, ssrc), appData={"source": source}
    )
    return str(answer["id"])
