"""All rooms at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from proctor_sfu.control.api.quality import Frame, Room
from psfu_tui.columns import Key
from psfu_tui.messages import Deed, DeedAsked, RoomAsked
from psfu_tui.screens.table import TableScreen
from psfu_tui.tables.rooms import ROOMS


class RoomsScreen(TableScreen[Room]):
    """Opening one shows its candidates."""

    MODE = "rooms"
    TABLE = ROOMS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("K", "deed('close')", "Close room…", id="room.close"),
        Binding("R", "deed('record')", "Record…", show=False, id="room.record"),
    ]

    def records(self, frame: Frame) -> Sequence[Room]:
        """Return the rooms."""
        return frame.rooms

    def peer_of(self, record: Room) -> tuple[str, str | None] | None:
        """Return the room."""
        return record.id, None

    def open(self, key: Key) -> None:
        """Show the candidates of a room."""
        self.post_message(RoomAsked(key[0]))

    def action_deed(self, deed: Deed) -> None:
        """Ask to close the room under the cursor, or to record everybody in it."""
        if self._live.cursor is not None:
            self.post_message(DeedAsked(deed, self._live.cursor[0]))
