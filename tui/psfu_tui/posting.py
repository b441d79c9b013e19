"""Carries what a feed tells, from its threads, into the application."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.message import Message

from proctor_sfu.control.api.quality import Frame
from psfu_tui.happenings import Happening
from psfu_tui.links import Link, Progress
from psfu_tui.messages import FeedFailed, FrameArrived, HappeningsArrived, LinkChanged, PastArrived, ProgressMade


class Posting:
    """A sink; ``post`` may be called from any thread."""

    def __init__(self, post: Callable[[Message], object]) -> None:
        self._post = post

    def frame(self, frame: Frame) -> None:
        """Take the newest frame."""
        self._post(FrameArrived(frame))

    def past(self, frames: Sequence[Frame]) -> None:
        """Take the frames before the newest one."""
        self._post(PastArrived(frames))

    def happened(self, happenings: Sequence[Happening], *, anew: bool) -> None:
        """Take what happened."""
        self._post(HappeningsArrived(happenings, anew))

    def playing(self, progress: Progress) -> None:
        """Take where a replay is."""
        self._post(ProgressMade(progress))

    def link(self, link: Link) -> None:
        """Take what became of the source."""
        self._post(LinkChanged(link))

    def failed(self, error: Exception) -> None:
        """Take an error nobody foresaw."""
        self._post(FeedFailed(error))
