"""Its version, and how an answer becomes one of its types."""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias, TypeVar

from proctor_sfu.control.api.plain import names

API_VERSION: Final = 1
HEADER: Final = "Psfu-Api"
"""Carries the version; an unlike one is refused with ``api_version``."""

Read: TypeAlias = Callable[[Any], Any]
"""Checks a JSON value and returns what the type holds; raises `ValueError`."""

_T = TypeVar("_T")


class Member(NamedTuple):
    """A member of a type of this package."""

    name: str
    read: Read
    default: Any
    """`dataclasses.MISSING` if it has to be there."""


def decode(cls: type[_T], data: Any) -> _T:
    """Return JSON as one of the types of this package; unknown members are ignored. Raises `ValueError`."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{cls.__name__}: no object")
    found: dict[str, Any] = {}
    for name, read, default in members(cls):
        if name in data:
            found[name] = read(data[name])
        elif default is dataclasses.MISSING:
            raise ValueError(f"{cls.__name__}: no member '{name}'")
    return cls(**found)


def members(cls: type[Any]) -> tuple[Member, ...]:
    """Return the members of a type; worked out once, since a stream has thousands of objects a second."""
    found = _members.get(cls)
    if found is None:
        hints, defaults = typing.get_type_hints(cls), {}
        if dataclasses.is_dataclass(cls):
            defaults = {each.name: each.default for each in dataclasses.fields(cls)}
        found = tuple(Member(name, reader(hints[name]), defaults.get(name, dataclasses.MISSING)) for name in names(cls))
        _members[cls] = found
    return found


_members: dict[type[Any], tuple[Member, ...]] = {}


@functools.cache
def reader(hint: Any) -> Read:
    """Return what reads a value of a type: text, number, flag, object, tuple of these, or None where allowed."""
    if isinstance(hint, type) and names(hint):
        return functools.partial(decode, hint)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple:
        return _tuple(reader(arguments[0]))
    if origin is Literal:
        return str  # A later daemon may know more values.
    if origin is Mapping:
        return _plain((dict,), dict)
    if origin is types.UnionType or origin is typing.Union:
        return _optional(reader(arguments[0]))
    return _plain((int, float) if hint is float else (hint,), hint)


def _tuple(read: Read) -> Read:
    def read_tuple(value: Any) -> tuple[Any, ...]:
        if not isinstance(value, list):
            raise ValueError(f"{value!r} is no list")
        return tuple([read(each) for each in value])

    return read_tuple


def _optional(read: Read) -> Read:
    return lambda value: None if value is None else read(value)


def _plain(accepted: tuple[type[Any], ...], wanted: type[Any]) -> Read:
    def read_plain(value: Any) -> Any:
        if type(value) is wanted:
            return value
        # A flag is an int to Python, and no number here.
        if not isinstance(value, accepted) or (isinstance(value, bool) and wanted is not bool):
            raise ValueError(f"{value!r} is no {wanted.__name__}")
        return float(value) if wanted is float else value

    return read_plain
