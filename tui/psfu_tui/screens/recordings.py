"""What is recorded, what was, and how long the disk lasts; asked of the daemon only while one looks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.api.recordings import Disk, Recording
from psfu_tui import cells, figures
from psfu_tui.columns import Key
from psfu_tui.messages import CandidateAsked, RecordingsAsked
from psfu_tui.screens.table import TableScreen
from psfu_tui.tables.recordings import RECORDINGS

EVERY: Final = 2.0
"""Seconds between two questions."""


class RecordingsScreen(TableScreen[Recording]):
    """Opening one shows its candidate."""

    MODE = "recordings"
    TABLE = RECORDINGS

    def on_mount(self) -> None:
        """Begin to ask."""
        super().on_mount()
        self.set_interval(EVERY, self._ask)
        self._ask()

    def _ask(self) -> None:
        if self.is_current:
            self.post_message(RecordingsAsked())

    def records(self, frame: Frame) -> Sequence[Recording]:
        """Return the recordings."""
        return self.model.recordings

    def present(self, record: Recording) -> Recording:
        """Return a recording as it may be shown."""
        return self.model.shown_recording(record)

    def peer_of(self, record: Recording) -> tuple[str, str | None] | None:
        """Return whom it is of."""
        return record.room, record.candidate

    def open(self, key: Key) -> None:
        """Show the candidate."""
        record = self._live.record
        if record is not None:
            self.post_message(CandidateAsked((record.room, record.candidate)))

    def _why_empty(self, count: int) -> str:
        return cells.clean(self.model.refused) or super()._why_empty(count)

    def _limits(self, kept: int, count: int) -> Iterator[tuple[str, str]]:
        *others, last = super()._limits(kept, count)
        yield from others
        if self.model.disk is not None:
            yield from _told(self.model.disk)
        yield last


def _told(disk: Disk) -> Iterator[tuple[str, str]]:
    if disk.trouble:
        yield disk.trouble, "bold $error"
    if disk.refused:
        why = ", ".join(each.code for each in disk.refusals)
        yield f"{disk.refused} not recorded{f' ({why})' if why else ''}", "bold $error"
    left = f", {figures.span(3600 * disk.hours_left)} left" if disk.hours_left is not None else ""
    yield f"{disk.free_bytes / 2**30:.0f} GiB free{left}", "$quiet"
