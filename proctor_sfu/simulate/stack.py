"""What aiortc and pymediasoup need to behave as a browser towards an SFU; applied once to a process that simulates.

They look into the two libraries because neither has a setting for it; the end-to-end tests would notice a release that
changes what is relied on here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any

import aioice.ice
from aiortc import RTCIceServer
from aiortc.rtcdtlstransport import RTCDtlsTransport

from proctor_sfu.simulate import xr

_gather = aioice.ice.get_host_addresses


@cache
def prepare() -> None:
    """Let senders answer the server's reference times, so that it can measure the round trip to them."""
    handle = RTCDtlsTransport._handle_rtcp_data

    async def answer_and_handle(transport: Any, data: bytes) -> None:
        came = time.monotonic()
        if transport._rtp_router.senders:
            for reference in xr.reference_times(data):
                try:
                    await transport._send_rtp(
                        xr.answer(transport._rtp_router.senders, reference, time.monotonic() - came)
                    )
                except ConnectionError:
                    break  # It closed meanwhile.
        await handle(transport, data)

    RTCDtlsTransport._handle_rtcp_data = answer_and_handle


def reach(addresses: Iterable[str], *, relayed: bool = False) -> None:
    """Use loopback if the server's media is there and only there; aioice leaves it out otherwise.

    ``relayed``: use no address of this machine, so that only TURN is left.
    """
    local = all(_is_loopback(each) for each in addresses)
    if relayed or local:
        found = [] if relayed else ["127.0.0.1"]
        aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: found
    else:
        aioice.ice.get_host_addresses = _gather


def relays(servers: Iterable[Mapping[str, Any]]) -> list[RTCIceServer]:
    """Return the TURN servers among what the server said; aiortc takes the first it can use."""
    return [
        RTCIceServer(urls=each["urls"], username=each["username"], credential=each["credential"])
        for each in servers
        if "credential" in each
    ]


def keep_closed_sections(transport: Any) -> None:
    """pymediasoup gives a closed media section to the next consumer, whose other MID aiortc refuses."""
    remote = transport._handler.remoteSdp
    remote.closeMediaSection = remote.disableMediaSection


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False  # A name, as a server behind a NAT may announce.
