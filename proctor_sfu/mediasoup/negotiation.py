"""What one kind of consumer of one producer looks like, worked out once and stamped out many times.

Everything in a consumer's RTP parameters follows from the producer and the client's capabilities, but for MID and
SSRCs; and a room full of proctors has few kinds of client. So the negotiation and the encoded request are kept, and
a further consumer costs a handful of bytes put in their places.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from proctor_sfu.mediasoup.layers import ConsumerLayers
from proctor_sfu.mediasoup.rtp import RtpCapabilities, RtpEncodingRtx, RtpParameters

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
        self._stamps: dict[Any, _Stamp] = {}

    def parameters_for(self, mid: str, ssrc: int) -> RtpParameters:
        """Return the RTP parameters of one consumer; its RTX stream has the next SSRC."""
        encoding = replace(
            self.parameters.encodings[0], ssrc=ssrc, rtx=RtpEncodingRtx(ssrc=ssrc + 1) if self._rtx else None
        )
        return replace(self.parameters, mid=mid, encodings=(encoding,))

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

            def full(number: int, transport_id: str, consumer_id: str, mid: str, ssrc: int) -> bytes:
                body = static() | {
                    "consumer_id": consumer_id,
                    "rtp_parameters": self.parameters_for(mid, ssrc),
                    "paused": paused,
                    "preferred_layers": preferred_layers,
                    "ignore_dtx": ignore_dtx,
                }
                return encode(number, transport_id, body)

            stamp = self._stamps[shape] = _Stamp(full, len(mid), self._rtx)
        return stamp.fill(number, transport_id, consumer_id, mid, ssrc)


class _Stamp:
    """An encoded request with gaps: number, transport id, consumer id, MID, SSRC and the RTX stream's SSRC."""

    __slots__ = ("_order", "_pieces")

    def __init__(self, full: Callable[[int, str, str, str, int], bytes], mid_length: int, rtx: bool) -> None:
        while True:
            number, ssrc = _marks()
            transport_id, consumer_id = os.urandom(18).hex(), os.urandom(18).hex()
            mid = os.urandom(mid_length).hex()[:mid_length]
            frame = full(number, transport_id, consumer_id, mid, ssrc)
            # The MID may be one character long, so it is found together with its length and end.
            prefix = mid_length.to_bytes(4, "little")
            marks = [
                number.to_bytes(4, "little"),
                transport_id.encode(),
                consumer_id.encode(),
                prefix + mid.encode() + b"\0",
                ssrc.to_bytes(4, "little"),
            ]
            if rtx:
                marks.append((ssrc + 1).to_bytes(4, "little"))
            if all(frame.count(mark) == 1 for mark in marks):
                break
        places = sorted((frame.index(mark), index) for index, mark in enumerate(marks))
        self._pieces: list[bytes] = []
        self._order = [0] * len(marks)
        at = 0
        for place, index in places:
            self._pieces += (frame[at:place], b"")
            self._order[index] = len(self._pieces) - 1
            at = place + len(marks[index])
        self._pieces.append(frame[at:])

    def fill(self, number: int, transport_id: str, consumer_id: str, mid: str, ssrc: int) -> bytes:
        pieces = self._pieces.copy()
        order = self._order
        pieces[order[0]] = number.to_bytes(4, "little")
        pieces[order[1]] = transport_id.encode()
        pieces[order[2]] = consumer_id.encode()
        pieces[order[3]] = len(mid).to_bytes(4, "little") + mid.encode() + b"\0"
        pieces[order[4]] = ssrc.to_bytes(4, "little")
        if len(order) == 6:
            pieces[order[5]] = (ssrc + 1).to_bytes(4, "little")
        return b"".join(pieces)


def _marks() -> tuple[int, int]:
    """Return two numbers nobody can foresee and that no other field of a request is likely to hold."""
    return int.from_bytes(os.urandom(4), "little") | 1 << 31, int.from_bytes(os.urandom(4), "little") | 1 << 31
