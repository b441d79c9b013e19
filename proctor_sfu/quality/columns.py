"""Frames as columns, for keeping: what stays the same from second to second is written once. No I/O.

A list of objects becomes one column for each member; a list inside of objects becomes a column of lengths and the
columns of all its objects in a row. A column equal to the last one of its place is written as a reference to it, so a
second costs little more than the numbers that moved. The header that names the members comes with the file.
"""

from __future__ import annotations

import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import astuple

from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.api.unpacker import Unpacker

LARGEST: Final = 256 * 2**20
"""Bytes a frame or column may unpack to; more is damage or malice."""
MOST: Final = 200_000
"""Objects in a list; ten times what a server can have."""
PACKING: Final = 4
"""Level of compression: twice as fast as zlib's own choice, which would make a frame 6 % smaller."""
WORTH: Final = 64
"""Bytes from which on a column is worth a reference."""


def _types(cls: type[rows.Row]) -> Iterator[type[rows.Row]]:
    yield cls
    for _, _, inner in rows.tables(cls):
        yield from _types(inner)


_TABLES: Final = {each: rows.tables(each) for each in _types(Frame)}
"""Type -> its members that are rows, looked up for every frame."""


class ColumnWriter:
    """Turns frames into bytes. ``keep(data)`` stores a column and returns the number it is found under again."""

    def __init__(self, keep: Callable[[bytes], int]) -> None:
        self._keep = keep
        self._last: dict[str, tuple[bytes, int]] = {}

    def forget(self) -> None:
        """Write every column anew, so that what comes does not depend on what was."""
        self._last.clear()

    def write(self, frame: Frame) -> bytes:
        """Return a frame."""
        row = [*astuple(frame)]
        for index, many, cls in _TABLES[Frame]:
            if many:
                row[index] = self._table(cls.__name__, cls, row[index])
        return zlib.compress(msgspec.json.encode(row), PACKING)

    def _table(self, place: str, cls: type[rows.Row], objects: Sequence[rows.Row]) -> list[Any]:
        """Return a list of rows as its length and its columns."""
        if not objects:
            return [0]
        columns = list(map(list, zip(*map(astuple, objects), strict=True)))
        for index, many, inner in _TABLES[cls]:
            if many:
                columns[index] = [
                    [len(each) for each in columns[index]],
                    self._table(f"{place}.{inner.__name__}", inner, [*itertools.chain(*columns[index])]),
                ]
        nested = {index for index, many, _ in _TABLES[cls] if many}
        return [
            len(objects),
            *(
                column if index in nested else self._column(f"{place}.{index}", column)
                for index, column in enumerate(columns)
            ),
        ]

    def _column(self, place: str, values: list[Any]) -> list[Any] | int:
        """Return the values, or the number of a column that has them."""
        first = values[0]
        if len(values) > 1 and values.count(first) == len(values) == [*map(type, values)].count(type(first)):
            return [first]  # Stands for all.
        text = msgspec.json.encode(values)
        if len(text) < WORTH:
            return values
        last = self._last.get(place)
        if last is not None and last[0] == text:
            number = last[1] or self._keep(zlib.compress(text, PACKING))
            self._last[place] = text, number
            return number
        self._last[place] = text, 0
        return values


class ColumnReader:
    """Turns bytes back into frames; ``find(number)`` returns a column that was kept. Raises `ValueError`."""

    def __init__(self, header: rows.Header, find: Callable[[int], bytes]) -> None:
        self._find = find
        self._columns: dict[int, list[Any]] = {}
        self._unpacker = Unpacker(Frame, header)
        self._header = header

    def read(self, data: bytes) -> Frame:
        """Return a frame."""
        row = _loads(data)
        if not isinstance(row, list):
            raise ValueError("no frame")
        for index, name in enumerate(self._header["Frame"]):
            inner = _LISTS.get(("Frame", name))
            if inner is not None and index < len(row):
                row[index] = list(self._table(inner, row[index]))
        return self._unpacker.unpack(row)

    def _table(self, name: str, table: Any) -> Iterator[list[Any]]:
        if not isinstance(table, list) or not table or type(table[0]) is not int:
            raise ValueError(f"{name}: no table")
        count, *columns = table
        if count == 0:
            return iter(())
        members = self._header[name]
        if len(columns) != len(members) or not 0 < count <= MOST:
            raise ValueError(f"{name}: {len(columns)} columns, not {len(members)}")
        whole = [
            self._lists(inner, count, column)
            if (inner := _LISTS.get((name, member))) is not None
            else self._column(name, count, column)
            for member, column in zip(members, columns, strict=True)
        ]
        return (list(each) for each in zip(*whole, strict=True))

    def _lists(self, name: str, count: int, column: Any) -> list[Any]:
        """Return what each object has of a list inside of it."""
        if not isinstance(column, list) or len(column) != 2 or not isinstance(column[0], list):
            raise ValueError(f"{name}: no lists")
        lengths, objects = column[0], self._table(name, column[1])
        if len(lengths) != count or not all(type(each) is int and each >= 0 for each in lengths):
            raise ValueError(f"{name}: no lengths")
        lists = [[*itertools.islice(objects, length)] for length in lengths]
        if [len(each) for each in lists] != lengths:
            raise ValueError(f"{name}: objects are missing")
        return lists

    def _column(self, name: str, count: int, column: Any) -> list[Any]:
        if type(column) is int:
            kept = self._columns.get(column)
            if kept is None:
                kept = self._columns[column] = _loads(self._find(column))
            column = kept
        if not isinstance(column, list):
            raise ValueError(f"{name}: no column")
        if len(column) == 1:
            return column * count
        if len(column) != count:
            raise ValueError(f"{name}: {len(column)} values, not {count}")
        return column


def _list_members(cls: type[rows.Row]) -> Iterator[tuple[tuple[str, str], str]]:
    for index, many, inner in rows.tables(cls):
        if many:
            yield (cls.__name__, cls.__struct_fields__[index]), inner.__name__
        yield from _list_members(inner)


_LISTS: Final = dict(_list_members(Frame))
"""Type and member that is a list of objects -> their type."""


def _loads(data: bytes) -> Any:
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(data, LARGEST)
    except zlib.error as error:
        raise ValueError(f"not to be unpacked: {error}") from None
    if not inflate.eof:
        raise ValueError("cut off, or too big")
    try:
        return msgspec.json.decode(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not to be parsed: {error}") from None
