"""A frame number burnt into the picture as black and white blocks, readable after lossy compression.

Two rows of 20 blocks along the upper edge: 12 bits of frame number and 8 bits of CRC, most significant first; the lower
row is the upper one inverted. A bit is read from the difference of the two rows, so brightness does not matter, and a
picture without a code, or a damaged one, yields nothing rather than a wrong number.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt

Luma: TypeAlias = npt.NDArray[np.uint8]

NUMBER_BITS: Final = 12
CRC_BITS: Final = 8
BITS: Final = NUMBER_BITS + CRC_BITS
ROW: Final = 24
"""Height of one row of blocks in pixels."""
_DARK, _BRIGHT = 40, 215
_CONTRAST = 60


def draw(luma: Luma, number: int) -> None:
    """Burn ``number`` (0 to 4095) into the upper 48 rows of ``luma`` (height × width), in place."""
    if not 0 <= number < 1 << NUMBER_BITS:
        raise ValueError(f"frame number {number} does not fit into {NUMBER_BITS} bits")
    size = luma.shape[1] // BITS
    word = number << CRC_BITS | _crc(number)
    for index in range(BITS):
        bit = word >> (BITS - 1 - index) & 1
        columns = slice(index * size, (index + 1) * size)
        luma[:ROW, columns] = _BRIGHT if bit else _DARK
        luma[ROW : 2 * ROW, columns] = _DARK if bit else _BRIGHT


def read(luma: Luma) -> int | None:
    """Return the frame number burnt into ``luma``, or None if there is none that can be trusted."""
    size = luma.shape[1] // BITS
    margin = size // 4
    word = 0
    for index in range(BITS):
        columns = slice(index * size + margin, (index + 1) * size - margin)
        upper = float(luma[ROW // 4 : ROW - ROW // 4, columns].mean())
        lower = float(luma[ROW + ROW // 4 : 2 * ROW - ROW // 4, columns].mean())
        if abs(upper - lower) < _CONTRAST:
            return None
        word = word << 1 | (upper > lower)
    number = word >> CRC_BITS
    return number if word & (1 << CRC_BITS) - 1 == _crc(number) else None


def luma_of(frame: Any) -> Luma:
    """Return the brightness plane of a decoded ``av.VideoFrame`` in a planar YUV format, without copying."""
    plane = frame.planes[0]
    rows = np.frombuffer(plane, np.uint8).reshape(-1, plane.line_size)
    return rows[: frame.height, : frame.width]


def _crc(number: int) -> int:
    """CRC-8 with polynomial 0x07 over the number as two bytes; starts at 0xA5 so that no flat picture passes."""
    crc = 0xA5
    for byte in number.to_bytes(2, "big"):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
