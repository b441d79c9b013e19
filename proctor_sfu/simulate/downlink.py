"""A transport that receives hundreds of streams cheaply: aiortc's ICE and DTLS, without its descriptions and decoders.

pymediasoup's transport exchanges a description of every media section for each new consumer, which for 150 consumers
takes seconds of processor time, and aiortc starts a thread for each. Here a stream is an entry in a table.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import islice
from typing import Any, Final, Protocol

from aiortc import RTCCertificate, RTCIceCandidate, RTCIceGatherer, RTCIceTransport
from aiortc import rtp as rtcp
from aiortc.rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from aiortc.rtcicetransport import RTCIceParameters

from proctor_sfu.aio import spawn
from proctor_sfu.simulate import rtp
from proctor_sfu.simulate.protoo import Data
from proctor_sfu.simulate.reception import Reception
from proctor_sfu.simulate.twcc import Arrivals

_TICK: Final = 0.05
"""Seconds between two looks at what is missing."""
_REPORT: Final = 1.0
"""Seconds between two receiver reports."""
_RCVBUFFORCE: Final = 33
"""Linux's SO_RCVBUFFORCE, which Python does not name: beyond net.core.rmem_max, for root."""
_BUFFER: Final = 4 * 2**20
"""Bytes."""
_BLOCKS: Final = 31
"""Reports that fit into one packet."""


class Stream(Protocol):
    """One consumer on the transport."""

    ssrc: int
    rtx_ssrc: int | None
    transport_sequence: int | None
    """Number of the header extension that numbers all packets of the transport, if its packets have one."""
    reception: Reception

    def take(self, packet: rtp.Packet, now: float) -> None:
        """Take a packet of the stream; a repaired one looks like the original."""

    def nacks(self, now: float) -> list[int]:
        """Return the sequence numbers to ask for again."""

    def wants_key_frame(self, now: float) -> bool:
        """Whether to ask for a key frame."""


class Downlink:
    """A receiving WebRTC transport made from the server's answer to ``createWebRtcTransport``."""

    def __init__(self, answer: Data, changed: Callable[[str], None], relays: Sequence[Any] = ()) -> None:
        self.id = str(answer["id"])
        self.received = 0
        """Bytes of media so far."""
        self._answer = answer
        self._ice = RTCIceTransport(RTCIceGatherer(iceServers=list(relays)))
        self._ice._connection.ice_controlling = True
        self._dtls = RTCDtlsTransport(self._ice, [RTCCertificate.generateCertificate()])
        self._dtls._set_role("client")
        self._dtls._handle_rtp_data = self._take
        self._dtls.on("statechange", lambda: changed(self._dtls.state))
        self._streams: dict[int, Stream] = {}
        """By SSRC, that of repairs too."""
        self._own_ssrc = random.getrandbits(32)
        self._arrivals = Arrivals(self._own_ssrc)
        self._transport_sequence: int | None = None
        """Number of the header extension that numbers all packets of the transport."""
        self._feedback: asyncio.Task[None] | None = None

    async def connect(self, tell: Callable[[str, Data], Awaitable[None]]) -> None:
        """Tell the server this end of DTLS and connect; raises `ConnectionError`."""
        await self._ice.iceGatherer.gather()
        for protocol in self._ice._connection._protocols:
            _enlarge(protocol.transport.get_extra_info("socket"))
        prints = [{"algorithm": each.algorithm, "value": each.value} for each in self._dtls_fingerprints()]
        await tell(self.id, {"role": "client", "fingerprints": prints})
        for each in self._answer["iceCandidates"]:
            await self._ice.addRemoteCandidate(_candidate(each))
        await self._ice.addRemoteCandidate(None)
        remote = self._answer["iceParameters"]
        await self._ice.start(
            RTCIceParameters(usernameFragment=remote["usernameFragment"], password=remote["password"], iceLite=True)
        )
        if self._ice.state != "completed":
            raise ConnectionError(f"ICE {self._ice.state}")
        await self._dtls.start(
            RTCDtlsParameters([RTCDtlsFingerprint(**each) for each in self._answer["dtlsParameters"]["fingerprints"]])
        )
        if self._dtls.state != "connected":
            raise ConnectionError(f"DTLS {self._dtls.state}")
        self._feedback = spawn(self._give_feedback(), name="receiver feedback")

    def add(self, stream: Stream) -> None:
        """Receive a stream."""
        if stream.transport_sequence is not None:
            self._transport_sequence = stream.transport_sequence
        for ssrc in (stream.ssrc, stream.rtx_ssrc):
            if ssrc is not None:
                self._streams[ssrc] = stream
        self._dtls._rtp_router.ssrc_table[stream.ssrc] = _SenderReports(stream.reception)

    def remove(self, stream: Stream) -> None:
        """Receive it no more."""
        for ssrc in (stream.ssrc, stream.rtx_ssrc):
            if ssrc is not None:
                self._streams.pop(ssrc, None)
        self._dtls._rtp_router.ssrc_table.pop(stream.ssrc, None)

    async def close(self) -> None:
        """Close it."""
        if self._feedback is not None:
            self._feedback.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._feedback
        self._dtls.remove_all_listeners()
        await self._dtls.stop()
        await self._ice.stop()

    def _dtls_fingerprints(self) -> Sequence[Any]:
        found: Sequence[Any] = self._dtls.getLocalParameters().fingerprints
        return found

    async def _take(self, data: bytes, arrival_time_ms: int) -> None:
        packet = rtp.parse(data)
        stream = self._streams.get(packet.ssrc) if packet is not None else None
        if packet is None:
            return
        now = time.monotonic()
        if self._transport_sequence and (number := rtp.extension(packet.extensions, self._transport_sequence)):
            # Counts for probes as well, which belong to no stream.
            self._arrivals.take(int.from_bytes(number, "big"), now)
        if stream is None:
            return
        self.received += len(data)
        if packet.ssrc == stream.ssrc:
            stream.reception.take(packet, now)
            stream.take(packet, now)
        elif len(packet.payload) > 2:
            # A repair carries the number of the original in front.
            original = packet._replace(
                ssrc=stream.ssrc, sequence=int.from_bytes(packet.payload[:2], "big"), payload=packet.payload[2:]
            )
            stream.take(original, now)

    async def _give_feedback(self) -> None:
        """Ask for what is missing and report what came, until cancelled or disconnected."""
        reported = 0.0
        while self._dtls.state == "connected":
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            streams = [stream for ssrc, stream in self._streams.items() if ssrc == stream.ssrc]
            messages = [message for stream in streams for message in self._requests(stream, now)]
            messages += self._arrivals.feedback(streams[0].ssrc) if streams else []
            if now - reported >= _REPORT:
                reported = now
                messages += self._reports(streams, now)
            for message in messages:
                try:
                    await self._dtls._send_rtp(bytes(message))
                except ConnectionError:
                    return  # Its state tells the owner.

    def _requests(self, stream: Stream, now: float) -> list[Any]:
        messages: list[Any] = []
        if lost := stream.nacks(now):
            ask = rtcp.RtcpRtpfbPacket(fmt=rtcp.RTCP_RTPFB_NACK, ssrc=self._own_ssrc, media_ssrc=stream.ssrc)
            ask.lost = lost
            messages.append(ask)
        if stream.wants_key_frame(now):
            fmt = rtcp.RTCP_PSFB_PLI
            messages.append(rtcp.RtcpPsfbPacket(fmt=fmt, ssrc=self._own_ssrc, media_ssrc=stream.ssrc))
        return messages

    def _reports(self, streams: Sequence[Stream], now: float) -> list[Any]:
        blocks = iter([_block(stream, now) for stream in streams if stream.reception.packets])
        packets: list[Any] = []
        while reports := list(islice(blocks, _BLOCKS)):
            packets.append(rtcp.RtcpRrPacket(ssrc=self._own_ssrc, reports=reports))
        return packets


def _enlarge(sock: socket.socket | None) -> None:
    """Let a socket hold more while this process is not scheduled: hundreds of streams arrive on it."""
    if sock is None:
        return  # A relayed candidate has none of its own.
    try:
        sock.setsockopt(socket.SOL_SOCKET, _RCVBUFFORCE, _BUFFER)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)


class _SenderReports:
    """What aiortc's router hands the sender reports of one stream to."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def _handle_rtcp_packet(self, packet: Any) -> None:
        if isinstance(packet, rtcp.RtcpSrPacket):
            self._reception.sender_report(packet.sender_info.ntp_timestamp, time.monotonic())


def _block(stream: Stream, now: float) -> Any:
    report = stream.reception.report(now)
    return rtcp.RtcpReceiverInfo(
        ssrc=stream.ssrc,
        fraction_lost=report.fraction_lost,
        packets_lost=report.packets_lost,
        highest_sequence=report.highest_sequence,
        jitter=report.jitter,
        lsr=report.last_report,
        dlsr=report.delay,
    )


def _candidate(given: Data) -> Any:
    return RTCIceCandidate(
        component=1,
        foundation=given["foundation"],
        ip=given["ip"],
        port=given["port"],
        priority=given["priority"],
        protocol=given["protocol"],
        type=given["type"],
    )
