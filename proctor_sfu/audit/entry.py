"""One audit record and its line of JSON; no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal, TypeAlias

from proctor_sfu.clock import timestamp

Outcome: TypeAlias = Literal["done", "refused"]


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who acted: a peer of the room, a process at the control socket, or (all None) the daemon itself."""

    peer: str | None = None
    role: str | None = None
    address: str | None = None
    uid: int | None = None
    """User of the process, as the kernel knows it (``SO_PEERCRED``)."""
    pid: int | None = None

    def plain(self) -> dict[str, Any]:
        """Return what is known of it, with its ``kind``: peer, process or daemon."""
        kind = "peer" if self.peer is not None else "process" if self.uid is not None else "daemon"
        known = {name: value for name in By.__slots__ if (value := getattr(self, name)) is not None}
        return {"kind": kind, **known}


DAEMON: Final = By()


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One record."""

    number: int
    """Counts on over restarts, so that a missing record shows."""
    at: float
    """Seconds of Unix time."""
    action: str
    outcome: Outcome
    by: By
    room: str | None
    target: str | None
    """Whom it was done to: a peer id."""
    details: Mapping[str, Any]

    def line(self) -> bytes:
        """Return it as one line of JSON with its end; absent members are left out."""
        record = {
            "number": self.number,
            "at": timestamp(self.at),
            "action": self.action,
            "outcome": self.outcome,
            "room": self.room,
            "by": self.by.plain(),
            "target": self.target,
            **self.details,
        }
        kept = {name: value for name, value in record.items() if value is not None}
        return json.dumps(kept, separators=(",", ":")).encode() + b"\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which records somebody asks for; None: all."""

    since: float | None = None
    """Seconds of Unix time."""
    room: str | None = None
    peer: str | None = None
    """Acted or was acted upon."""

    def matches(self, record: Mapping[str, Any]) -> bool:
        """Return whether a parsed line is wanted."""
        if self.room is not None and record.get("room") != self.room:
            return False
        by = record.get("by")
        actor = by.get("peer") if isinstance(by, Mapping) else None
        if self.peer is not None and self.peer not in (actor, record.get("target")):
            return False
        return self.since is None or _seconds(record.get("at")) >= self.since


def parse(line: bytes) -> dict[str, Any] | None:
    """Return a line as a record, None for one that a crash cut short."""
    try:
        record = json.loads(line)
    except ValueError:
        return None
    return record if isinstance(record, dict) and isinstance(record.get("number"), int) else None


def _seconds(stamp: object) -> float:
    try:
        return datetime.fromisoformat(str(stamp)).timestamp()
    except ValueError:
        return 0.0
