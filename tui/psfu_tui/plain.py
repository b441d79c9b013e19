"""The monitor without a screen: records and sentences for scripts, pipes and screen readers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from proctor_sfu.control.api import quality as api
from proctor_sfu.control.api.plain import plain
from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.api.recordings import Recording
from psfu_tui import figures
from psfu_tui.changes import changes
from psfu_tui.columns import Column, Table
from psfu_tui.filters import Filter, parse
from psfu_tui.happenings import Happening, Log
from psfu_tui.masking import Mask
from psfu_tui.options import TABLES, Mode, View
from psfu_tui.ordering import initial, ordered
from psfu_tui.tables.events import EVENTS
from psfu_tui.tables.nodes import Node, unfolded

Record: TypeAlias = Any
"""What a screen has in a row."""

KINDS: Final[Mapping[Mode, type[Any]]] = {
    "candidates": api.Candidate, "rooms": api.Room, "workers": api.Worker, "proctors": api.Proctor, "tree": Node,
    "recordings": Recording, "events": Happening,
}  # fmt: skip
"""What the records of each screen are."""

OF_FRAMES: Final[Mapping[Mode, Callable[[Frame], Sequence[Record]]]] = {
    "candidates": lambda frame: frame.candidates,
    "rooms": lambda frame: frame.rooms,
    "workers": lambda frame: frame.workers,
    "proctors": lambda frame: frame.proctors,
    "tree": lambda frame: tuple(unfolded(frame)),
}
"""Where a frame has them; what it does not have is asked for by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Glimpse:
    """The records of a moment."""

    at: str
    records: Sequence[Record]


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
        usual = [each for each in self.table.chosen(self.table.usual) if each.name != "trend"]
        return self.table.chosen(self.view.columns) if self.view.columns else usual

    def of_frame(self, frame: Frame) -> Glimpse:
        """Return what a frame has."""
        if self.mask is not None:
            frame = self.mask.frame(frame)
        return Glimpse(at=frame.at, records=tuple(OF_FRAMES[self.mode](frame)))

    def of_recordings(self, at: str, recordings: Iterable[Recording]) -> Glimpse:
        """Return recordings as they were at a time."""
        return Glimpse(at=at, records=tuple(map(self.mask.recording, recordings) if self.mask else recordings))

    def of_happenings(self, at: str, happenings: Iterable[Happening]) -> Glimpse:
        """Return what happened until a time, oldest first."""
        log = Log()
        log.add(map(self.mask.happening, happenings) if self.mask else happenings)
        return Glimpse(at=at, records=tuple(log))

    def records(self, glimpse: Glimpse) -> list[Record]:
        """Return the records that are wanted."""
        found: Filter[Record] = parse(self.view.filter, self.table)
        kept = found.of(tuple(glimpse.records))
        if self.mode == "tree" and self.view.sort is None:
            # Its order is what hangs on what.
            return list(kept)[: self.limit]
        arranged = ordered(self.table, kept, self.view.sort or initial(self.table, self.table.sort))
        return arranged[: self.limit]

    def objects(self, glimpse: Glimpse) -> Iterator[dict[str, Any]]:
        """Yield the records as JSON has them, each with the time it is of."""
        for record in self.records(glimpse):
            yield {"at": glimpse.at, **plain(record)}


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


def sentence(change: Happening) -> str:
    """Return a change as one line for people: when, where, who, what."""
    return " ".join(filter(None, (figures.clock(change.at), change.room, change.peer, change.text)))


def csv_rows(columns: Iterable[Column[Record]], records: Iterable[Record]) -> Iterator[list[object]]:
    """Yield the values of records in base units, the empty text for what is not known."""
    chosen = list(columns)
    for record in records:
        yield ["" if (value := column.value(record)) is None else value for column in chosen]
