"""As much of RTP as a counting receiver needs: the header, and whether a payload begins a key frame. No I/O.

Sources: RFC 3550 section 5.1 (header), RFC 7741 section 4 (VP8), RFC 6184 section 5 (H264).
"""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct("!BBHII")
_SPS, _IDR, _STAP_A, _FU_A = 7, 5, 24, 28
"""Kinds of H264 units: parameter sets, a key picture, several units in one packet, a part of one."""


class Packet(NamedTuple):
    """An RTP packet; header extensions and padding are left out."""

    kind: int
    """Payload type."""
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> Packet | None:
    """Return the packet in ``data``, or None if it is not one."""
    if len(data) < _HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start, end = _HEADER.size + 4 * (first & 0x0F), len(data)
    if first & 0x10:
        if end < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    if first & 0x20:
        end -= data[-1]
    if first >> 6 != 2 or start > end:
        return None
    return Packet(second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, data[start:end])


def begins_key_frame(codec: str, payload: bytes) -> bool:
    """Whether ``payload`` is the first of a picture that decodes alone; ``codec`` is ``vp8`` or ``h264``."""
    if codec == "vp8":
        start = _vp8_descriptor(payload)
        return start < len(payload) and payload[0] & 0x1F == 0x10 and not payload[start] & 0x01
    return _h264_begins_key_frame(payload)


def _vp8_descriptor(payload: bytes) -> int:
    """Return the length of the payload descriptor; beyond the payload if it is cut short."""
    if not payload or not payload[0] & 0x80:
        return 1
    if len(payload) < 3:
        return 4
    present = payload[1]
    length = 2
    if present & 0x80:
        length += 2 if payload[2] & 0x80 else 1
    return length + bool(present & 0x40) + bool(present & 0x30)


def _h264_begins_key_frame(payload: bytes) -> bool:
    if not payload:
        return False
    kind = payload[0] & 0x1F
    if kind == _STAP_A:
        return len(payload) > 3 and payload[3] & 0x1F in (_SPS, _IDR)
    if kind == _FU_A:
        return len(payload) > 1 and bool(payload[1] & 0x80) and payload[1] & 0x1F in (_SPS, _IDR)
    return kind in (_SPS, _IDR)
