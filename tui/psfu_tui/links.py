"""What a feed is, and what it tells: frames, what happened, and how the way to their source is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from proctor_sfu.control.api.events import Event
from proctor_sfu.control.api.quality import Frame, Level
from psfu_tui.happenings import Happening


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How a feed is."""

    state: Literal["connecting", "live", "disconnected", "replay", "demo"]
    text: str = ""
    """Why, or where from; for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment of a replay worth looking at."""

    at: float
    """Unix time."""
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a replay is; times are Unix times."""

    begin: float
    end: float
    at: float
    speed: float
    playing: bool
    marks: tuple[Mark, ...]


class Sink(Protocol):
    """Takes what a feed gets, from any thread, without blocking it."""

    def frame(self, frame: Frame) -> None:
        """Take the newest frame."""

    def happened(self, happenings: Sequence[Happening], *, anew: bool) -> None:
        """Take what happened; ``anew``: it stands for all that was told before."""

    def past(self, frames: Sequence[Frame]) -> None:
        """Take the frames before the newest one, oldest first, instead of those there were."""

    def playing(self, progress: Progress) -> None:
        """Take where a replay is."""

    def link(self, link: Link) -> None:
        """Take what became of the source."""

    def failed(self, error: Exception) -> None:
        """Take an error nobody foresaw; the feed is at its end."""


class Keeper(Protocol):
    """Keeps what a feed gets, from any thread; it never fails, and says what it could not keep."""

    @property
    def problem(self) -> str:
        """Why the last second could not be kept, empty if it was."""

    def frame(self, frame: Frame) -> None:
        """Keep a frame."""

    def event(self, event: Event) -> None:
        """Keep an event, which may be told again."""


class Feed(Protocol):
    """A source of frames and events."""

    def start(self, sink: Sink) -> None:
        """Begin to tell ``sink``."""

    def stop(self) -> None:
        """Tell it nothing more; returns at once."""
