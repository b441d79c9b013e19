"""Numbers as people read them in a table: short, of steady width, and a dash for what is not known."""

from __future__ import annotations

from datetime import datetime
from typing import Final

ABSENT: Final = "–"
"""Not known, which is never zero."""


def whole(value: float | None) -> str:
    """Return a number without decimals."""
    return ABSENT if value is None else f"{value:.0f}"


def tenths(value: float | None) -> str:
    """Return a number with one decimal below 100."""
    if value is None:
        return ABSENT
    return f"{value:.1f}" if value < 99.95 else f"{value:.0f}"


def milliseconds(value: float | None) -> str:
    """Return milliseconds, with one decimal below 10: a round trip within one house is short, and not zero."""
    if value is None:
        return ABSENT
    return f"{value:.1f}" if 0 < value < 9.95 else f"{value:.0f}"


def kilobits(bits: float | None) -> str:
    """Return bits per second as kb/s."""
    if bits is None:
        return ABSENT
    kilo = bits / 1000
    return f"{kilo:.0f}" if kilo >= 9.95 or kilo == 0 else f"{kilo:.1f}"


def megabits(bits: float | None) -> str:
    """Return bits per second as Mb/s."""
    if bits is None:
        return ABSENT
    mega = bits / 1e6
    return f"{mega:.0f}" if mega >= 99.95 or mega == 0 else f"{mega:.1f}" if mega >= 9.95 else f"{mega:.2f}"


def mebibytes(count: float | None) -> str:
    """Return bytes as MiB, with one decimal below 10: what a recording has after its first seconds is not nothing."""
    if count is None:
        return ABSENT
    mebi = count / 2**20
    return f"{mebi:.0f}" if mebi >= 9.95 or mebi == 0 else f"{mebi:.1f}"


def span(seconds: float | None) -> str:
    """Return seconds as 12s, 5m07s, 48m, 3h12m or 4d02h."""
    if seconds is None:
        return ABSENT
    rest = int(seconds)
    if rest < 60:
        return f"{rest}s"
    if rest < 600:
        return f"{rest // 60}m{rest % 60:02}s"
    if rest < 3600:
        return f"{rest // 60}m"
    if rest < 86_400:
        return f"{rest // 3600}h{rest % 3600 // 60:02}m"
    return f"{rest // 86_400}d{rest % 86_400 // 3600:02}h"


def moment(at: str) -> datetime | None:
    """Return an RFC 3339 time, None if it is none."""
    try:
        return datetime.fromisoformat(at)
    except ValueError:
        return None


def clock(at: str | None) -> str:
    """Return the time of day of an RFC 3339 time in the zone of this process."""
    found = None if at is None else moment(at)
    return ABSENT if found is None else found.astimezone().strftime("%H:%M:%S")


def since(at: str | None, now: datetime | None) -> float | None:
    """Return the seconds from an RFC 3339 time until ``now``, never negative."""
    begun = None if at is None else moment(at)
    return None if begun is None or now is None else max(0.0, (now - begun).total_seconds())
