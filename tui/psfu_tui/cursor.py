"""The cursor of a table: it stays with its row wherever the order takes it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic

from psfu_tui.columns import Key, T, Table


class Cursor(Generic[T]):
    """Stands on one of the ``records``, which are in the order they are shown in."""

    def __init__(self, table: Table[T]) -> None:
        self.key: Key | None = None
        """Of its row; None: there are no rows."""
        self.place = 0
        self.records: Sequence[T] = ()
        self._table = table
        self._keys: list[Key] = []
        self._places: dict[Key, int] = {}

    @property
    def keys(self) -> tuple[Key, ...]:
        """The keys of all rows, in order."""
        return tuple(self._places)

    @property
    def record(self) -> T | None:
        """The record it is on."""
        place = self._places.get(self.key) if self.key is not None else None
        return None if place is None else self.records[place]

    def follow(self, records: Sequence[T]) -> None:
        """Stay on its row among records in another order; if that is gone, on the one that took its place."""
        keys = self._table.keys(records)
        self.records = records
        if keys != self._keys:
            self._keys = keys
            self._places = {key: place for place, key in enumerate(keys)}
        self.put(self.key)

    def put(self, key: Key | None) -> None:
        """Go to a row; without it, to the one that is where the cursor was."""
        self.key = key
        if key in self._places:
            self.place = self._places[key]
        elif self.records:
            self.jump(self.place)
        else:
            self.key = None

    def jump(self, place: int) -> None:
        """Go to the row at a place, the last one if there are fewer; there has to be one."""
        self.place = min(place, len(self.records) - 1)
        self.key = self._table.key(self.records[self.place])
