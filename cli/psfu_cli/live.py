"""A simulation while it goes on, on standard error: a table on a terminal, else a line now and then."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rich.table import Table

    from proctor_sfu.simulate.results import Now

PACE: Final = 5.0
"""Seconds between two lines when nobody sees a table."""
LATE: Final = 50.0
"""Milliseconds from which on the simulation itself is too slow to be trusted."""


@contextmanager
def live(*, candidates: int, proctors: int, duration: float) -> Iterator[Callable[[Now], None]]:
    """Give a function that shows how it goes."""
    if not sys.stderr.isatty():
        yield _Lines(candidates)
        return
    from rich.console import Console
    from rich.live import Live

    with Live(console=Console(stderr=True), auto_refresh=False, transient=True) as display:
        yield lambda now: display.update(_table(now, candidates, proctors, duration), refresh=True)


class _Lines:
    def __init__(self, candidates: int) -> None:
        self._candidates = candidates
        self._next = 0.0

    def __call__(self, now: Now) -> None:
        if now.seconds < self._next:
            return
        self._next = now.seconds + PACE
        print(
            f"{now.seconds:.0f}s: {now.candidates} of {self._candidates} candidates, {now.proctors} proctors,"
            f" {now.megabits:.1f} Mb/s, {now.gaps} gaps, {now.troubles} troubles",
            file=sys.stderr,
            flush=True,
        )


def _table(now: Now, candidates: int, proctors: int, duration: float) -> Table:
    from rich.table import Table

    table = Table.grid(padding=(0, 2))
    alarm = "bold red"
    rows = [
        ("time", f"{now.seconds:.0f} of {duration:.0f} s", ""),
        ("candidates", f"{now.candidates} of {candidates}", ""),
        ("proctors", f"{now.proctors} of {proctors}", ""),
        ("received", f"{now.megabits:.1f} Mb/s, {now.arrived:.0f} pictures and packets of sound a second", ""),
        ("gaps", str(now.gaps), alarm if now.gaps else ""),
        ("troubles", str(now.troubles), alarm if now.troubles else ""),
        ("simulation", f"{now.cpu:.2f} cores, {now.lag_ms:.0f} ms late", alarm if now.lag_ms > LATE else ""),
    ]
    for title, value, style in rows:
        table.add_row(title, value, style=style)
    return table
