"""A number burnt into the picture as black and white blocks, readable after lossy compression.

Two rows of 20 blocks along the upper edge: 12 bits of number and 8 bits of CRC, most significant first; the lower row
is the upper one inverted. A bit is read from the difference of the two rows, so brightness does not matter, and a
picture without a code, or a damaged one, yields nothing rather than a wrong number.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

NUMBER_BITS: Final = 12
CRC_BITS: Final = 8
BITS: Final = NUMBER_BITS + CRC_BITS
ROW: Final = 24
"""Height of one row of blocks in pixels."""
_DARK, _BRIGHT = b"\x28", b"\xd7"
_CONTRAST = 60
_LINES = range(ROW // 4, ROW - ROW // 4, 2)
"""Lines of a row of blocks that are looked at: neither edge, and every other one is enough."""


class Luma(NamedTuple):
    """The brightness plane of a picture."""

    data: bytearray | memoryview
    width: int
    height: int
    stride: int
    """Bytes from one line to the next."""


def blank(width: int, height: int, brightness: int = 128) -> Luma:
    """Return an evenly grey plane."""
    return Luma(bytearray([brightness]) * (width * height), width, height, width)


def luma_of(frame: Any) -> Luma:
    """Return the brightness plane of a decoded ``av.VideoFrame`` in a planar YUV format, without copying."""
    plane = frame.planes[0]
    return Luma(memoryview(plane), frame.width, frame.height, plane.line_size)


def draw(luma: Luma, number: int) -> None:
    """Burn ``number`` (0 to 4095) into the upper 48 lines of ``luma``, in place."""
    if not 0 <= number < 1 << NUMBER_BITS:
        raise ValueError(f"number {number} does not fit into {NUMBER_BITS} bits")
    size = luma.width // BITS
    word = number << CRC_BITS | _crc(number)
    bits = [word >> (BITS - 1 - index) & 1 for index in range(BITS)]
    upper = b"".join((_BRIGHT if bit else _DARK) * size for bit in bits)
    lower = b"".join((_DARK if bit else _BRIGHT) * size for bit in bits)
    for line in range(2 * ROW):
        start = line * luma.stride
        luma.data[start : start + BITS * size] = upper if line < ROW else lower


def read(luma: Luma) -> int | None:
    """Return the number burnt into ``luma``, or None if there is none that can be trusted."""
    size = luma.width // BITS
    margin = size // 4
    if luma.height < 2 * ROW or size - 2 * margin < 1:
        return None
    upper = [_line(luma, line) for line in _LINES]
    lower = [_line(luma, ROW + line) for line in _LINES]
    contrast = _CONTRAST * len(_LINES) * (size - 2 * margin)
    word = 0
    for index in range(BITS):
        block = slice(index * size + margin, (index + 1) * size - margin)
        difference = sum(sum(line[block]) for line in upper) - sum(sum(line[block]) for line in lower)
        if abs(difference) < contrast:
            return None
        word = word << 1 | (difference > 0)
    number = word >> CRC_BITS
    return number if word & (1 << CRC_BITS) - 1 == _crc(number) else None


def _line(luma: Luma, line: int) -> bytes:
    start = line * luma.stride
    return bytes(luma.data[start : start + luma.width])


def _crc(number: int) -> int:
    """CRC-8 with polynomial 0x07 over the number as two bytes; starts at 0xA5 so that no flat picture passes."""
    crc = 0xA5
    for byte in number.to_bytes(2, "big"):
        crc ^= byte
        for _ in range(8):
            crc = (crc << 1 ^ 0x07 if crc & 0x80 else crc << 1) & 0xFF
    return crc
