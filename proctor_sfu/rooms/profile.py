"""What was said of a room when it was made, and who is expected in it; both outlive the daemon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from proctor_sfu.errors import RefusedError
from proctor_sfu.rooms.codecs import VideoCodec
from proctor_sfu.rooms.names import checked_id, clean_name
from proctor_sfu.rooms.roles import CANDIDATE_SOURCES, Role, Source


class SecondLogin(StrEnum):
    """What happens when somebody logs in as a peer that is connected already."""

    REFUSE = "refuse"
    """The first one stays."""
    TAKEOVER = "takeover"
    """The first one is sent away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart:
    """What is recorded of a candidate for whom something else was said than for the room."""

    sources: tuple[Source, ...]
    by: Mapping[str, Any]
    """Who said so, as in the audit."""
    retain_days: int | None = None
    """As in `Profile`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A room as it was asked for. Times are seconds of Unix time."""

    id: str
    open: bool
    """Anybody who reaches the server can join without a token."""
    created_at: float
    max_candidates: int
    not_before: float | None = None
    """Nobody can join before."""
    expires: float | None = None
    """The room is closed then."""
    required: tuple[Source, ...] = ()
    """What every candidate has to send."""
    second_login: SecondLogin = SecondLogin.REFUSE
    record: tuple[Source, ...] = ()
    """What is recorded of every candidate."""
    record_by: Mapping[str, Any] | None = None
    """Who said so, as in the audit."""
    record_apart: Mapping[str, Apart] = field(default_factory=dict)
    """Candidate -> what is recorded of it instead."""
    retain_days: int | None = None
    """Days after which recordings may be deleted, 0: never; None: as the settings say."""
    codec: VideoCodec = VideoCodec.VP8
    """What its pictures are encoded as, by all who can."""

    def checked(self) -> Profile:
        """Return itself; raises `RefusedError` ``bad_data``."""
        checked_id("a room id", self.id)
        for source in (*self.required, *self.record):
            if source not in CANDIDATE_SOURCES:
                raise RefusedError("bad_data", f"a candidate never sends {source}")
        if self.expires is not None and self.expires <= max(self.created_at, self.not_before or 0.0):
            raise RefusedError("bad_data", "the room would expire before anybody can join")
        return self

    def require_open_at(self, now: float) -> None:
        """Raise `RefusedError` unless the room can be joined at ``now``."""
        if self.not_before is not None and now < self.not_before:
            raise RefusedError("room_not_open_yet", f"room {self.id} opens in {_words(self.not_before - now)}")
        if self.expires is not None and now >= self.expires:
            raise RefusedError("room_expired", f"room {self.id} has ended")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Somebody on the roster."""

    id: str
    name: str
    role: Role = Role.CANDIDATE


def checked_roster(roster: tuple[Expected, ...]) -> tuple[Expected, ...]:
    """Return a roster with names made safe to show; raises `RefusedError` ``bad_data``."""
    seen: set[str] = set()
    for each in roster:
        checked_id("an id on the roster", each.id)
        if each.id in seen:
            raise RefusedError("bad_data", f"{each.id} is on the roster twice")
        seen.add(each.id)
    return tuple(Expected(id=each.id, name=clean_name(each.name, each.id), role=each.role) for each in roster)


def _words(seconds: float) -> str:
    if seconds < 120:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} minutes" if seconds < 7200 else f"{round(seconds / 3600)} hours"
