"""What happened, as far back as the daemon remembers, the newest first."""

from __future__ import annotations

from collections.abc import Sequence

from proctor_sfu.control.api.quality import Frame
from psfu_tui.columns import Key
from psfu_tui.happenings import Happening
from psfu_tui.messages import CandidateAsked, ReturnAsked, RoomAsked
from psfu_tui.options import View
from psfu_tui.ordering import ordered
from psfu_tui.screens.base import Stage
from psfu_tui.screens.table import TableScreen
from psfu_tui.tables.events import EVENTS


class EventsScreen(TableScreen[Happening]):
    """The cursor stays with the newest unless it is moved away."""

    MODE = "events"
    TABLE = EVENTS

    def __init__(self, stage: Stage, *, view: View | None = None) -> None:
        super().__init__(stage, view=view)
        self._before: str | None = None
        """Mode in which the events of somebody were asked for."""

    def show_some(self, text: str, before: str | None) -> None:
        """Show what a filter lets through; ``before``: the mode to go back to."""
        self.filter_by(text)
        self._before = before

    def show_all(self) -> None:
        """Show all again, if only those of somebody were asked for."""
        if self._before is not None:
            self._before = None
            self.filter_by("")

    def action_back(self) -> None:
        """Go back to where the events of somebody were asked for."""
        if self._before is None:
            super().action_back()
        else:
            self.post_message(ReturnAsked(self._before))
            self.show_all()

    def records(self, frame: Frame) -> Sequence[Happening]:
        """Return the events."""
        return tuple(self.model.log)

    def present(self, record: Happening) -> Happening:
        """Return an event as it may be shown."""
        return self.model.shown_happening(record)

    def peer_of(self, record: Happening) -> tuple[str, str | None] | None:
        """Return the room and peer it is about."""
        return None if record.room is None else (record.room, record.peer)

    def arranged(self, records: Sequence[Happening]) -> Sequence[Happening]:
        """Return them in order, always: they never change their place."""
        return ordered(self.table, records, self.order.sort)

    def fill(self) -> None:
        """Show the events; a cursor on the first row stays on the first row."""
        first = self._live.at_first
        super().fill()
        if first:
            self._live.action_jump(0)

    def open(self, key: Key) -> None:
        """Show whom it is about."""
        record = self._live.record
        if record is None or record.room is None:
            return
        if record.peer is not None and self.model.candidate((record.room, record.peer)) is not None:
            self.post_message(CandidateAsked((record.room, record.peer)))
        else:
            self.post_message(RoomAsked(record.room))
