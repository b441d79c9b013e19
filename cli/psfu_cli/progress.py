"""Progress of slow work on standard error: a bar on a terminal, else a line now and then."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

Tell: TypeAlias = Callable[[str, float | None], None]
"""Takes what happens now and the fraction done, None: unknown."""
PACE: Final = 10.0
"""Seconds between lines about the same step when nobody sees a bar."""
BARS: Final = 8
"""Bars at most: hundreds of recordings do not fit on a screen."""


@contextmanager
def progress(*, patient: bool = False) -> Iterator[Tell]:
    """Give a function that shows progress; ``patient``: no line about what takes no longer than `PACE`."""
    if not sys.stderr.isatty():
        yield _Lines(time.monotonic() if patient else float("-inf"))
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(), TextColumn("{task.description}", markup=False), BarColumn(), TimeElapsedColumn(),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True)) as bars:
        current: dict[str, object] = {}

        def tell(what: str, fraction: float | None) -> None:
            if current.get("what") != what:
                if "task" in current:
                    bars.update(current["task"], total=1.0, completed=1.0)  # type: ignore[arg-type]
                if len(bars.task_ids) >= BARS:
                    bars.remove_task(bars.task_ids[0])
                current["what"] = what
                current["task"] = bars.add_task(what, total=1.0 if fraction is not None else None)
            if fraction is not None:
                bars.update(current["task"], total=1.0, completed=fraction)  # type: ignore[arg-type]

        yield tell


class _Lines:
    def __init__(self, last: float) -> None:
        self._what = ""
        self._last = last

    def __call__(self, what: str, fraction: float | None) -> None:
        now = time.monotonic()
        if (what == self._what or not self._what) and now - self._last < PACE:
            return
        self._what, self._last = what, now
        print(what if fraction is None else f"{what}: {fraction:.0%}", file=sys.stderr, flush=True)
