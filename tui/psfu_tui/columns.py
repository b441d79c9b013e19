"""A column: the one description that tables, filters, sorting, CSV and help are all made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeAlias, TypeVar

from proctor_sfu.control.api import lists
from proctor_sfu.control.api.quality import Level
from proctor_sfu.errors import RefusedError
from psfu_tui import figures

T = TypeVar("T")

Kind: TypeAlias = Literal["text", "choice", "number", "rate", "span", "size"]
"""What a filter may say of it; a rate is in bits, a span in seconds, a size in bytes."""

Value: TypeAlias = "str | float | int | None"

GAP: Final = 1
"""Cells between two columns."""

WORST: Final[Mapping[Level, int]] = {"bad": 0, "warn": 1, "ok": 2, "none": 3}
"""Order of levels, worst first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column(Generic[T]):
    """One thing known of a record of type ``T``."""

    code: str
    """One letter, for ``--columns``."""
    name: str
    """For filters, ``--sort`` and CSV."""
    title: str
    """Head of the table, with the unit."""
    help: str
    """What it means, in a few words."""
    width: int
    """Cells."""
    value: Callable[[T], Value]
    """What is compared and exported, in base units; None: not known."""
    show: Callable[[Any], str]
    """Text of what `value` returned, in the unit of the title."""
    instead: Callable[[T], str | None] | None = None
    """What is shown in place of the value, if anything."""
    kind: Kind = "number"
    choices: tuple[str, ...] = ()
    """All values of a choice."""
    level: Callable[[T], Level] | None = None
    """Whether this cell is what is wrong with the record."""
    order: Callable[[T], Any] | None = None
    """What is compared when sorting, if not the value; None: last."""
    largest_first: bool = False
    """How it is sorted at first."""
    unit: float = 1.0
    """Base units in the unit of the title: what a plain number of a filter is multiplied with."""
    quiet: bool = False
    """Whether it is drawn paler than the others."""
    grows: int = 0
    """Cells it may take more where the terminal has them left."""

    @property
    def left(self) -> bool:
        """Whether texts begin at the left; numbers end at the right."""
        return self.kind in ("text", "choice")

    def text(self, record: T) -> str:
        """Return the cell of a record."""
        return (self.instead(record) if self.instead else None) or self.show(self.value(record))

    def sort_key(self, record: T) -> Any:
        """Return what is compared when sorting; None goes last in either direction."""
        return self.value(record) if self.order is None else self.order(record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[T]):
    """The columns of a noun."""

    noun: str
    """Plural, as people say it."""
    columns: tuple[Column[T], ...]
    usual: str
    """Codes of those shown without ``--columns``, from left to right."""
    first: str
    """The same codes, those that stay when the terminal is narrow first."""
    pinned: int
    """How many at the left stay when the others are moved."""
    sort: str
    """Name of the column it is sorted by at first."""
    key: Callable[[T], Key]
    words: tuple[str, ...]
    """Names of the columns a plain word of a filter is looked for in."""
    identity: tuple[str, ...] = ()
    """Two members or more, if the key is nothing else: then it is had without looking at each record."""

    def keys(self, records: Sequence[T]) -> list[Key]:
        """Return the keys of records."""
        return list(lists.values(records, *self.identity) if self.identity else map(self.key, records))

    def named(self, name: str) -> Column[T] | None:
        """Return the column of a name."""
        return next((each for each in self.columns if each.name == name), None)

    def chosen(self, codes: str) -> list[Column[T]]:
        """Return columns by their letters, in that order. Raises `RefusedError` for a letter that is none."""
        by_code = {each.code: each for each in self.columns}
        if unknown := [code for code in codes if code not in by_code]:
            known = ", ".join(f"{each.code} {each.name}" for each in self.columns)
            raise RefusedError("bad_columns", f"no column '{unknown[0]}' of {self.noun}; there are: {known}")
        if not codes:
            raise RefusedError("bad_columns", "no columns given")
        return [by_code[code] for code in dict.fromkeys(codes)]

    def fitting(self, cells: int) -> list[Column[T]]:
        """Return the usual columns that have room in ``cells``, the important ones before the others."""
        left = cells
        kept: set[str] = set()
        for column in self.chosen(self.first):
            if (needed := column.width + GAP) <= left + GAP:
                left -= needed
                kept.add(column.code)
        return [column for column in self.chosen(self.usual) if column.code in kept]


Key: TypeAlias = tuple[str, ...]
"""What tells records of a noun apart, for as long as they are there."""


def widths(columns: Sequence[Column[Any]], cells: int) -> list[int]:
    """Return the width of each column; what is left of ``cells`` goes to those that may grow, first come first."""
    found = [column.width for column in columns]
    left = cells - sum(found) - GAP * (len(found) - 1)
    for index, column in enumerate(columns):
        if left <= 0:
            break
        more = min(left, column.grows)
        found[index] += more
        left -= more
    return found


def same(value: Any) -> str:
    """Return a text as it is."""
    return figures.ABSENT if value is None or value == "" else str(value)


def worst(levels: Iterable[Level]) -> Level:
    """Return the worst of some levels."""
    return min(levels, key=WORST.__getitem__, default="none")
