"""Packetisers for tests: frames of a clip as RTP, split small so that pictures have several packets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

SIZE: Final = 900
"""Bytes of payload at most."""
SSRC: Final = 1111


def packet(sequence: int, timestamp: int, payload: bytes, *, marker: bool = True, ssrc: int = SSRC) -> bytes:
    """Return an RTP packet."""
    head = bytes((0x80, 0xE0 if marker else 0x60)) + (sequence & 0xFFFF).to_bytes(2, "big")
    return head + (timestamp & 0xFFFFFFFF).to_bytes(4, "big") + ssrc.to_bytes(4, "big") + payload


def vp8(frame: bytes) -> list[bytes]:
    """Return payloads of a VP8 frame, with a 15 bit picture id as browsers send it."""
    pieces = [frame[at : at + SIZE] for at in range(0, len(frame), SIZE)]
    return [(b"\x90" if index == 0 else b"\x80") + b"\x80\x81\x23" + piece for index, piece in enumerate(pieces)]


def vp9(layers: list[bytes], *, key: bool, size: tuple[int, int]) -> list[bytes]:
    """Return payloads of a VP9 picture in non-flexible mode, a spatial layer after the other."""
    payloads = []
    for layer, frame in enumerate(layers):
        pieces = [frame[at : at + SIZE] for at in range(0, len(frame), SIZE)]
        for index, piece in enumerate(pieces):
            first, last = index == 0, index == len(pieces) - 1
            structure = key and layer == 0 and first
            flags = 0x80 | (0 if key else 0x40) | 0x20 | (0x08 if first else 0) | (0x04 if last else 0)
            head = bytes((flags | (0x02 if structure else 0),)) + b"\x81\x23" + bytes((layer << 1, 7))
            if structure:
                sizes = b"".join(side.to_bytes(2, "big") for _ in layers for side in size)
                head += bytes((len(layers) - 1 << 5 | 0x10,)) + sizes
            payloads.append(head + piece)
    return payloads


def h264(frame: bytes) -> list[bytes]:
    """Return payloads of an access unit in Annex B: parameter sets together, pictures in fragments."""
    units = [unit for unit in frame.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]
    small = [unit for unit in units if unit[0] & 31 in (6, 7, 8)]
    payloads = []
    if small:
        payloads.append(b"\x78" + b"".join(len(unit).to_bytes(2, "big") + unit for unit in small))
    for unit in units:
        if unit in small:
            continue
        if len(unit) <= SIZE:
            payloads.append(unit)
            continue
        pieces = [unit[1:][at : at + SIZE] for at in range(0, len(unit) - 1, SIZE)]
        for index, piece in enumerate(pieces):
            mark = (0x80 if index == 0 else 0) | (0x40 if index == len(pieces) - 1 else 0) | unit[0] & 31
            payloads.append(bytes((unit[0] & 0xE0 | 28, mark)) + piece)
    return payloads


def stream(payloads: list[tuple[int, list[bytes]]], *, sequence: int = 0, ssrc: int = SSRC) -> Iterator[bytes]:
    """Yield packets of frames, pairs of timestamp and payloads, with the marker on the last of each."""
    for timestamp, parts in payloads:
        for index, payload in enumerate(parts):
            yield packet(sequence, timestamp, payload, marker=index == len(parts) - 1, ssrc=ssrc)
            sequence += 1
