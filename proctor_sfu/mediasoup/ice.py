"""ICE of a WebRTC transport (RFC 8445); mediasoup is always ICE-lite and offers host candidates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor_sfu.mediasoup.rtp import Wire

IceState: TypeAlias = Literal["new", "connected", "completed", "disconnected", "closed"]
IceRole: TypeAlias = Literal["controlled", "controlling"]
TransportProtocol: TypeAlias = Literal["udp", "tcp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IceParameters(Wire):
    """Credentials the client answers with (RFC 8445 section 5.3)."""

    username_fragment: str
    password: str
    ice_lite: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class IceCandidate(Wire):
    """An address the transport listens on (RFC 8839; over TCP, RFC 6544)."""

    foundation: str
    priority: int
    address: str
    protocol: TransportProtocol
    port: int
    type: Literal["host"] = "host"
    tcp_type: Literal["passive"] | None = None
