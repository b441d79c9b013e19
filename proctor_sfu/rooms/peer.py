"""Peer: a connected candidate, proctor or observer, and what it has in the room's router."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from proctor_sfu.audit.entry import By
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.rtp import RtpCapabilities
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.rooms.policy import sources_of
from proctor_sfu.rooms.roles import Role, Source


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

    def end(self, why: Literal["kicked", "room_closed"], reason: str) -> None:
        """Say why and close the connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A producer of a candidate."""

    source: Source
    producer: Producer


@dataclass(frozen=True, slots=True, kw_only=True)
class Viewed:
    """A consumer of a proctor or observer."""

    owner: Peer
    source: Source
    consumer: Consumer


class Peer:
    """One client in one room. ``joined`` once its media capabilities are known."""

    def __init__(self, peer_id: str, role: Role, name: str, address: str, link: Link) -> None:
        self.id = peer_id
        self.role = role
        self.name = name
        self.address = address
        self.link = link
        self.sources = sources_of(role)
        """What it may publish."""
        self.connected_at = time.time()
        self.joined = False
        self.auto_consume = True
        self.capabilities: RtpCapabilities | None = None
        self.sending: WebRtcTransport | None = None
        self.receiving: WebRtcTransport | None = None
        self.published: dict[str, Published] = {}
        """Producer id -> producer."""
        self.viewed: dict[str, Viewed] = {}
        """Consumer id -> consumer."""

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

    def clear(self) -> None:
        """Forget the media: the peer is as after `authenticate`."""
        for transport in (self.sending, self.receiving):
            if transport is not None:
                transport.close()
        self.sending = self.receiving = None
        self.joined = False
        self.published.clear()
        self.viewed.clear()
