"""What one kind of consumer of one producer looks like, worked out once and stamped out many times.

Everything in a consumer's RTP parameters follows from the producer and the client's capabilities, but for MID and
SSRCs; and a room full of proctors has few kinds of client. So the negotiation and the encoded request are kept, and
a further consumer costs a handful of bytes put in their places.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from proctor_sfu.mediasoup.layers import ConsumerLayers
from proctor_sfu.mediasoup.rtp import RtpCapabilities, RtpEncodingRtx, RtpParameters
from proctor_sfu.mediasoup.stamp import Stamp

_SHAPES = 16
"""Encoded requests kept per plan: they differ in paused, layers and the length of the MID."""


class ConsumePlan:
    """Negotiated parameters for one producer and one set of capabilities."""

    __slots__ = ("_rtx", "_stamps", "capabilities", "parameters")

    def __init__(self, parameters: RtpParameters, capabilities: RtpCapabilities) -> None:
        self.parameters = parameters
        self.capabilities = capabilities
        """Held so that the identity it is filed under stays taken."""
        self._rtx = parameters.encodings[0].rtx is not None
        self._stamps: dict[Any, Stamp] = {}

    def parameters_for(self, mid: str, ssrc: int, rtx_ssrc: int | None = None) -> RtpParameters:
        """Return the RTP parameters of one consumer; its RTX stream has the next SSRC."""
        rtx = RtpEncodingRtx(ssrc=rtx_ssrc or ssrc + 1) if self._rtx else None
        return replace(self.parameters, mid=mid, encodings=(replace(self.parameters.encodings[0], ssrc=ssrc, rtx=rtx),))

    def request(
        self, encode: Callable[[int, str, dict[str, Any]], bytes], *, number: int, transport_id: str, consumer_id: str,
        mid: str, ssrc: int, paused: bool, preferred_layers: ConsumerLayers | None, ignore_dtx: bool,
        static: Callable[[], dict[str, Any]],
    ) -> bytes:  # fmt: skip
        """Return the frame of a consume request.

        ``encode(number, transport id, body)`` makes one in full, ``static()`` gives the fields of its body that do
        not depend on the consumer.
        """
        shape = (len(mid), paused, ignore_dtx, preferred_layers)
        stamp = self._stamps.get(shape)
        if stamp is None:
            if len(self._stamps) >= _SHAPES:
                self._stamps.clear()

            def full(number: int, ssrc: int, rtx_ssrc: int, transport_id: str, consumer_id: str, mid: str) -> bytes:
                body = static() | {
                    "consumer_id": consumer_id,
                    "rtp_parameters": self.parameters_for(mid, ssrc, rtx_ssrc),
                    "paused": paused,
                    "preferred_layers": preferred_layers,
                    "ignore_dtx": ignore_dtx,
                }
                return encode(number, transport_id, body)

            def without_rtx(number: int, ssrc: int, *texts: str) -> bytes:
                return full(number, ssrc, 0, *texts)

            made = Stamp(full, 3, (36, 36, len(mid))) if self._rtx else Stamp(without_rtx, 2, (36, 36, len(mid)))
            stamp = self._stamps[shape] = made
        ssrcs = (ssrc, ssrc + 1) if self._rtx else (ssrc,)
        return stamp.fill(number, *ssrcs, transport_id, consumer_id, mid)
