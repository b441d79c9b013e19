"""Transport-wide congestion control, the receiver's side: which packet of a whole transport came when. No I/O.

The server estimates from it what it may send. Source: draft-holmer-rmcat-transport-wide-cc-extensions-01.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Final

URI: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
"""Of the header extension that carries the sequence number."""
MOST: Final = 400
"""Packets told of in one feedback, so that it fits into a datagram."""
_TICK: Final = 0.000_25
"""Seconds, unit of the times between two packets."""
_REFERENCE: Final = 0.064
"""Seconds, unit of the time the first is counted from."""
_LOST, _SMALL, _LARGE = 0, 1, 2
"""Did not come; came, and the time since the one before fits into a byte; came, and takes two."""


class Arrivals:
    """Collects packets and tells of them, from one SSRC and, as is usual, for any one of the streams."""

    def __init__(self, ssrc: int) -> None:
        self._ssrc = ssrc
        self._next: int | None = None
        """Sequence number, without wrapping, that the next feedback begins with."""
        self._newest = 0
        self._came: dict[int, float] = {}
        self._count = 0

    def take(self, sequence: int, now: float) -> None:
        """A packet with this number came; one that was told of as lost is told of no more."""
        if self._next is None:
            self._next = self._newest = sequence
        index = self._newest + (sequence - self._newest + 0x8000 & 0xFFFF) - 0x8000
        if index >= self._next:
            self._came.setdefault(index, now)
            self._newest = max(self._newest, index)

    def feedback(self, media_ssrc: int) -> list[bytes]:
        """Return the RTCP packets that tell of everything since the last time."""
        packets = []
        while self._came and self._next is not None:
            end = min(self._newest + 1, self._next + MOST)
            times = [self._came.pop(index, None) for index in range(self._next, end)]
            packets.append(self._packet(media_ssrc, self._next, times))
            self._next = end
        return packets

    def _packet(self, media_ssrc: int, base: int, times: list[float | None]) -> bytes:
        first = next((time for time in times if time is not None), 0.0)
        reference = int(first / _REFERENCE)
        deltas = list(_deltas(times, reference * _REFERENCE))
        symbols = [_LOST if delta is None else _SMALL if 0 <= delta <= 255 else _LARGE for delta in deltas]
        body = struct.pack(
            "!IIHHI",
            self._ssrc,
            media_ssrc,
            base & 0xFFFF,
            len(times),
            (reference & 0xFFFFFF) << 8 | self._count & 0xFF,
        )
        self._count += 1
        body += b"".join(chunk.to_bytes(2, "big") for chunk in _chunks(symbols))
        for delta in deltas:
            if delta is not None:
                body += struct.pack("!B" if 0 <= delta <= 255 else "!h", delta)
        padding = -len(body) % 4
        body += bytes(padding - 1) + bytes([padding]) if padding else b""
        return struct.pack("!BBH", 0x8F | (0x20 if padding else 0), 205, len(body) // 4) + body


def _deltas(times: Iterable[float | None], reference: float) -> Iterator[int | None]:
    """Yield ticks since the packet before, the first since the reference; rounding errors do not add up."""
    before = 0
    for time in times:
        if time is None:
            yield None
            continue
        ticks = round((time - reference) / _TICK)
        delta = max(-0x8000, min(0x7FFF, ticks - before))
        before += delta
        yield delta


def _chunks(symbols: list[int]) -> Iterator[int]:
    """Yield what became of the packets: runs of the same as a length, everything else seven at a time."""
    pending: list[int] = []
    for symbol, run in groupby(symbols):
        length = len(list(run))
        if pending:
            fill = min(7 - len(pending), length)
            pending += [symbol] * fill
            length -= fill
            if len(pending) == 7:
                yield _vector(pending)
                pending = []
        if length >= 7:
            yield symbol << 13 | length
        else:
            pending += [symbol] * length
    if pending:
        yield _vector(pending)


def _vector(symbols: list[int]) -> int:
    chunk = 0xC000
    for index, symbol in enumerate(symbols):
        chunk |= symbol << 12 - 2 * index
    return chunk
