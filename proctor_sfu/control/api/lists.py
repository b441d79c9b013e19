"""Lists whose objects are made when they are looked at, which most of a frame's never are."""

from __future__ import annotations

import operator
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

_T = TypeVar("_T")


class Deferred(Sequence[_T]):
    """Rows that become a tuple of objects when they are first looked at, which most are never.

    What makes them has to take rows that are none for none.
    """

    __slots__ = ("_made", "_make", "_text")

    def __init__(self, make: Callable[[Any], tuple[_T, ...]], text: Any) -> None:
        self._make = make
        self._text = text
        self._made: tuple[_T, ...] | None = None

    def _seen(self) -> tuple[_T, ...]:
        made = self._made
        if made is None:
            # Of two threads that look at once each makes its own, which are equal.
            made = self._made = self._make(self._text)
        return made

    def __len__(self) -> int:
        return len(self._seen())

    @typing.overload
    def __getitem__(self, index: int) -> _T: ...

    @typing.overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...

    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        return self._seen()[index]

    def __iter__(self) -> Iterator[_T]:
        return iter(self._seen())

    def __eq__(self, other: object) -> bool:
        return self._seen() == (other._seen() if isinstance(other, Deferred) else other)

    def __hash__(self) -> int:
        return hash(self._seen())

    def __repr__(self) -> str:
        return repr(self._seen())


class Single(Sequence[_T]):
    """Rows that become objects one by one, when they are first looked at; a member of all can be had without."""

    __slots__ = ("_made", "_make", "_places", "_rows")

    def __init__(self, make: Callable[[Any], _T], places: Mapping[str, int], rows: Sequence[Any]) -> None:
        self._make = make
        self._places = places
        self._rows = rows
        self._made: list[_T | None] = [None] * len(rows)

    def values(self, *names: str) -> Iterator[Any]:
        """Return members that are no objects themselves, as they are in the rows; several of them as tuples."""
        return map(operator.itemgetter(*[self._places[name] for name in names]), self._rows)

    def pick(self, places: Sequence[int]) -> Single[_T]:
        """Return those at some places, in that order."""
        picked = Single(self._make, self._places, [self._rows[place] for place in places])
        picked._made = [self._made[place] for place in places]
        return picked

    def __len__(self) -> int:
        return len(self._rows)

    @typing.overload
    def __getitem__(self, index: int) -> _T: ...

    @typing.overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...

    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(index, slice):
            return tuple(map(self._one, range(*index.indices(len(self._rows)))))
        return self._one(index)

    def _one(self, index: int) -> _T:
        made = self._made[index]
        if made is None:
            made = self._made[index] = self._make(self._rows[index])
        return made

    def __iter__(self) -> Iterator[_T]:
        return map(self._one, range(len(self._rows)))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, Single) else other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def values(objects: Sequence[Any], *names: str) -> Iterator[Any]:
    """Return members of all objects, several of them as tuples, and make no objects for it."""
    return objects.values(*names) if isinstance(objects, Single) else map(operator.attrgetter(*names), objects)


def pick(objects: Sequence[_T], places: Sequence[int]) -> Sequence[_T]:
    """Return the objects at some places, in that order."""
    return objects.pick(places) if isinstance(objects, Single) else [objects[place] for place in places]
