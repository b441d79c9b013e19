"""What hangs on what: worker, room, people, sources."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from proctor_sfu.control.api.quality import Frame
from psfu_tui.columns import Key
from psfu_tui.messages import CandidateAsked, RoomAsked
from psfu_tui.screens.table import TableScreen
from psfu_tui.tables.nodes import NODES, Node, nodes


class TreeScreen(TableScreen[Node]):
    """Right opens a branch, left closes it."""

    MODE = "tree"
    TABLE = NODES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,l", "unfold(True)", "Unfold", priority=True, id="tree.unfold"),
        Binding("left,h", "unfold(False)", "Fold", priority=True, id="tree.fold"),
    ]
    SORTABLE = False

    def on_mount(self) -> None:
        """Begin with nothing folded but people."""
        self._toggled: set[Key] = set()
        super().on_mount()

    def records(self, frame: Frame) -> Sequence[Node]:
        """Return what is unfolded."""
        model = self.model
        return tuple(nodes(frame, self._toggled, candidate=model.shown_candidate, proctor=model.shown_proctor))

    def arranged(self, records: Sequence[Node]) -> Sequence[Node]:
        """Return the nodes as they are, and what they hang on even if that does not fit the filter."""
        if self.model.frame is None or not (self.filter.text or self.problems):
            return records
        wanted = {each.key for each in records}
        needed = {key[:size] for key in wanted for size in range(2, len(key) + 1)}
        return [each for each in self.records(self.model.frame) if each.key in needed]

    def peer_of(self, record: Node) -> tuple[str, str | None] | None:
        """Return the room and peer of a node."""
        if len(record.key) < 3:
            return None
        return record.key[2], record.key[3] if len(record.key) > 3 else None

    def open(self, key: Key) -> None:
        """Show the candidate or room; unfold a worker."""
        record = self._live.record
        about = None if record is None else self.peer_of(record)
        if about is None:
            self._toggle(key)
        elif about[1] is not None and self.model.candidate((about[0], about[1])) is not None:
            self.post_message(CandidateAsked((about[0], about[1])))
        else:
            self.post_message(RoomAsked(about[0]))

    def action_unfold(self, wanted: bool) -> None:
        """Open the branch under the cursor, or close it; from a leaf go to what it hangs on."""
        node = self._live.record
        if node is None:
            return
        if node.opened is not None and node.opened != wanted:
            self._toggle(node.key)
        elif not wanted and node.depth:
            self._live.put_cursor(node.key[:-1])

    def _toggle(self, key: Key) -> None:
        self._toggled ^= {key}
        self.fill()
