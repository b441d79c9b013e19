"""Ids and display names from outside: what is allowed, and what is cleaned away."""

from __future__ import annotations

from typing import Final

from proctor_sfu.errors import RefusedError
from proctor_sfu.text import ID, safe_text

MAX_NAME: Final = 80
"""Characters of a display name that are kept."""


def checked_id(what: str, value: str) -> str:
    """Return an id that is a slug; raises `RefusedError` ``bad_data``."""
    if not ID.fullmatch(value):
        raise RefusedError(
            "bad_data", f"{what} must be 1 to 64 letters, digits, '.', '_' or '-' and begin with a letter or digit"
        )
    return value


def clean_name(value: str, fallback: str) -> str:
    """Return a display name that is safe to show, ``fallback`` if nothing is left of it."""
    return safe_text(value, MAX_NAME) or fallback
