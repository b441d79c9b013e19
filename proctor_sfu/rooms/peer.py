"""Peer: a connected candidate, proctor or observer, and what it has in the room's router."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from proctor_sfu.audit.entry import By
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.rtp import RtpCapabilities
from proctor_sfu.mediasoup.scalability import parse_scalability_mode
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.rooms.claims import Claims
from proctor_sfu.rooms.policy import sources_of
from proctor_sfu.rooms.presence import Facts, Light, State
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.uplink import Uplink
from proctor_sfu.rooms.views import WITHHELD, Delivery, View


class Link(Protocol):
    """The way to the client; never blocks and never raises because the client is gone."""

    def notify(self, method: str, data: dict[str, Any]) -> None:
        """Send a notification."""

    def offer(self, viewed: Viewed) -> None:
        """Tell the client of a consumer made for it; it is resumed once the client is ready."""

    def announce(self, owner: Peer, published: Published) -> None:
        """Tell a client that consumes on its own initiative of a new producer."""

    def reset(self) -> None:
        """The room's worker died: the client has to begin again behind `authenticate`."""

    def end(self, why: Literal["kicked", "room_closed", "replaced"], reason: str) -> None:
        """Say why and close the connection."""


class Absent:
    """The link of a peer whose connection is lost. What it misses is in the answer when it resumes."""

    def notify(self, method: str, data: dict[str, Any]) -> None:
        """Nobody listens now."""

    def offer(self, viewed: Viewed) -> None:
        """Nobody would receive it: it is made again when somebody does."""
        viewed.consumer.close()

    def announce(self, owner: Peer, published: Published) -> None:
        """Nobody listens."""

    def reset(self) -> None:
        """It finds no transports when it resumes."""

    def end(self, why: Literal["kicked", "room_closed", "replaced"], reason: str) -> None:
        """There is no connection to close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A producer. ``width`` is that of its largest layer in pixels, if its client said so."""

    source: Source
    producer: Producer
    width: int | None = None

    @property
    def layers(self) -> int:
        """Spatial layers."""
        encodings = self.producer.rtp_parameters.encodings
        if self.producer.type == "svc":
            return parse_scalability_mode(encodings[0].scalability_mode).spatial_layers
        return len(encodings)


@dataclass(slots=True, kw_only=True, eq=False)
class Viewed:
    """A consumer and how it is sent."""

    owner: Peer
    published: Published
    consumer: Consumer
    led_by_client: bool = False
    """Asked for with ``consume``: the client itself pauses and resumes it."""
    ready: bool = False
    """The client is prepared to receive it."""
    sent_as: Delivery = WITHHELD
    settling: bool = False
    idle: asyncio.TimerHandle | None = None
    """Closes it when nobody looked at it for a while."""


class Peer:
    """One client in one room. ``joined`` once its media capabilities are known."""

    def __init__(
        self, peer_id: str, role: Role, name: str, address: str, link: Link, claims: Claims | None = None
    ) -> None:
        self.id = peer_id
        self.role = role
        self.name = name
        self.address = address
        self.link = link
        self.claims = claims
        """Those of the token it showed; None in an open room."""
        self.sources: tuple[Source, ...] = sources_of(role) if claims is None else claims.sources
        """What it may publish."""
        self.connected_at = time.time()
        self.resume_key = secrets.token_urlsafe(24)
        """Whoever has it and the right to this seat goes on where the last connection ended."""
        self.turn = asyncio.Lock()
        """Held while a request of its is handled; who comes back waits for what the last connection began."""
        self.away: asyncio.TimerHandle | None = None
        """Set while its connection is lost; gives the seat up in the end."""
        self.joined = False
        self.introduced = False
        """Those who may see it know that it is here: it joined, perhaps on a worker that died since."""
        self.connected_once = False
        self.state = State.JOINING
        """What those who may see it were told last."""
        self.light: Light = "grey"
        self.reasons: tuple[str, ...] = ()
        self.missing: frozenset[Source] = frozenset()
        """Required sources it was told to lack."""
        self.interrupted = False
        """Nothing comes on its transport any more, though the worker does not say so yet."""
        self.hand_raised_at: float | None = None
        """Unix time; None: its hand is down."""
        self.recording: Literal["on", "off", "error"] = "off"
        """Whether all that should be recorded of it is being written."""
        self.uplink: Uplink | None = None
        """Decides what it goes on sending, once it told of its uplink."""
        self.auto_consume = True
        self.views: dict[tuple[str, Source], View] | None = None
        """The tiles it shows, once it declared some."""
        self.coming: set[str] = set()
        """Ids of producers it is being shown, but not yet."""
        self.capabilities: RtpCapabilities | None = None
        self.sending: WebRtcTransport | None = None
        self.receiving: WebRtcTransport | None = None
        self.published: dict[str, Published] = {}
        """Producer id -> producer."""
        self.resting: set[str] = set()
        """Ids of those it paused itself."""
        self.viewed: dict[str, Viewed] = {}
        """Consumer id -> consumer."""

    def show(self, claims: Claims | None) -> None:
        """It showed another token for the same seat, which counts from now on."""
        self.claims = claims
        self.sources = sources_of(self.role) if claims is None else claims.sources

    def transport(self, transport_id: str) -> WebRtcTransport | None:
        """Return this peer's own transport with that id."""
        for transport in (self.sending, self.receiving):
            if transport is not None and transport.id == transport_id:
                return transport
        return None

    @property
    def by(self) -> By:
        """What the audit calls it when it acts."""
        return By(peer=self.id, role=self.role, address=self.address)

    @property
    def watches(self) -> bool:
        """Whether consumers can be made for it now."""
        return self.joined and self.receiving is not None and not self.receiving.closed

    @property
    def facts(self) -> Facts:
        """What its connection state is derived from."""
        transports = [each for each in (self.sending, self.receiving) if each is not None]
        return Facts(
            away=self.away is not None,
            joined=self.joined,
            connected_once=self.connected_once,
            connected=any(_stands(each) for each in transports) and not self.interrupted,
            light=self.light,
        )

    def clear(self) -> None:
        """Forget the media: the peer is as after `authenticate`."""
        for transport in (self.sending, self.receiving):
            if transport is not None:
                transport.close()
        self.sending = self.receiving = None
        self.joined = self.connected_once = False
        self.published.clear()
        self.resting.clear()
        self.viewed.clear()


def describe(peer: Peer) -> dict[str, Any]:
    """Return what those who may see a peer are told of it, as signaling has it."""
    return {
        "id": peer.id,
        "displayName": peer.name,
        "role": peer.role,
        "state": peer.state,
        "light": peer.light,
        "reasons": list(peer.reasons),
        "handRaised": peer.hand_raised_at is not None,
        "handRaisedAt": peer.hand_raised_at,
        "sources": [
            {
                "source": each.source,
                "producerId": each.producer.id,
                "kind": each.producer.kind,
                "paused": each.producer.paused,
            }
            for each in peer.published.values()
        ],
    }


def _stands(transport: WebRtcTransport) -> bool:
    return transport.dtls_state == "connected" and transport.ice_state in ("connected", "completed")
