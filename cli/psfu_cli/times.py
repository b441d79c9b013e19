"""Times on the command line: lengths such as ``90m``, and moments such as ``14:30``, ``+2h`` or RFC 3339."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

import typer

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
_LENGTH: Final = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+", re.ASCII)
_PART: Final = re.compile(r"(\d+(?:\.\d+)?)([smhd])", re.ASCII)
_CLOCK: Final = re.compile(r"\d\d?:\d\d", re.ASCII)


def seconds(text: str) -> float:
    """Return a length in seconds: ``45s``, ``90m``, ``1h30m``, ``7d``."""
    if not _LENGTH.fullmatch(text):
        raise typer.BadParameter(f"{text!r}: expected a length such as 45s, 90m, 1h30m or 7d")
    return sum(float(count) * _UNITS[unit] for count, unit in _PART.findall(text))


def moment(text: str, now: datetime | None = None) -> float:
    """Return a moment in seconds of Unix time.

    ``+2h`` from now, ``-90m`` before now, ``14:30`` (the next one, here), or RFC 3339; without an offset: local time.
    """
    now = (now or datetime.now()).astimezone()
    if text[:1] in ("+", "-") and _LENGTH.fullmatch(text[1:]):
        return now.timestamp() + (1 if text[0] == "+" else -1) * seconds(text[1:])
    try:
        if _CLOCK.fullmatch(text):
            hour, minute = map(int, text.split(":"))
            found = now.replace(hour=hour, minute=minute, second=0, microsecond=0)
            return (found if found > now else found + timedelta(days=1)).timestamp()
        return datetime.fromisoformat(text).timestamp()
    except ValueError:
        raise typer.BadParameter(f"{text!r}: expected a time such as +2h, 14:30 or 2026-06-01T09:00+02:00") from None
