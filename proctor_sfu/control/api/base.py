"""Its version, and how an answer becomes one of its types."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from typing import Any, Final, Literal, TypeVar

API_VERSION: Final = 1
HEADER: Final = "Psfu-Api"
"""Carries the version; an unlike one is refused with ``api_version``."""

_T = TypeVar("_T")


def decode(cls: type[_T], data: Any) -> _T:
    """Return JSON as one of the types of this package; unknown members are ignored. Raises `ValueError`."""
    if not isinstance(data, Mapping):
        raise ValueError(f"{cls.__name__}: no object")
    hints = typing.get_type_hints(cls)
    try:
        return cls(**{each.name: _value(hints[each.name], data[each.name]) for each in dataclasses.fields(cls)})  # type: ignore[arg-type]
    except KeyError as error:
        raise ValueError(f"{cls.__name__}: no member {error}") from None


def _value(hint: Any, value: Any) -> Any:
    if dataclasses.is_dataclass(hint):
        return decode(typing.cast(type[Any], hint), value)
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is tuple and isinstance(value, list):
        return tuple(_value(arguments[0], each) for each in value)
    if origin is Literal:
        return str(value)  # A later daemon may know more values.
    if origin is types.UnionType:
        return None if value is None else _value(arguments[0], value)
    if hint is float and isinstance(value, int):
        return float(value)
    if not isinstance(value, hint) or (hint is int and isinstance(value, bool)):
        raise ValueError(f"{value!r} is no {hint.__name__}")
    return value
