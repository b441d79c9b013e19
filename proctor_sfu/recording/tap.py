"""A tap: what takes the packets of one candidate out of its room, through a loopback socket, to the recorder.

The socket belongs to the daemon, so that packets wait in it while a recorder that died is replaced.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from itertools import count
from typing import Final

from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.plain_transport import PlainTransport
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.rtp import RtpCapabilities, RtpCodecCapability
from proctor_sfu.recording.receive import open_socket

BUFFER: Final = 4 << 20
"""Bytes the socket can hold: some ten seconds of a candidate."""
LOOPBACK: Final = ListenInfo(ip="127.0.0.1")
_numbers = count(1)


@dataclass(slots=True, kw_only=True, eq=False)
class Tap:
    """Made by `open_tap`, ended by `close`."""

    router: Router
    transport: PlainTransport
    socket: socket.socket
    number: int
    """Names its inlet."""

    async def consume(self, producer: Producer) -> Consumer:
        """Make a consumer, paused; it sends the highest layers there are. Raises what the host raises."""
        return await self.transport.consume(
            producer_id=producer.id, rtp_capabilities=plain_capabilities(self.router.rtp_capabilities), paused=True
        )

    def close(self) -> None:
        """Close transport and socket."""
        self.transport.close()
        self.socket.close()


async def open_tap(router: Router) -> Tap:
    """Make a transport that sends to a socket of ours, and nobody else's packets reach the socket.

    Raises what the host raises, and `OSError`, with nothing left behind.
    """
    transport = await router.create_plain_transport(listen_info=LOOPBACK, rtcp_mux=True, comedia=False)
    made = None
    try:
        made = open_socket(BUFFER)
        made.connect((transport.tuple.local_address, transport.tuple.local_port))
        address, port = made.getsockname()
        await transport.connect(ip=address, port=port)
    except BaseException:
        transport.close()
        if made is not None:
            made.close()
        raise
    return Tap(router=router, transport=transport, socket=made, number=next(_numbers))


_plain: dict[RtpCapabilities, RtpCapabilities] = {}


def plain_capabilities(capabilities: RtpCapabilities) -> RtpCapabilities:
    """Return a router's capabilities without repair and header extensions: loopback loses nothing.

    Equal ones are one object, so that what was negotiated for one candidate serves the next.
    """
    if (found := _plain.get(capabilities)) is None:
        codecs = tuple(_plain_codec(each) for each in capabilities.codecs if not each.mime_type.endswith("/rtx"))
        found = _plain[capabilities] = RtpCapabilities(codecs=codecs)
    return found


def _plain_codec(codec: RtpCodecCapability) -> RtpCodecCapability:
    feedback = tuple(
        each for each in codec.rtcp_feedback if (each.type, each.parameter) in (("nack", "pli"), ("ccm", "fir"))
    )
    return RtpCodecCapability(
        mime_type=codec.mime_type, clock_rate=codec.clock_rate, kind=codec.kind,
        preferred_payload_type=codec.preferred_payload_type, channels=codec.channels, parameters=codec.parameters,
        rtcp_feedback=feedback,
    )  # fmt: skip
