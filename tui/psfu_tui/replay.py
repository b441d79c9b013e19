"""A feed of what was: reads an archive of the daemon's history as if it happened now, or faster, or again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.events import DAMAGED, Event
from proctor_sfu.control.api.quality import Frame, only_room
from proctor_sfu.errors import ArchiveError
from proctor_sfu.quality.archive import Archive, Recorded, RecordedEvent
from psfu_tui.happenings import REMEMBERED, Happening
from psfu_tui.links import Link, Mark, Progress, Sink
from psfu_tui.player import Player
from psfu_tui.sentences import happening

PAST: Final = 120
"""Seconds before a position that are read for the plots when it was jumped to."""

EVENTS_BACK: Final = 4 * 3600
"""Seconds before a position whose events are shown."""

SHORTEST: Final = 0.1
"""Seconds between two looks at the archive; at high speeds frames are left out."""


class ReplayFeed:
    """Plays from ``begin`` to ``end`` (Unix times; None: all there is). Its commands may be given from any thread."""

    def __init__(
        self, path: Path, *, room: str | None = None, begin: float | None = None, at: float | None = None,
        speed: float = 1.0, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._path = path
        self._room = room
        self._clock = clock
        self._changed = threading.Condition()
        self._commands = 0
        self._stopped = False
        self._marks: tuple[Mark, ...] = ()
        self._unread = False
        """It was told that events cannot be read, and they still cannot."""
        with Archive(path) as archive:
            if archive.begin is None or archive.end is None:
                raise ArchiveError(f"{path}: nothing was recorded yet")
            first = archive.begin if begin is None else max(archive.begin, begin)
            self.player = Player(first, archive.end, at=at, speed=speed, now=clock())

    def start(self, sink: Sink) -> None:
        """Begin to play."""
        threading.Thread(target=self._run, args=(sink,), name="psfu-replay", daemon=True).start()

    def stop(self) -> None:
        """Play no more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    # Commands.

    def toggle(self) -> None:
        """Stand still, or go on."""
        self._command(lambda now: self.player.toggle(now))

    def seek(self, position: float) -> None:
        """Go to a Unix time."""
        self._command(lambda now: self.player.seek(position, now))

    def move(self, seconds: float) -> None:
        """Go forward or back."""
        self._command(lambda now: self.player.move(seconds, now))

    def faster(self, steps: int) -> None:
        """Play faster or slower."""
        self._command(lambda now: self.player.faster(steps, now))

    def _command(self, change: Callable[[float], None]) -> None:
        with self._changed:
            change(self._clock())
            self._commands += 1
            self._changed.notify()

    # The thread.

    def _run(self, sink: Sink) -> None:
        try:
            while not self._stopped:
                try:
                    with Archive(self._path) as archive:
                        self._play(archive, sink)
                except ArchiveError as error:
                    self._stand(sink, f"{self._path.name} is damaged here: {error.__cause__ or error}")
        except Exception as error:
            sink.failed(error)

    def _stand(self, sink: Sink, why: str) -> None:
        """Stand still where nothing can be read, until somebody winds to where it can."""
        with self._changed:
            self.player.halt(self._clock())
            commands = self._commands
        sink.link(Link(state="replay", text=why))
        sink.playing(self._progress(self._clock()))
        with self._changed:
            self._changed.wait_for(lambda: self._stopped or self._commands != commands)

    def _progress(self, now: float) -> Progress:
        player = self.player
        at = player.at(now)
        return Progress(
            begin=player.begin, end=player.end, at=at, speed=player.speed,
            playing=player.playing and at < player.end, marks=self._marks,
        )  # fmt: skip

    def _play(self, archive: Archive, sink: Sink) -> None:
        sink.link(Link(state="replay", text=self._path.name))
        self._marks = tuple(self._bad(archive))
        last: Recorded | None = None
        while True:
            with self._changed:
                if self._stopped:
                    return
                commands, now = self._commands, self._clock()
                progress = self._progress(now)
            recorded = archive.frame_at(progress.at)
            if recorded is not None and (last is None or recorded.number != last.number):
                self._tell(archive, sink, recorded, last)
                last = recorded
            sink.playing(progress)
            with self._changed:
                if commands == self._commands and not self._stopped:
                    # Nothing changes by itself while it stands still.
                    self._changed.wait(max(SHORTEST, 1 / progress.speed) if progress.playing else None)

    def _tell(self, archive: Archive, sink: Sink, recorded: Recorded, last: Recorded | None) -> None:
        """Tell a frame and what happened until then; after a jump also what was before."""
        frame = self._of_room(recorded.frame)
        if last is not None and 0 < recorded.at - last.at <= 3 * max(1.0, self.player.speed):
            sink.happened(self._events(archive, last.at, recorded.at), anew=False)
            sink.frame(frame)
            return
        self._unread = False
        sink.happened(self._events(archive, recorded.at - EVENTS_BACK, recorded.at)[-REMEMBERED:], anew=True)
        sink.frame(frame)
        commands = self._commands
        past = []
        try:
            for each in archive.frames(recorded.at - PAST, recorded.at):
                if commands != self._commands or self._stopped:
                    return  # Somebody is winding; the plots can wait.
                past.append(self._of_room(each.frame))
        except ArchiveError:
            return  # Plots of what is behind a damage begin here.
        sink.past(past)

    def _events(self, archive: Archive, begin: float, end: float) -> list[Happening]:
        """Return what happened in a time. Where no event at all can be read that is told, once in a row."""
        try:
            found = archive.events(begin, end, room=self._room, damaged=True)
        except ArchiveError as error:
            found = [] if self._unread else [_unreadable(end, error)]
            self._unread = True
        else:
            self._unread = False
        return [recorded_happening(each) for each in found if each.at > begin]

    def _bad(self, archive: Archive) -> list[Mark]:
        """Return when something bad happened, as far as that can be read."""
        try:
            found = archive.events(self.player.begin, self.player.end, room=self._room, damaged=True)
        except ArchiveError:
            return []
        return [Mark(at=each.at, level="bad") for each in found if recorded_happening(each).level == "bad"]

    def _of_room(self, frame: Frame) -> Frame:
        return frame if self._room is None else only_room(frame, self._room)


def recorded_happening(event: RecordedEvent) -> Happening:
    """Return an event of an archive in words."""
    return happening(
        Event(
            number=0, at=timestamp(event.at), kind=event.kind, room=event.room, peer=event.peer, details=event.details
        )
    )


def _unreadable(at: float, error: ArchiveError) -> RecordedEvent:
    """Return what stands for the events until a time."""
    return RecordedEvent(at=at, kind=DAMAGED, room=None, peer=None, details={"damage": str(error.__cause__ or error)})
