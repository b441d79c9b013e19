"""The order of a live table: worst first, but calm, so that a row can be read before it moves away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic

from proctor_sfu.control.api import lists
from psfu_tui.columns import Column, Key, T, Table

CALM: Final = 5.0
"""Seconds between two sorts; what turned bad does not wait for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort:
    """By which column, and which way."""

    column: str
    descending: bool = False


def initial(table: Table[Any], name: str) -> Sort:
    """Return how a table is sorted by a column at first."""
    column = table.named(name)
    return Sort(column=name, descending=column is not None and column.largest_first)


class Order(Generic[T]):
    """Keeps the order of a table from one frame to the next."""

    def __init__(self, table: Table[T], sort: Sort) -> None:
        self.table = table
        self.sort = sort
        self._sorted_at: float | None = None
        self._keys: list[Key] = []
        self._given: list[Key] = []
        """Keys as they came the last time."""
        self._places: list[int] = []
        """Where each of those in order came."""
        self._bad: frozenset[Key] = frozenset()

    def by(self, sort: Sort) -> None:
        """Sort another way, at once."""
        self.sort = sort
        self._sorted_at = None

    def arrange(self, records: Sequence[T], now: float) -> Sequence[T]:
        """Return records in order; ``now`` is in seconds of any clock that does not go back."""
        keys = self.table.keys(records)
        bad = frozenset([key for key, level in zip(keys, _levels(records), strict=True) if level == "bad"])
        due = not self._keys or self._sorted_at is None or now - self._sorted_at >= CALM or now < self._sorted_at
        if due or bad - self._bad:
            self._keys = [self.table.key(each) for each in ordered(self.table, records, self.sort)]
            self._sorted_at = now
            self._find(keys)
        elif keys != self._given:
            # Whoever is new waits at the end for the next sort.
            there, known = set(keys), set(self._keys)
            self._keys = [key for key in self._keys if key in there] + [key for key in keys if key not in known]
            self._find(keys)
        self._bad = bad
        return lists.pick(records, self._places)

    def _find(self, keys: list[Key]) -> None:
        """Find out where those in order came; it stays so until somebody comes or goes."""
        places = {key: place for place, key in enumerate(keys)}
        self._given = keys
        self._places = [places[key] for key in self._keys]


def _levels(records: Sequence[Any]) -> Iterable[str | None]:
    """Return the levels of records, None for those that have none."""
    if isinstance(records, lists.Single):
        return records.values("level")
    return [getattr(each, "level", None) for each in records]


def ordered(table: Table[T], records: Sequence[T], sort: Sort) -> list[T]:
    """Return records sorted; those whose value is not known come last either way, equal ones by their key."""
    column: Column[T] | None = table.named(sort.column)
    if column is None:
        raise ValueError(f"{table.noun} have no column {sort.column!r}")
    known: list[tuple[Any, T]] = []
    unknown: list[T] = []
    for record in sorted(records, key=table.key):
        value = column.sort_key(record)
        if value is None:
            unknown.append(record)
        else:
            known.append((value.casefold() if isinstance(value, str) else value, record))
    known.sort(key=lambda pair: pair[0], reverse=sort.descending)
    return [record for _, record in known] + unknown
