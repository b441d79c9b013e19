"""Ids and display names from outside: what is allowed, and what is cleaned away."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from proctor_sfu.errors import RefusedError

ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", re.ASCII)
MAX_NAME: Final = 80
_UNSAFE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def checked_id(what: str, value: str) -> str:
    """Return an id that is a slug; raises `RefusedError` ``bad_data``."""
    if not ID.fullmatch(value):
        raise RefusedError(
            "bad_data", f"{what} must be 1 to 64 letters, digits, '.', '_' or '-' and begin with a letter or digit"
        )
    return value


def safe_text(value: str, limit: int = MAX_NAME) -> str:
    """Return text that cannot steer a terminal or reorder a line: no control, format or unassigned characters."""
    kept = "".join(character for character in value[: 4 * limit] if unicodedata.category(character) not in _UNSAFE)
    return kept.strip()[:limit]
