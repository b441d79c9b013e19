"""Objects as rows: the values of each in the order of its members, the names once in a header.

A stream of frames and the history are written like this: a third of the size of objects, and read in a third of the
time. The header lets a reader of another version find what it knows and leave out the rest.
"""

from __future__ import annotations

import dataclasses
import operator
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

Header: TypeAlias = Mapping[str, Sequence[str]]
"""Name of a type -> names of its members, in the order of a row."""


def header(cls: type[Any]) -> dict[str, list[str]]:
    """Return the header of rows of a type, with every type it is made of."""
    found = {cls.__name__: [each.name for each in dataclasses.fields(cls)]}
    for hint in typing.get_type_hints(cls).values():
        if (inner := inner_of(hint)) is not None:
            found |= header(inner)
    return found


def inner_of(hint: Any) -> type[Any] | None:
    """Return the type of the objects in a member, None if it has none."""
    if typing.get_origin(hint) is tuple:
        hint = typing.get_args(hint)[0]
    return typing.cast(type[Any], hint) if dataclasses.is_dataclass(hint) else None


def packer(cls: type[Any]) -> Callable[[Any], list[Any]]:
    """Return what turns an object of a type into a row."""
    take, nested = _members_of(cls)
    if not nested:
        return lambda value: list(take(value))

    def pack(value: Any) -> list[Any]:
        row = list(take(value))
        for index, many, inner in nested:
            inside = row[index]
            if inside:  # A list without objects may stay what it is.
                row[index] = [inner(each) for each in inside] if many else inner(inside)
        return row

    return pack


def _members_of(cls: type[Any]) -> tuple[Callable[[Any], Any], list[tuple[int, bool, Callable[[Any], list[Any]]]]]:
    """Return what takes all members out of an object; and place, whether it is a list, and packer of those inside."""
    names = [each.name for each in dataclasses.fields(cls)]
    hints = typing.get_type_hints(cls)
    return operator.attrgetter(*names), [
        (index, typing.get_origin(hints[name]) is tuple, packer(inner))
        for index, name in enumerate(names)
        if (inner := inner_of(hints[name])) is not None
    ]


class Packed:
    """Makes the row of an object of a type once for all who want it, in any thread. Nobody may change a row."""

    def __init__(self, cls: type[Any]) -> None:
        self._pack = packer(cls)
        self._take, self._nested = _members_of(cls)
        self._last: tuple[Any, list[Any]] = (None, [])

    def __call__(self, value: Any) -> list[Any]:
        """Return the row of ``value``; that of the object before is there already."""
        known, row = self._last
        if known is not value:
            row = self._pack(value)
            self._last = value, row
        return row

    def steps(self, value: Any) -> Iterator[None]:
        """Make the row ahead, object by object, so that others can have their turn meanwhile."""
        row = list(self._take(value))
        for index, many, inner in self._nested:
            if not many:
                row[index] = inner(row[index])
                continue
            objects, made = row[index], []
            for each in objects:
                made.append(inner(each))
                yield
            row[index] = made
        self._last = value, row


def plain(cls: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """Return what turns an object of a type into what JSON has as an object; ten times as fast as `asdict`."""
    names = [each.name for each in dataclasses.fields(cls)]
    take = operator.attrgetter(*names)
    hints = typing.get_type_hints(cls)
    nested = [
        (name, typing.get_origin(hints[name]) is tuple, plain(inner))
        for name in names
        if (inner := inner_of(hints[name])) is not None
    ]

    def show(value: Any) -> dict[str, Any]:
        shown = dict(zip(names, take(value), strict=True))
        for name, many, inner in nested:
            shown[name] = [inner(each) for each in shown[name]] if many else inner(shown[name])
        return shown

    return show
