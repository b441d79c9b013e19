"""What may be typed next in a filter."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from psfu_tui import cells
from psfu_tui.columns import Column, Table

_ENDING: Final = re.compile(
    r"(?:(?P<name>[A-Za-z_]+)(?:!=|<=|>=|[:=<>])(?:[^\s,()\"]*,)*)?(?P<begun>[^\s,()!~|\"<>=:]*)$"
)
_MOST: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """Texts that may stand instead of what was begun at ``start``."""

    start: int
    options: tuple[str, ...]

    def first(self, text: str) -> str | None:
        """Return a filter with the first option in place, None if there is none."""
        return text[: self.start] + self.options[0] if self.options else None


def complete(text: str, table: Table[Any], records: Iterable[Any]) -> Completion:
    """Return how a filter may go on at its end; values of texts are those the records have."""
    found = _ENDING.search(text)
    begun = found["begun"].casefold() if found else ""
    start = len(text) - len(begun)
    if found and found["name"]:
        column = table.named(found["name"].lower())
        return Completion(start=start, options=_values(column, begun, records) if column is not None else ())
    if not begun:
        return Completion(start=start, options=())
    names = [column.name + (":" if column.left else ">") for column in table.columns if column.name.startswith(begun)]
    return Completion(start=start, options=tuple(names))


def _values(column: Column[Any], begun: str, records: Iterable[Any]) -> tuple[str, ...]:
    if not column.left:
        return ()
    values = column.choices or sorted({cells.clean(str(value)) for each in records if (value := column.value(each))})
    fitting = [value for value in values if value.casefold().startswith(begun) and value.casefold() != begun]
    return tuple(f'"{value}"' if re.search(r"[\s,()!~|<>=:]", value) else value for value in fitting[:_MOST])
