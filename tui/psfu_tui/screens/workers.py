"""The worker processes."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from proctor_sfu.control.api.quality import Frame, Worker
from psfu_tui.columns import Table
from psfu_tui.screens.table import TableScreen
from psfu_tui.tables.workers import WORKERS
from psfu_tui.trends import load


class WorkersScreen(TableScreen[Worker]):
    """What each of them has to do."""

    MODE = "workers"
    TABLE = WORKERS
    OPENS = False

    def make_table(self) -> Table[Worker]:
        """Return the columns, with the load of the last minute."""
        table: Table[Worker] = self.TABLE
        return dataclasses.replace(
            table,
            columns=tuple([load(self.model.loads) if each.name == "trend" else each for each in table.columns]),
        )

    def records(self, frame: Frame) -> Sequence[Worker]:
        """Return the workers."""
        return frame.workers
