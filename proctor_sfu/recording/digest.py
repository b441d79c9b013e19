"""Digest: the running hash of a growing file, the marks that pin it down, and which byte differs if one does.

A mark has the SHA-256 and CRC-32 of everything before it. The hash proves; the CRC, which is linear, tells where a
single byte was changed between two marks, and the hash then confirms it. Nothing here does I/O.
"""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """State of a file at a length."""

    size: int
    sha256: str
    """Hex."""
    crc32: int


class Digest:
    """Takes a file piece by piece."""

    def __init__(self) -> None:
        self.size = 0
        self._sha = hashlib.sha256()
        self._crc = 0

    def update(self, piece: bytes | bytearray | memoryview) -> None:
        """Take the next piece; large ones do not hold the interpreter's lock."""
        self._sha.update(piece)
        self._crc = zlib.crc32(piece, self._crc)
        self.size += len(piece)

    def mark(self) -> Mark:
        """Return the state."""
        return Mark(size=self.size, sha256=self._sha.hexdigest(), crc32=self._crc)

    def copy(self) -> Digest:
        """Return one that goes on from here."""
        other = Digest()
        other.size, other._sha, other._crc = self.size, self._sha.copy(), self._crc
        return other


_POLYNOMIAL: Final = 0xEDB88320


def _table() -> tuple[int, ...]:
    rows = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        rows.append(value)
    return tuple(rows)


_TABLE: Final = _table()
_BY_TOP: Final = tuple(index for _, index in sorted((row >> 24, index) for index, row in enumerate(_TABLE)))
"""Top byte of a row -> its index; every row has another one."""


def changed_byte(before: Digest, block: bytes, mark: Mark) -> int | None:
    """Return the offset in ``block`` of the only byte that differs from what ``mark`` was made of, else None.

    ``before`` is the digest of what precedes the block, and the mark is at its end.
    """
    if before.size + len(block) != mark.size:
        return None
    # Undo the CRC of the difference byte by byte from the end, until it is that of one byte alone.
    difference = zlib.crc32(block, before.mark().crc32) ^ mark.crc32
    for offset in range(len(block) - 1, -1, -1):
        index = _BY_TOP[difference >> 24]
        difference = (difference ^ _TABLE[index]) << 8 & 0xFFFFFFFF | index
        if 0 < difference < 256:
            repaired = bytearray(block)
            repaired[offset] ^= difference
            whole = before.copy()
            whole.update(repaired)
            if whole.mark() == mark:
                return offset
    return None
