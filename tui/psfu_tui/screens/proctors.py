"""Proctors and observers, and how well they are reached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from proctor_sfu.control.api.quality import Frame, Proctor
from psfu_tui.messages import DeedAsked
from psfu_tui.screens.table import TableScreen
from psfu_tui.tables.proctors import PROCTORS


class ProctorsScreen(TableScreen[Proctor]):
    """A proctor who sees badly blames the candidates; here it shows whose fault it is."""

    MODE = "proctors"
    TABLE = PROCTORS
    OPENS = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("K", "deed('kick')", "Kick…", id="proctor.kick")]

    def records(self, frame: Frame) -> Sequence[Proctor]:
        """Return them all."""
        return frame.proctors

    def present(self, record: Proctor) -> Proctor:
        """Return one as it may be shown."""
        return self.model.shown_proctor(record)

    def peer_of(self, record: Proctor) -> tuple[str, str | None] | None:
        """Return its room and id."""
        return record.room, record.id

    def action_deed(self, deed: str) -> None:
        """Ask to kick the one under the cursor."""
        if self._live.cursor is not None:
            self.post_message(DeedAsked("kick", *self._live.cursor))
