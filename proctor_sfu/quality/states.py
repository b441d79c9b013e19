"""States of a connection, as the monitor, the metrics and a report count them; pure."""

from __future__ import annotations

from typing import Literal, TypeAlias

State: TypeAlias = Literal["expected", "joining", "live", "degraded", "reconnecting", "lost", "left"]


def interrupts(before: str | None, state: str) -> bool:
    """Whether a connection is interrupted by coming into ``state``.

    Where there is hardly time to come back, or none, being lost is the first that is known of it.
    """
    return state == "reconnecting" or (state == "lost" and before in ("live", "degraded"))
