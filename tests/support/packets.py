"""RTP and RTCP packets made by hand (RFC 3550, RFC 8285), for senders that need no encoder."""

from __future__ import annotations

import struct

KEY_FRAME = bytes.fromhex("10 30 01 00 9d 01 2a 80 02 e0 01".replace(" ", "")) + bytes(20)
"""The beginning of a VP8 key frame of 640 by 480: descriptor (RFC 7741), frame tag, start code, size."""
DELTA_FRAME = bytes.fromhex("10 31 01 00".replace(" ", "")) + bytes(20)


def rtp(
    payload_type: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, *, marker: bool = False,
    extensions: dict[int, bytes] | None = None,
) -> bytes:  # fmt: skip
    """Return a packet; ``extensions`` by id, one-byte form (RFC 8285 section 4.2)."""
    header = b"".join(bytes([number << 4 | len(data) - 1]) + data for number, data in (extensions or {}).items())
    header += bytes(-len(header) % 4)
    block = struct.pack("!HH", 0xBEDE, len(header) // 4) + header if header else b""
    first = 0x90 if block else 0x80
    fixed = struct.pack("!BBHII", first, marker << 7 | payload_type, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    return fixed + block + payload


def sender_report(ssrc: int, ntp: float, timestamp: int, packets: int, octets: int) -> bytes:
    """Return an RTCP SR without report blocks; ``ntp`` in seconds since 1900."""
    seconds, fraction = int(ntp), int(ntp % 1 * 2**32)
    return struct.pack("!BBHIIIIII", 0x80, 200, 6, ssrc, seconds, fraction, timestamp & 0xFFFFFFFF, packets, octets)
