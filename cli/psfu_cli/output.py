"""Everything commands write to standard output: tables for people, JSON and CSV for programs."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final

from proctor_sfu.control.api.plain import names, plain
from proctor_sfu.text import safe_text


class Format(StrEnum):
    """How records are written."""

    TABLE = "table"
    WIDE = "wide"
    JSON = "json"
    NDJSON = "ndjson"
    CSV = "csv"
    MARKDOWN = "markdown"
    NAME = "name"


class Colour(StrEnum):
    """Whether tables are coloured; auto: on a terminal, unless NO_COLOR is set."""

    AUTO = "auto"
    ALWAYS = "always"
    NEVER = "never"


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table: ``value(record)`` is its cell. Wide ones are left out of the narrow table."""

    title: str
    value: Callable[[Any], object]
    wide: bool = False
    alarming: Callable[[Any], bool] | None = None
    """Whether a record's cell wants attention."""
    depth: Callable[[Any], int] | None = None
    """How far a record's cell is moved in, where records hang on others."""


_ALARM: Final = "\x1b[1;31m"
_HEAD: Final = "\x1b[2m"
_PLAIN: Final = "\x1b[0m"
_MARKUP: Final = re.compile(r"[\\`*_\[\]<>|~&]|:(?=//)|(?<=www)\.")
"""What Markdown would take for more than text, addresses of pages among it."""
_CELL: Final = 200
_LONGEST: Final = 4000
"""Characters of a text that are written at most: in a table, elsewhere."""


class ReaderGoneError(Exception):
    """Whoever read standard output went away, as ``psfu rooms list | head -1`` does."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """Writes records as asked for on the command line."""

    format: Format
    colour: Colour
    kind: type
    """The type records are of."""
    name_of: Callable[[Any], str] = lambda record: str(record.id)

    def many(self, records: Sequence[Any], columns: Sequence[Column], *, empty: str) -> None:
        """Write a list; ``empty`` is said on standard error when a table would have no rows."""
        match self.format:
            case Format.JSON:
                self.line(_json([plain(record) for record in records]))
            case Format.NDJSON:
                for record in records:
                    self.line(json.dumps(plain(record)))
            case Format.NAME:
                for record in records:
                    self.line(safe_text(self.name_of(record), _CELL))
            case Format.CSV:
                self._csv(records)
            case Format.MARKDOWN:
                self._markdown(records, [each for each in columns if not each.wide] or self._members())
            case Format.TABLE | Format.WIDE:
                if records:
                    self._table(records, [each for each in columns if self.format is Format.WIDE or not each.wide])
                else:
                    print(empty, file=sys.stderr)

    def one(self, record: Any, columns: Sequence[Column]) -> None:
        """Write one record; as a table: a line for each column."""
        match self.format:
            case Format.JSON:
                self.line(_json(plain(record)))
            case Format.TABLE | Format.WIDE:
                width = max(len(column.title) for column in columns) + 1
                for column in columns:
                    title = f"{column.title.lower()}:".ljust(width)
                    self.line(f"{title} {self._paint(_cell(column, record), column, record)}")
            case _:
                self.many([record], columns, empty="")

    def changed(self, records: Sequence[Any], columns: Sequence[Column]) -> None:
        """Write what a command made or changed: for people only the names, one a line."""
        if self.format is Format.TABLE:
            dataclasses.replace(self, format=Format.NAME).many(records, columns, empty="")
        else:
            self.many(records, columns, empty="")

    def row(self, values: Sequence[object]) -> None:
        """Write a row of CSV."""
        write(_rows([values]))

    def line(self, text: str, *, alarming: bool = False) -> None:
        """Write a line."""
        write((f"{_ALARM}{text}{_PLAIN}" if alarming and self._coloured() else text) + "\n")

    def _table(self, records: Sequence[Any], columns: Sequence[Column]) -> None:
        rows = [[_cell(column, record) for column in columns] for record in records]
        widths = [max(len(column.title), *(_width(row[index]) for row in rows)) for index, column in enumerate(columns)]
        head = "  ".join(column.title.ljust(width) for column, width in zip(columns, widths, strict=True)).rstrip()
        self.line(f"{_HEAD}{head}{_PLAIN}" if self._coloured() else head)
        for record, row in zip(records, rows, strict=True):
            cells = [
                self._paint(cell, column, record) + " " * (width - _width(cell))
                for cell, column, width in zip(row, columns, widths, strict=True)
            ]
            self.line("  ".join(cells).rstrip())

    def _markdown(self, records: Sequence[Any], columns: Sequence[Column]) -> None:
        self._bars(_marked(column.title) for column in columns)
        self._bars("---" for _ in columns)
        for record in records:
            self._bars(_marked(_cell(column, record, _LONGEST)) for column in columns)

    def _bars(self, cells: Iterable[str]) -> None:
        self.line(f"| {' | '.join(cells)} |")

    def _members(self) -> list[Column]:
        """Return everything records have as columns, where a command has none of its own."""
        return [Column(title=name.upper(), value=_member(name)) for name in names(self.kind)]

    def _csv(self, records: Sequence[Any]) -> None:
        members = names(self.kind)
        write(_rows([members, *([getattr(record, name) for name in members] for record in records)]))

    def _paint(self, cell: str, column: Column, record: Any) -> str:
        if self._coloured() and column.alarming is not None and column.alarming(record):
            return f"{_ALARM}{cell}{_PLAIN}"
        return cell

    def _coloured(self) -> bool:
        if self.colour is Colour.AUTO:
            return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
        return self.colour is Colour.ALWAYS


def _cell(column: Column, record: Any, longest: int = _CELL) -> str:
    value = column.value(record)
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    text = safe_text(str(value), longest) or "-"
    return text if column.depth is None else "  " * column.depth(record) + text


def _member(name: str) -> Callable[[Any], object]:
    return lambda record: _field(getattr(record, name))


def _marked(text: str) -> str:
    """Return a text as Markdown shows it as it is."""
    return _MARKUP.sub(r"\\\g<0>", text)


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    from rich.cells import cell_len  # Only names beyond ASCII need it.

    return cell_len(text)


def _json(data: Any) -> str:
    return json.dumps(data, indent=2)


def _rows(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_field(value) for value in row] for row in rows)
    return text.getvalue()


def _field(value: Any) -> object:
    if names(type(value)) or isinstance(value, tuple | list | dict):
        return json.dumps(plain(value))
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str):
        return value
    text = safe_text(value, _LONGEST)
    return f"'{text}" if text[:1] in ("=", "+", "-", "@") else text  # A spreadsheet would take it for a formula.


def write(text: str) -> None:
    """Write to standard output; raises `ReaderGoneError` when nobody reads it any more."""
    try:
        sys.stdout.write(text)
    except BrokenPipeError:
        raise ReaderGoneError from None


def flush() -> None:
    """Have everything written; raises `ReaderGoneError`."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGoneError from None


def discard() -> None:
    """Write to nowhere from now on, so that what is left in the buffer raises nothing at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def duration(seconds: float) -> str:
    """Return seconds as people say them: 12s, 5m, 3h12m, 4d."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s" if whole < 600 else f"{whole // 60}m"
    if whole < 86_400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86_400}d{whole % 86_400 // 3600:02}h"


def age(since: str) -> str:
    """Return how long ago a time of the control API is."""
    then = datetime.fromisoformat(since)
    return duration((datetime.now(UTC) - then).total_seconds())


def size(count: int) -> str:
    """Return bytes as people say them: 512 B, 93.0 KiB, 4.5 MiB, 70.7 GiB."""
    for unit, scale in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if count >= scale:
            return f"{count / scale:.1f} {unit}"
    return f"{count} B"
