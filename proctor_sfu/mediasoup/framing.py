"""Cuts the byte stream from a worker into messages; no I/O.

A frame is a little-endian 32-bit length and that many bytes of FlatBuffers. A length no worker sends means the stream
is out of step for good, so it is an error and never skipped.
"""

from __future__ import annotations

import struct
from typing import Final

from proctor_sfu.errors import ChannelError

MAX_MESSAGE: Final = 8_388_604
"""Bytes; the worker's own limit for a message in either direction."""

_length = struct.Struct("<I").unpack_from


class Framer:
    """Collects bytes; `feed` returns the messages completed by them."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> tuple[bytes, list[int]]:
        """Return ``(buffer, positions)``: each position is where a complete message (behind its length) starts.

        Raises `ChannelError` when a length is zero or beyond `MAX_MESSAGE`.
        """
        buffer = self._rest + data if self._rest else data
        positions: list[int] = []
        at, end = 0, len(buffer)
        while end - at >= 4:
            size = _length(buffer, at)[0]
            if not 8 <= size <= MAX_MESSAGE:
                raise ChannelError(f"a message of {size} bytes is announced; the limit is {MAX_MESSAGE}")
            if end - at - 4 < size:
                break
            positions.append(at + 4)
            at += 4 + size
        self._rest = buffer[at:]
        return buffer, positions
