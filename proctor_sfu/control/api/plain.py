"""Objects of the API as what JSON has as objects, whether they are dataclasses or rows."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any


def names(kind: type[Any]) -> Sequence[str]:
    """Return the names of the members of a type, of one that has none nothing."""
    found: Sequence[str] | None = getattr(kind, "__struct_fields__", None)
    if found is None:
        found = [each.name for each in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else ()
    return found


def plain(value: Any) -> Any:
    """Return a value with every object in it as a dictionary, and every list of them as a list."""
    if members := names(type(value)):
        return {name: plain(getattr(value, name)) for name in members}
    if isinstance(value, str):
        return value
    if isinstance(value, Mapping):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, Sequence):
        return [plain(each) for each in value]
    return value
