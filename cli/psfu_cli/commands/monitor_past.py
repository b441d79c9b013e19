"""What ``psfu monitor`` shows instead of what is now: a history, or an exam that is made up."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.quality import Frame, only_room
from proctor_sfu.errors import RefusedError
from proctor_sfu.text import safe_text
from psfu_cli import history
from psfu_cli.options import Cli

if TYPE_CHECKING:
    from psfu_tui.demo import DemoFeed
    from psfu_tui.plain import Glimpse, Selection


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """A history to show; times are Unix times."""

    path: Path
    begin: float | None
    """None: all there is, with events of before its first frame."""
    at: float | None

    def frames(self, room: str | None, every: float = 1.0, *, stream: bool = True) -> Iterator[Frame]:
        """Yield the frames from a time on, or the one of it; without one that is the last."""
        from proctor_sfu.quality.archive import Archive

        with Archive(self.path) as archive:
            if stream:
                begin = self.begin if self.at is None else self.at
                found = archive.frames(begin, step=max(1, round(every)))
            else:
                only = archive.frame_at(math.inf if self.at is None else self.at)
                found = iter([only] if only is not None else [])
            for recorded in found:
                yield recorded.frame if room is None else only_room(recorded.frame, room)

    def glimpses(self, selection: Selection, room: str | None, every: float, *, stream: bool) -> Iterator[Glimpse]:
        """Yield records from a time on, or those of it; events are all that happened until then."""
        from psfu_tui.plain import OF_FRAMES

        if selection.mode in OF_FRAMES:
            return map(selection.of_frame, self.frames(room, every, stream=stream))
        if selection.mode == "recordings":
            raise RefusedError("usage", "a history does not tell of recordings; psfu recordings list does")
        return iter([self._events(selection, room)])

    def _events(self, selection: Selection, room: str | None) -> Glimpse:
        from proctor_sfu.quality.archive import Archive
        from psfu_tui.replay import recorded_happening

        with Archive(self.path) as archive:
            end = archive.end if self.at is None else self.at
            found = archive.events(self.begin, end, room=room, damaged=True)
            return selection.of_happenings(timestamp(end or 0.0), map(recorded_happening, found))


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """An exam that is made up."""

    feed: DemoFeed

    def frames(self, room: str | None, every: float = 1.0, *, stream: bool = True) -> Iterator[Frame]:
        """Yield its frames as they come, or the first one; it has only its room."""
        return itertools.islice(self.feed.frames(every), None if stream else 1)

    def glimpses(self, selection: Selection, room: str | None, every: float, *, stream: bool) -> Iterator[Glimpse]:
        """Yield its records as they come, or the first ones; events are all that happened until then."""
        from psfu_tui.plain import OF_FRAMES

        if selection.mode in OF_FRAMES:
            return map(selection.of_frame, self.frames(room, every, stream=stream))
        if selection.mode == "recordings":
            raise RefusedError("usage", "nothing is recorded of an exam that is made up")
        events = self.feed.events()
        return iter([selection.of_happenings(events[-1].at if events else timestamp(time.time()), events)])


def made_up(room: str | None, replay: Path | None, last: float | None, at: str | None) -> Demo:
    """Return a demo from now on; raises `RefusedError`."""
    from psfu_tui.demo import ROOMS, DemoFeed

    if replay is not None or last is not None or at is not None:
        raise RefusedError("usage", "--demo shows neither --replay nor --last, and has no --at")
    if room is not None and room not in ROOMS:
        raise RefusedError("not_found", f'room "{safe_text(room, 64)}" not found (rooms: {", ".join(ROOMS)})')
    return Demo(feed=DemoFeed(time.time(), room))


def past(cli: Cli, replay: Path | None, last: float | None, at: str | None) -> Past | None:
    """Return the history to show, None for what is now; raises `RefusedError` and `ArchiveError`."""
    if replay is None and last is None:
        if at is not None:
            raise RefusedError("usage", "--at is for --replay and --last")
        return None
    from proctor_sfu.quality.archive import Archive
    from psfu_tui.player import position

    path = replay or history.of_daemon(cli)
    with Archive(path) as archive:
        if archive.begin is None or archive.end is None:
            raise RefusedError("not_found", f"{path}: nothing was recorded yet")
        begin = None if last is None else max(archive.begin, archive.end - last)
        first = archive.begin if begin is None else begin
        return Past(path=path, begin=begin, at=None if at is None else position(at, first, archive.end))
