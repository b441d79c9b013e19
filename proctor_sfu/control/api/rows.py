"""Objects that are written as rows: the values of each in the order of its members, the names once in a header.

A stream of frames and the history are written like this: a third of the size of objects, and read in a third of the
time. The header lets a reader of another version find what it knows and leave out the rest.
"""

from __future__ import annotations

import typing
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgspec

Header: TypeAlias = Mapping[str, Sequence[str]]
"""Name of a type -> names of its members, in the order of a row."""


class Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Base of what a frame has thousands of: made and written in C, and nothing the garbage collector has to visit."""


def header(cls: type[Row]) -> dict[str, list[str]]:
    """Return the header of rows of a type, with every type it is made of."""
    found = {cls.__name__: list(cls.__struct_fields__)}
    for hint in typing.get_type_hints(cls).values():
        if (inner := inner_of(hint)) is not None:
            found |= header(inner)
    return found


def inner_of(hint: Any) -> type[Row] | None:
    """Return the type of the rows in a member, None if it has none."""
    if typing.get_origin(hint) is tuple:
        hint = typing.get_args(hint)[0]
    return hint if isinstance(hint, type) and issubclass(hint, Row) else None


def tables(cls: type[Row]) -> list[tuple[int, bool, type[Row]]]:
    """Return place, whether it is a list, and type of the members of a type that are rows."""
    hints = typing.get_type_hints(cls)
    return [
        (place, typing.get_origin(hints[name]) is tuple, inner)
        for place, name in enumerate(cls.__struct_fields__)
        if (inner := inner_of(hints[name])) is not None
    ]
