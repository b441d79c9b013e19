"""Objects as rows: the values of each in the order of its members, the names once in a header.

A stream of frames and the history are written like this: a third of the size of objects, and read in a third of the
time. The header lets a reader of another version find what it knows and leave out the rest.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import operator
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

from proctor_sfu.control.api.base import Read, reader

_T = TypeVar("_T")
Header: TypeAlias = Mapping[str, Sequence[str]]
"""Name of a type -> names of its members, in the order of a row."""


def header(cls: type[Any]) -> dict[str, list[str]]:
    """Return the header of rows of a type, with every type it is made of."""
    found = {cls.__name__: [each.name for each in dataclasses.fields(cls)]}
    for hint in typing.get_type_hints(cls).values():
        if (inner := _inner(hint)) is not None:
            found |= header(inner)
    return found


def _inner(hint: Any) -> type[Any] | None:
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
        if (inner := _inner(hints[name])) is not None
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


class Unpacker(Generic[_T]):
    """Turns rows back into objects of a type. Raises `ValueError` for a header or row that is none.

    Many rows are read together, member by member: one check of types and one loop inside of the interpreter for each
    member, where object by object would take four times as long. Lists of the ``deferred`` types become `Deferred`,
    whose rows are checked and read when somebody looks at them.
    """

    def __init__(self, cls: type[_T], names: Header, *, deferred: Collection[type[Any]] = ()) -> None:
        self._cls = cls
        own = names.get(cls.__name__)
        if isinstance(own, str) or not isinstance(own, Sequence) or not all(isinstance(each, str) for each in own):
            raise ValueError(f"{cls.__name__}: no header")
        self._width = len(own)
        hints = typing.get_type_hints(cls)
        known = {each.name: each for each in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for each in known.values():
            if each.name not in own and each.default is dataclasses.MISSING:
                raise ValueError(f"{cls.__name__}: no member '{each.name}'")
        self._missing = [(_setter(cls, each.name), each.default) for each in known.values() if each.name not in own]
        self._plan = [
            _Member(index, _setter(cls, name), _plain_types(hints[name]), *_readers(hints[name], names, deferred))
            for index, name in enumerate(own)
            if name in known
        ]

    def unpack(self, row: Any) -> _T:
        """Return a row as an object."""
        return self.unpack_all([row])[0]

    def unpack_all(self, rows: Any) -> list[_T]:
        """Return rows as objects."""
        if not isinstance(rows, list) or not set(map(type, rows)) <= _LIST:
            raise ValueError(f"{self._cls.__name__}: no list of rows")
        if not set(map(len, rows)) <= {self._width}:
            raise ValueError(f"{self._cls.__name__}: no row of {self._width} values")
        made = list(map(object.__new__, itertools.repeat(self._cls, len(rows))))
        if len(rows) < _MANY:
            for row, each in zip(rows, made, strict=True):
                for member in self._plan:
                    value = row[member.place]
                    member.put(each, value if type(value) in member.accepted else member.read(value))
        else:
            columns = list(zip(*rows, strict=True))
            for member in self._plan:
                column = columns[member.place]
                values = column if set(map(type, column)) <= member.accepted else member.read_all(column)
                _run(map(member.put, made, values))
        for put, default in self._missing:
            _run(map(put, made, itertools.repeat(default)))
        return made


_Put: TypeAlias = Callable[[Any, Any], None]
_Column: TypeAlias = Sequence[Any]
_ReadAll: TypeAlias = Callable[[_Column], Iterable[Any]]

_LIST: Final = frozenset({list})
_MANY: Final = 12
"""Rows from which on it is faster to read them member by member."""


class _Member(NamedTuple):
    """How a member is read."""

    place: int
    put: _Put
    accepted: frozenset[type[Any]]
    """Of values that are taken as they are."""
    read: Read
    """Of one row."""
    read_all: _ReadAll
    """Of all rows."""


def _setter(cls: type[Any], name: str) -> _Put:
    """Return what sets a member of a new object, even one that never changes afterwards."""
    put: _Put = getattr(cls, name).__set__
    return put


def _run(steps: Iterable[None]) -> None:
    """Run through all steps, which a queue without room does fastest."""
    collections.deque(steps, maxlen=0)


def _plain_types(hint: Any) -> frozenset[type[Any]]:
    """Return the types of JSON that a member holds as they are."""
    options = (hint,) if typing.get_origin(hint) in (None, tuple, Literal) else typing.get_args(hint)
    found = [str if typing.get_origin(each) is Literal else each for each in options]
    return frozenset(found) & {str, int, float, bool, type(None)}


def _readers(hint: Any, names: Header, deferred: Collection[type[Any]]) -> tuple[Read, _ReadAll]:
    """Return what checks values of a member and returns what the objects hold: of one row, and of all."""
    inner = _inner(hint)
    if inner is None:
        read = reader(hint)
        if typing.get_origin(hint) is not tuple:
            return read, functools.partial(map, read)
        accepted = _plain_types(typing.get_args(hint)[0])
        return read, lambda column: map(tuple if _holds(column, accepted) else read, column)
    unpacker = Unpacker(inner, names, deferred=deferred)
    if typing.get_origin(hint) is not tuple:
        return unpacker.unpack, lambda column: unpacker.unpack_all(list(column))
    if inner in deferred:
        defer = functools.partial(Deferred, unpacker.unpack_all)
        return defer, functools.partial(map, defer)
    return lambda value: tuple(unpacker.unpack_all(value)), functools.partial(_lists, unpacker.unpack_all)


def _holds(column: _Column, accepted: frozenset[type[Any]]) -> bool:
    """Return whether all values are lists of nothing but accepted types."""
    if not set(map(type, column)) <= _LIST:
        return False
    return set(map(type, itertools.chain.from_iterable(column))) <= accepted


def _lists(unpack_all: Callable[[Any], list[Any]], column: _Column) -> Iterable[Any]:
    """Return the objects of each list, read as one long list."""
    if not set(map(type, column)) <= _LIST:
        raise ValueError("no list of rows")
    made = iter(unpack_all(list(itertools.chain.from_iterable(column))))
    return [tuple(itertools.islice(made, len(each))) for each in column]


class Deferred(Sequence[_T]):
    """Rows that become a tuple of objects when they are first looked at, which most are never.

    Whoever looks gets the `ValueError` of rows that are none.
    """

    __slots__ = ("_rows", "_unpack_all")

    def __init__(self, unpack_all: Callable[[Any], list[_T]], rows: Any) -> None:
        if not isinstance(rows, list):
            raise ValueError("no list of rows")
        self._rows: Any = rows
        self._unpack_all: Callable[[Any], list[_T]] | None = unpack_all

    def _seen(self) -> tuple[_T, ...]:
        if self._unpack_all is not None:
            self._rows = tuple(self._unpack_all(self._rows))
            self._unpack_all = None
        seen: tuple[_T, ...] = self._rows
        return seen

    def __len__(self) -> int:
        return len(self._rows)

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


def plain(cls: type[Any]) -> Callable[[Any], dict[str, Any]]:
    """Return what turns an object of a type into what JSON has as an object; ten times as fast as `asdict`."""
    names = [each.name for each in dataclasses.fields(cls)]
    take = operator.attrgetter(*names)
    hints = typing.get_type_hints(cls)
    nested = [
        (name, typing.get_origin(hints[name]) is tuple, plain(inner))
        for name in names
        if (inner := _inner(hints[name])) is not None
    ]

    def show(value: Any) -> dict[str, Any]:
        shown = dict(zip(names, take(value), strict=True))
        for name, many, inner in nested:
            shown[name] = [inner(each) for each in shown[name]] if many else inner(shown[name])
        return shown

    return show
