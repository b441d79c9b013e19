"""The memory that watching takes, measured in a process that does nothing else; run by `quality`.

Workers, rooms and clients are only names here, and the statistics are made up; what is kept of them is real: tracks,
windows, frames, encodings, the history.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from proctor_sfu.events import Bus
from proctor_sfu.pool.member import resident
from proctor_sfu.quality.frames import Frames
from proctor_sfu.quality.history import History
from proctor_sfu.quality.overview import Moment, Overview
from proctor_sfu.settings import History as HistorySettings
from proctor_sfu.settings import Settings
from support import watched

SECONDS = 330
"""Longer than any window: the longest is five minutes."""


def main() -> None:
    count = int(sys.argv[1])
    people = [watched.candidate(number) for number in range(count)]
    registry: Any = SimpleNamespace(rooms={"exam-1": watched.room("exam-1", people)})
    pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "history.psfurec"
        history = History(path, HistorySettings())
        history.start(lambda take: None, Bus())
        gc.collect()
        before = resident(os.getpid())
        overview, frames = Overview(registry, pool, Settings(), ready=lambda: True), Frames()
        for second in range(SECONDS):
            overview.questions(float(second), full=True)
            at = Moment(monotonic=float(second), wall=1.8e9 + second)
            frame = asyncio.run(overview.take(at, watched.answers(people, second), full=True, lag=0.001, spent=0.01))
            frames.publish(frame)
            frames.encoded("rows")
            history.frame(frame)
            while history.waiting > 5:
                time.sleep(0.001)
        grown = resident(os.getpid()) - before
        history.close()
        size = path.stat().st_size
    assert len(frame.candidates) == count and all(len(each.sources) == 3 for each in frame.candidates)
    print(json.dumps({"mebibytes": grown / 2**20, "history_bytes": size / SECONDS}))


if __name__ == "__main__":
    main()
