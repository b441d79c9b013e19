"""As much of RTP as a counting receiver needs: the header, and whether a payload begins a key frame. No I/O.

Sources: RFC 3550 section 5.1 (header), RFC 8285 section 4.2 (its extensions), RFC 7741 section 4 (VP8), RFC 6184
section 5 (H264).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

_HEADER: Final = struct.Struct("!BBHII")
_SHORT_FORM: Final = b"\xbe\xde"
_SPS, _IDR, _STAP_A, _FU_A = 7, 5, 24, 28
"""Kinds of H264 units: parameter sets, a key picture, several units in one packet, a part of one."""


class Packet(NamedTuple):
    """An RTP packet; padding is left out."""

    kind: int
    """Payload type."""
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    extensions: bytes = b""
    """Header extensions in the short form; see `extension`."""


def parse(data: bytes) -> Packet | None:
    """Return the packet in ``data``, or None if it is not one."""
    if len(data) < _HEADER.size:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    start, end = _HEADER.size + 4 * (first & 0x0F), len(data)
    extensions = b""
    if first & 0x10:
        if end < start + 4:
            return None
        begin = start + 4
        start = begin + 4 * int.from_bytes(data[start + 2 : begin], "big")
        if data[begin - 4 : begin - 2] == _SHORT_FORM:
            extensions = data[begin:start]
    if first & 0x20:
        end -= data[-1]
    if first >> 6 != 2 or start > end:
        return None
    return Packet(second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, data[start:end], extensions)


def extension(extensions: bytes, number: int) -> bytes | None:
    """Return the header extension with a number, 1 to 14, from those of a packet."""
    position = 0
    while position < len(extensions):
        head = extensions[position]
        position += 1
        if head >> 4 == 0:
            continue  # Padding.
        end = position + (head & 0x0F) + 1
        if head >> 4 == number:
            return extensions[position:end] if end <= len(extensions) else None
        position = end
    return None


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
        return any(each in (_SPS, _IDR) for each in _aggregated(payload))
    if kind == _FU_A:
        return len(payload) > 1 and bool(payload[1] & 0x80) and payload[1] & 0x1F in (_SPS, _IDR)
    return kind in (_SPS, _IDR)


def _aggregated(payload: bytes) -> Iterator[int]:
    """Yield the kinds of the units in one packet."""
    position = 1
    while position + 2 < len(payload):
        yield payload[position + 2] & 0x1F
        position += 2 + int.from_bytes(payload[position : position + 2], "big")
