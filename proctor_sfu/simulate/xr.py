"""The two blocks of RTCP XR that let a server measure the round trip to a sender. No I/O.

The server says when (receiver reference time report); the sender answers with how long ago that was (delay since last
RR). Browsers do it, aiortc does not. Source: RFC 3611 sections 4.4 and 4.5.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from typing import Final

_XR: Final = 207
_REFERENCE_TIME, _DELAY = 4, 5


def reference_times(data: bytes) -> list[int]:
    """Return the reference times in a compound RTCP packet, as the middle 32 bits of NTP time."""
    found = []
    for kind, packet in _split(data):
        if kind != _XR:
            continue
        for block, content in _split(packet[8:], kind_at=0):
            if block == _REFERENCE_TIME and len(content) >= 12:
                found.append(int.from_bytes(content[6:10], "big"))
    return found


def answer(ssrcs: Iterable[int], reference_time: int, delay: float) -> bytes:
    """Return a packet that says for each of ``ssrcs`` that the reference time came ``delay`` seconds ago."""
    since = max(1, int(delay * 65536))
    blocks = b"".join(struct.pack("!III", ssrc, reference_time, since) for ssrc in ssrcs)
    count = len(blocks) // 12
    header = struct.pack("!BBHI", 0x80, _XR, 2 + 3 * count, int.from_bytes(blocks[:4], "big"))
    return header + struct.pack("!BBH", _DELAY, 0, 3 * count) + blocks


def _split(data: bytes, kind_at: int = 1) -> Iterator[tuple[int, bytes]]:
    """Yield kind and content of what follows each other with a length in words less one, as RTCP packets and blocks."""
    while len(data) >= 4:
        length = 4 * (int.from_bytes(data[2:4], "big") + 1)
        if length > len(data):
            return
        yield data[kind_at], data[:length]
        data = data[length:]
