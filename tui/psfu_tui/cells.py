"""Text cut and padded to cells of a terminal, where East Asian letters and most pictures take two."""

from __future__ import annotations

import re
from typing import Final

from rich.cells import cell_len

from proctor_sfu.text import safe_text

_LONGEST: Final = 400
_VARIATION: Final = re.compile("[\ufe00-\ufe0f]")
"""Selects how a sign is drawn; terminals disagree whether that changes its width."""


def clean(text: str) -> str:
    """Return text that can neither steer the terminal nor move what stands beside it."""
    if text.isascii():
        return text if text.isprintable() else safe_text(text, _LONGEST)
    return _VARIATION.sub("", text if text.isprintable() else safe_text(text, _LONGEST))


def width(text: str) -> int:
    """Return the cells a clean text takes."""
    return len(text) if text.isascii() else cell_len(text)


def fit(text: str, size: int, *, left: bool = True) -> str:
    """Return text in exactly ``size`` cells: padded, or cut with an ellipsis."""
    text = clean(text)
    taken = width(text)
    if taken == size:
        return text
    if taken < size:
        return text + " " * (size - taken) if left else " " * (size - taken) + text
    if size <= 1:
        return "…"[:size]
    cut = text[: size - 1] if text.isascii() else _cut(text, size - 1)
    return f"{cut}…"


def _cut(text: str, size: int) -> str:
    """Return as much of the beginning as fits, filled with a space where a wide sign would stick out."""
    while (taken := cell_len(text)) > size:
        text = text[: min(len(text) - 1, size)]
    return text + " " * (size - taken)
