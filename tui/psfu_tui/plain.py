"""The monitor without a screen: records and sentences for scripts, pipes and screen readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from proctor_sfu.control.api import quality as api
from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Frame
from psfu_tui import figures
from psfu_tui.changes import changes
from psfu_tui.columns import Column, Table
from psfu_tui.filters import Filter, parse
from psfu_tui.happenings import Happening
from psfu_tui.masking import Mask
from psfu_tui.options import TABLES, Mode, View
from psfu_tui.ordering import initial, ordered
from psfu_tui.tables.events import EVENTS

Record: TypeAlias = Any
"""A candidate, room, worker or proctor."""

RECORDS: Final[Mapping[Mode, tuple[type[Any], Callable[[Frame], Sequence[Record]]]]] = {
    "candidates": (api.Candidate, lambda frame: frame.candidates),
    "rooms": (api.Room, lambda frame: frame.rooms),
    "workers": (api.Worker, lambda frame: frame.workers),
    "proctors": (api.Proctor, lambda frame: frame.proctors),
}
"""What there is without a screen, and where a frame has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which records of a frame are wanted, in which order."""

    mode: Mode
    view: View
    limit: int | None = None
    mask: Mask | None = None

    @property
    def table(self) -> Table[Record]:
        """The columns there are."""
        return TABLES[self.mode]

    @property
    def columns(self) -> list[Column[Record]]:
        """The columns that are wanted."""
        # Without a screen there is no last minute to be seen.
        return self.table.chosen(self.view.columns or self.table.usual.replace("T", ""))

    def records(self, frame: Frame) -> list[Record]:
        """Return the records."""
        if self.mask is not None:
            frame = self.mask.frame(frame)
        found: Filter[Record] = parse(self.view.filter, self.table)
        kept = found.of(tuple(RECORDS[self.mode][1](frame)))
        arranged = ordered(self.table, kept, self.view.sort or initial(self.table, self.table.sort))
        return arranged[: self.limit]

    def objects(self, frame: Frame) -> Iterator[dict[str, Any]]:
        """Yield the records as JSON has them, each with the time it is of."""
        show = rows.plain(RECORDS[self.mode][0])
        for record in self.records(frame):
            yield {"at": frame.at, **show(record)}


class Sentences:
    """Turns frames into what changed from one to the next."""

    def __init__(self, view: View, mask: Mask | None = None) -> None:
        self._filter: Filter[Happening] = parse(view.filter, EVENTS)
        self._mask = mask
        self._before: Frame | None = None

    def of(self, frame: Frame) -> list[Happening]:
        """Return the changes since the last frame; none for the first."""
        if self._mask is not None:
            frame = self._mask.frame(frame)
        before, self._before = self._before, frame
        if before is None:
            return []
        return list(self._filter.of(tuple(changes(before, frame))))


def first_sentence(frame: Frame) -> str:
    """Return what there is when one begins to listen."""
    daemon = frame.daemon
    levels = f"{daemon.ok} ok, {daemon.warn} to watch, {daemon.bad} bad"
    return f"{daemon.candidates} candidates in {daemon.rooms} rooms: {levels}"


def sentence(change: Happening, clock: Callable[[str], str] = figures.clock) -> str:
    """Return a change as one line for people: when, where, who, what."""
    return " ".join(filter(None, (clock(change.at), change.room, change.peer, change.text)))


def csv_rows(columns: Iterable[Column[Record]], records: Iterable[Record]) -> Iterator[list[object]]:
    """Yield the values of records in base units, the empty text for what is not known."""
    chosen = list(columns)
    for record in records:
        yield ["" if (value := column.value(record)) is None else value for column in chosen]
