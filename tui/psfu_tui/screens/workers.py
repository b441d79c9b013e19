"""The worker processes."""

from __future__ import annotations

from collections.abc import Sequence

from proctor_sfu.control.api.quality import Frame, Worker
from psfu_tui.screens.table import TableScreen
from psfu_tui.tables.workers import WORKERS


class WorkersScreen(TableScreen[Worker]):
    """What each of them has to do."""

    MODE = "workers"
    TABLE = WORKERS
    OPENS = False

    def records(self, frame: Frame) -> Sequence[Worker]:
        """Return the workers."""
        return frame.workers
