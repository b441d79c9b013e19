"""What is in an RTP packet of the codecs psfu forwards: enough to find key frames and to put frames together.

RTP: RFC 3550; VP8: RFC 7741; VP9: RFC 9628; H264: RFC 6184 (packetization mode 1); Opus: RFC 7587. Nothing here does
I/O, and whatever a packet has in it, nothing here raises.
"""

from __future__ import annotations

from typing import NamedTuple

IDR, SPS, STAP_A, FU_A = 5, 7, 24, 28
"""Types of H264 units, and of packets that have several, or part of one."""


class Rtp(NamedTuple):
    """A packet without its header, extensions and padding."""

    sequence: int
    timestamp: int
    marker: bool
    """Of video: the last packet of its frame."""
    payload: bytes


def parse_rtp(packet: bytes) -> Rtp | None:
    """Return a packet's content, which may be nothing; None for what is no RTP."""
    if len(packet) < 12 or packet[0] >> 6 != 2:
        return None
    start, end = 12 + 4 * (packet[0] & 15), len(packet)
    if packet[0] & 0x10:
        start += 4 + 4 * int.from_bytes(packet[start + 2 : start + 4], "big")
    if packet[0] & 0x20:
        end -= packet[-1]
    return Rtp(
        int.from_bytes(packet[2:4], "big"), int.from_bytes(packet[4:8], "big"), packet[1] > 127, packet[start:end]
    )


def begins_key_frame(codec: str, payload: bytes) -> bool:
    """Whether a decoder can begin with this packet; of sound it always can."""
    match codec:
        case "vp8":
            size, begins = vp8_descriptor(payload)
            return begins and len(payload) > size and not payload[size] & 1
        case "vp9":
            found = vp9_descriptor(payload)
            return found.begins and not found.predicted and found.spatial == 0 and not found.skipped
        case "h264":
            return any(unit[0] & 31 in (IDR, SPS) for unit in _h264_beginnings(payload))
        case _:
            return True


# VP8.


def vp8_descriptor(payload: bytes) -> tuple[int, bool]:
    """Return the length of the descriptor and whether a frame begins behind it."""
    if not payload:
        return 0, False
    first, size = payload[0], 1
    if first & 0x80 and len(payload) > 1:
        extended, size = payload[1], 2
        if extended & 0x80:
            size += 2 if payload[size : size + 1] >= b"\x80" else 1
        size += bool(extended & 0x40) + bool(extended & 0x30)
    return size, bool(first & 0x10) and not first & 0x07


def vp8_size(frame: bytes) -> tuple[int, int] | None:
    """Return width and height of a key frame."""
    if len(frame) < 10 or frame[0] & 1 or frame[3:6] != b"\x9d\x01\x2a":
        return None
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF


# VP9.


class Vp9(NamedTuple):
    """What the descriptor of a packet says."""

    size: int
    """Bytes of the descriptor."""
    begins: bool
    ends: bool
    predicted: bool
    """From an earlier picture."""
    spatial: int
    sizes: tuple[tuple[int, int], ...]
    """Width and height of each spatial layer, with a key frame."""
    skipped: bool
    """The descriptor is longer than the packet."""


def vp9_descriptor(payload: bytes) -> Vp9:
    """Read the descriptor of a packet."""
    if not payload:
        return Vp9(0, False, False, True, 0, (), True)
    first, at = payload[0], 1
    if first & 0x80:
        at += 2 if payload[at : at + 1] >= b"\x80" else 1
    spatial = 0
    if first & 0x20:
        spatial = (payload[at] >> 1 & 7) if at < len(payload) else 0
        at += 1 if first & 0x10 else 2
    if first & 0x50 == 0x50:
        # One to three references; each says whether another follows.
        for _ in range(3):
            more = payload[at : at + 1] and payload[at] & 1
            at += 1
            if not more:
                break
    sizes: list[tuple[int, int]] = []
    if first & 0x02 and at < len(payload):
        at = _vp9_structure(payload, at, sizes)
    return Vp9(
        at, bool(first & 0x08), bool(first & 0x04), bool(first & 0x40), spatial, tuple(sizes), at >= len(payload)
    )


def _vp9_structure(payload: bytes, at: int, sizes: list[tuple[int, int]]) -> int:
    head = payload[at]
    at += 1
    if head & 0x10:
        for _ in range((head >> 5) + 1):
            pair = payload[at : at + 4]
            sizes.append((int.from_bytes(pair[:2], "big"), int.from_bytes(pair[2:], "big")))
            at += 4
    if head & 0x08:
        pictures = payload[at] if at < len(payload) else 0
        at += 1
        for _ in range(pictures):
            at += 1 + (payload[at] >> 2 & 3 if at < len(payload) else 0)
    return at


def vp9_size(frame: bytes) -> tuple[int, int] | None:
    """Return width and height of a key frame of profile 0 to 2; see the VP9 bitstream specification, 6.2."""
    bits = int.from_bytes(frame[:16].ljust(16, b"\0"), "big")
    at = 0

    def read(count: int) -> int:
        nonlocal at
        at += count
        return bits >> (128 - at) & (1 << count) - 1

    if read(2) != 2:
        return None
    profile = read(1) | read(1) << 1
    if profile == 3 or read(1) or read(1):
        return None  # Another profile, a picture shown again, or no key frame.
    read(2)
    if read(24) != 0x498342:
        return None
    if profile == 2:
        read(1)
    if read(3) != 7:
        read(1)
        if profile == 1:
            read(3)
    elif profile == 1:
        read(1)
    return read(16) + 1, read(16) + 1


# H264.


def _h264_beginnings(payload: bytes) -> list[bytes]:
    """Return the units that begin in a packet; of a fragmented one its header byte."""
    kind = payload[0] & 31 if payload else 0
    if kind == STAP_A:
        return h264_aggregated(payload)
    if kind == FU_A:
        return [payload[1:2]] if len(payload) > 1 and payload[1] & 0x80 else []
    return [payload] if payload else []


def h264_aggregated(payload: bytes) -> list[bytes]:
    """Return the units of a STAP-A packet."""
    units, at = [], 1
    while at + 2 < len(payload):
        length = int.from_bytes(payload[at : at + 2], "big")
        if length:
            units.append(payload[at + 2 : at + 2 + length])
        at += 2 + length
    return units
