"""Where transports listen, and the addresses a connected transport uses.

Source: https://mediasoup.org/documentation/v3/mediasoup/api/#TransportListenInfo.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from proctor_sfu.mediasoup.ice import TransportProtocol
from proctor_sfu.mediasoup.rtp import Wire


@dataclass(frozen=True, slots=True, kw_only=True)
class PortRange(Wire):
    """Ports to choose one from, both ends included; 0 and 0 means the range of the worker."""

    min: int = 0
    max: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketFlags(Wire):
    """Flags of the listening socket: only IPv6; the same UDP port for several transports or processes."""

    ipv6_only: bool = False
    udp_reuse_port: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ListenInfo(Wire):
    """An address to listen on, and the one to announce to clients behind a NAT. Buffer sizes in bytes, 0: system."""

    ip: str
    protocol: TransportProtocol = "udp"
    announced_address: str | None = None
    expose_internal_ip: bool = False
    port: int = 0
    port_range: PortRange = field(default_factory=PortRange)
    flags: SocketFlags = field(default_factory=SocketFlags)
    send_buffer_size: int = 0
    recv_buffer_size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportTuple(Wire):
    """Local and remote address of a transport; until the other end is known, its ip is None and its port 0."""

    local_address: str
    local_port: int
    remote_ip: str | None = None
    remote_port: int | None = None
    protocol: TransportProtocol = "udp"
