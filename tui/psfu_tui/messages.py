"""What screens ask of the application, and what the feed tells it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from textual.message import Message

from proctor_sfu.control.api.quality import Frame
from psfu_tui.columns import Key
from psfu_tui.happenings import Happening
from psfu_tui.links import Link, Progress

Deed: TypeAlias = Literal["kick", "close", "record"]
"""What can be done to an exam from here."""


class FrameArrived(Message):
    """The feed has a frame."""

    def __init__(self, frame: Frame) -> None:
        super().__init__()
        self.frame = frame

    def can_replace(self, message: Message) -> bool:
        """Only the newest counts."""
        return isinstance(message, FrameArrived)


class HappeningsArrived(Message):
    """The feed has events."""

    def __init__(self, happenings: Sequence[Happening], anew: bool) -> None:
        super().__init__()
        self.happenings = happenings
        self.anew = anew


class PastArrived(Message):
    """The feed has the frames before the newest one."""

    def __init__(self, frames: Sequence[Frame]) -> None:
        super().__init__()
        self.frames = frames


class ProgressMade(Message):
    """A replay went on."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress

    def can_replace(self, message: Message) -> bool:
        """Only where it is now counts."""
        return isinstance(message, ProgressMade)


class LinkChanged(Message):
    """The feed is better or worse off than before."""

    def __init__(self, link: Link) -> None:
        super().__init__()
        self.link = link


class FeedFailed(Message):
    """The feed came to an end nobody foresaw."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error


class CandidateAsked(Message):
    """Show one candidate."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self.key = key


class RoomAsked(Message):
    """Show the candidates of a room."""

    def __init__(self, room: str) -> None:
        super().__init__()
        self.room = room


class EventsAsked(Message):
    """Show what happened to a room, or to a peer of it."""

    def __init__(self, room: str, peer: str | None = None) -> None:
        super().__init__()
        self.room = room
        self.peer = peer


class ReturnAsked(Message):
    """Show again what was in sight before."""

    def __init__(self, mode: str) -> None:
        super().__init__()
        self.mode = mode


class RecordingsAsked(Message):
    """Ask the daemon for its recordings."""


class DeedAsked(Message):
    """Do something to a room, or to a peer of it."""

    def __init__(self, deed: Deed, room: str, peer: str | None = None) -> None:
        super().__init__()
        self.deed = deed
        self.room = room
        self.peer = peer
