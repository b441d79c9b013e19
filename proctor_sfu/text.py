"""Text from outside, made safe to log and to show."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
"""Ids of rooms and peers: safe in a path, a file name, a shell."""

_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def safe_text(value: str, limit: int) -> str:
    """Return text that cannot steer a terminal or reorder a line: no control, format or unassigned characters."""
    kept = "".join(character for character in value[: 4 * limit] if unicodedata.category(character) not in _UNSAFE)
    return kept.strip()[:limit]
