"""Candidates, worst first: of all rooms, or of one."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from proctor_sfu.control.api import lists
from proctor_sfu.control.api.quality import Candidate, Frame
from psfu_tui import trends
from psfu_tui.columns import Key, Table
from psfu_tui.messages import CandidateAsked, Deed, DeedAsked
from psfu_tui.options import View
from psfu_tui.screens.base import Stage
from psfu_tui.screens.table import TableScreen
from psfu_tui.tables.candidates import CANDIDATES


class CandidatesScreen(TableScreen[Candidate]):
    """Opening one shows everything known of it."""

    MODE = "candidates"
    TABLE = CANDIDATES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("K", "deed('kick')", "Kick…", id="candidate.kick"),
        Binding("R", "deed('record')", "Record…", id="candidate.record"),
    ]

    def __init__(self, stage: Stage, *, view: View | None = None, room: str | None = None) -> None:
        self.room = room
        super().__init__(stage, view=view, mode="" if room is None else "rooms", crumbs=() if room is None else (room,))

    def make_table(self) -> Table[Candidate]:
        """Return the columns, with the bitrate of the last minute."""
        table: Table[Candidate] = self.TABLE
        columns = [trends.column(self.model.trends) if each.name == "trend" else each for each in table.columns]
        here = "" if self.room is None else "r"  # Where all are of one room, it need not be told.
        return dataclasses.replace(
            table, columns=tuple(columns), usual=table.usual.replace(here, ""), first=table.first.replace(here, "")
        )

    def records(self, frame: Frame) -> Sequence[Candidate]:
        """Return the candidates."""
        if self.room is None:
            return frame.candidates
        here = [place for place, room in enumerate(lists.values(frame.candidates, "room")) if room == self.room]
        return lists.pick(frame.candidates, here)

    def present(self, record: Candidate) -> Candidate:
        """Return a candidate as it may be shown."""
        return self.model.shown_candidate(record)

    def peer_of(self, record: Candidate) -> tuple[str, str | None] | None:
        """Return its room and id."""
        return record.room, record.id

    def open(self, key: Key) -> None:
        """Show everything known of a candidate."""
        self.post_message(CandidateAsked(key))

    def action_deed(self, deed: Deed) -> None:
        """Ask to kick the candidate under the cursor, or to record it."""
        if self._live.cursor is not None:
            self.post_message(DeedAsked(deed, *self._live.cursor))
