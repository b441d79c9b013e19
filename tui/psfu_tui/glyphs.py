"""The few signs that are not letters, and how everything looks on a terminal that has only ASCII."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

LEVEL: Final = {"ok": "●", "warn": "▲", "bad": "✖", "none": "○"}
"""Level -> sign, so that colour is never the only difference."""

_DOTS: Final = ((0x40, 0x04, 0x02, 0x01), (0x80, 0x20, 0x10, 0x08))
"""Of the left and the right half of a sign of braille, from below."""

_BRAILLE: Final = 0x2800
_ASCII: Final = str.maketrans(
    {
        "●": ".", "▲": "!", "✖": "X", "○": "-", "–": "-", "—": "-", "·": "|", "…": "~", "×": "x", "✓": "v",
        "▼": "v", "△": "^", "▽": "v", "▶": ">", "‹": "<", "›": ">", "→": ">", "←": "<", "↑": "^", "↓": "v", "▌": "*",
        "│": "|", "─": "-", "┌": "+", "┐": "+", "└": "+", "┘": "+", "├": "+", "┤": "+", "┬": "+",
        "┴": "+", "┼": "+", "╭": "+", "╮": "+", "╰": "+", "╯": "+", "━": "=", "╸": "=", "╺": "=", "▁": "_", "▂": ".",
        "▃": ":", "▄": "-", "▅": "=", "▆": "+", "▇": "*", "█": "#", "▊": "|", "▎": "|", "▔": "-", "⠿": "#",
    }
)  # fmt: skip


def _flat(dots: int) -> str:
    """Return a letter with ink in the same half."""
    upper, lower = dots & 0b00011011, dots & 0b11100100
    return ":" if upper and lower else "'" if upper else "." if lower else " "


_ASCII.update({_BRAILLE + dots: _flat(dots) for dots in range(256)})


def _bare(letter: str) -> str:
    if unicodedata.east_asian_width(letter) in "FW":
        return letter
    bare = unicodedata.normalize("NFKD", letter)[:1]
    return bare if bare.isascii() and bare.isprintable() else letter


def to_ascii(text: str) -> str:
    """Return text with a stand-in of the same width for whatever is not ASCII."""
    if text.isascii():
        return text
    text = text.translate(_ASCII)
    if text.isascii():
        return text
    # Letters without their accents; what is left of a name is easier to know than question marks.
    text = "".join(map(_bare, text))
    if text.isascii():
        return text
    from rich.cells import cell_len  # Only names beyond ASCII need it.

    return "".join(each if each.isascii() else "?" * cell_len(each) for each in text)


_BARS: Final = " ▁▂▃▄▅▆▇█"


def bars(values: Sequence[float | None], top: float) -> str:
    """Return numbers from 0 to ``top`` as bars, one to a sign; the smallest is still one, a hole is none."""
    last = len(_BARS) - 1
    return "".join(
        " " if value is None else _BARS[max(1, min(last, int(value / top * last + 0.5)))] for value in values
    )


def line(values: Sequence[float | None], top: float, height: int) -> list[str]:
    """Return numbers from 0 to ``top`` as lines of braille, from above: two numbers and four levels to a sign.

    A step is drawn as a line between both levels, a number that is not known as a hole.
    """
    last = 4 * height - 1
    signs = [[0] * ((len(values) + 1) // 2) for _ in range(height)]
    before: int | None = None
    for place, value in enumerate(values):
        level = None if value is None else 0 if top <= 0 else max(0, min(last, int(value / top * last + 0.5)))
        if level is not None:
            low, high = (level, level) if before is None else (min(level, before), max(level, before))
            for dot in range(low + (low != level), high + (high == level)):
                signs[height - 1 - dot // 4][place // 2] |= _DOTS[place % 2][dot % 4]
        before = level
    return ["".join(chr(_BRAILLE + dots) if dots else " " for dots in row) for row in signs]
