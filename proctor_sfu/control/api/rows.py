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
import types
import typing
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Generic, Literal, NamedTuple, TypeAlias, TypeVar

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

    ``msgspec`` parses and checks a line in one go, without making anything of what is not wanted: lists of the
    ``deferred`` types become `Deferred`, which stay text until somebody looks at them, and those of ``single`` types
    `Single`, of which only those become objects that are looked at.
    """

    def __init__(
        self,
        cls: type[_T],
        names: Header,
        *,
        deferred: Collection[type[Any]] = (),
        single: Collection[type[Any]] = (),
    ) -> None:
        import msgspec  # Only streams and histories have what is worth its import.

        maker = _Maker(cls, names, deferred, single)
        self._make = maker.make
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(maker.shape).decode
        self._check: Callable[[Any], Any] = functools.partial(msgspec.convert, type=maker.shape)

    def read(self, line: bytes) -> _T:
        """Return a row in JSON as an object."""
        return self._make(self._decode(line))

    def unpack(self, row: Any) -> _T:
        """Return a row that was parsed already as an object; nothing can be deferred of it."""
        return self._make(self._check(row))


_Put: TypeAlias = Callable[[Any, Any], None]
_Column: TypeAlias = Sequence[Any]

_MANY: Final = 12
"""Rows from which on it is faster to make objects member by member."""


class _Values(NamedTuple):
    """What becomes of the values of a member."""

    shape: Any
    """Type of a value in a row."""
    one: Callable[[Any], Any] | None = None
    """Makes of a value what the object holds, if that is not the same."""
    many: Callable[[_Column], Iterable[Any]] = iter
    """Likewise of the values of many rows."""


class _Maker(Generic[_T]):
    """Makes objects of a type out of rows of the right shape: of many rows member by member, in C."""

    def __init__(
        self, cls: type[_T], names: Header, deferred: Collection[type[Any]], single: Collection[type[Any]]
    ) -> None:
        own = names.get(cls.__name__)
        if isinstance(own, str) or not isinstance(own, Sequence) or not all(isinstance(each, str) for each in own):
            raise ValueError(f"{cls.__name__}: no header")
        self._cls = cls
        hints = typing.get_type_hints(cls)
        known = {each.name: each for each in dataclasses.fields(cls)}  # type: ignore[arg-type]
        for each in known.values():
            if each.name not in own and each.default is dataclasses.MISSING:
                raise ValueError(f"{cls.__name__}: no member '{each.name}'")
        self._missing = [(_setter(cls, each.name), each.default) for each in known.values() if each.name not in own]
        self._puts = [_setter(cls, name) if name in known else _forget for name in own]
        self._values = [
            _values(hints[name], names, deferred, single) if name in known else _Values(Any) for name in own
        ]
        self.places = {name: place for place, name in enumerate(own)}
        self._ones = [(place, each.one) for place, each in enumerate(self._values) if each.one is not None]
        self.shape: Any = types.GenericAlias(tuple, tuple(each.shape for each in self._values))
        """Type of a row, for ``msgspec``."""

    def make(self, row: Sequence[Any]) -> _T:
        """Return a row as an object."""
        made = object.__new__(self._cls)
        if self._ones:
            row = [*row]
            for place, one in self._ones:
                row[place] = one(row[place])
        _run(map(operator.call, self._puts, itertools.repeat(made), row))
        for put, default in self._missing:
            put(made, default)
        return made

    def make_all(self, rows: Sequence[Sequence[Any]]) -> tuple[_T, ...]:
        """Return rows as objects."""
        if len(rows) < _MANY:
            return tuple(map(self.make, rows))
        made = tuple(map(object.__new__, itertools.repeat(self._cls, len(rows))))
        for put, values, column in zip(self._puts, self._values, zip(*rows, strict=True), strict=True):
            _run(map(put, made, values.many(column)))
        for put, default in self._missing:
            _run(map(put, made, itertools.repeat(default)))
        return made


def _values(hint: Any, names: Header, deferred: Collection[type[Any]], single: Collection[type[Any]]) -> _Values:
    """Return what becomes of the values of a member."""
    inner = _inner(hint)
    if inner is None:
        return _Values(_plain(hint))
    maker = _Maker(inner, names, deferred, single)
    if typing.get_origin(hint) is not tuple:
        return _Values(maker.shape, maker.make, maker.make_all)
    rows: Any = types.GenericAlias(list, maker.shape)
    if inner in single:
        take = functools.partial(Single, maker.make, maker.places)
        return _Values(rows, take, functools.partial(map, take))
    if inner not in deferred:
        return _Values(rows, maker.make_all, functools.partial(_lists, maker.make_all))
    import msgspec

    decode = msgspec.json.Decoder(rows).decode
    defer = functools.partial(Deferred, lambda text: maker.make_all(decode(text)))
    return _Values(msgspec.Raw, defer, functools.partial(map, defer))


def _lists(make_all: Callable[[_Column], _Column], column: _Column) -> Iterable[Any]:
    """Return the objects of each list, made as if they were of one."""
    made = iter(make_all(list(itertools.chain.from_iterable(column))))
    return [tuple(itertools.islice(made, len(each))) for each in column]


def _plain(hint: Any) -> Any:
    """Return a type with any text where it has a choice of texts: a later daemon may know more."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Literal:
        return str
    if origin is tuple:
        return types.GenericAlias(tuple, (_plain(arguments[0]), ...))
    return functools.reduce(operator.or_, map(_plain, arguments)) if arguments else hint


def _setter(cls: type[Any], name: str) -> _Put:
    """Return what sets a member of a new object, even one that never changes afterwards."""
    put: _Put = getattr(cls, name).__set__
    return put


def _forget(made: Any, value: Any) -> None:
    """Take a member that is not known here."""


def _run(steps: Iterable[None]) -> None:
    """Run through all steps, which a queue without room does fastest."""
    collections.deque(steps, maxlen=0)


class Deferred(Sequence[_T]):
    """Rows that become a tuple of objects when they are first looked at, which most are never.

    Whoever looks gets the `ValueError` of rows that are none.
    """

    __slots__ = ("_made", "_make", "_text")

    def __init__(self, make: Callable[[Any], tuple[_T, ...]], text: Any) -> None:
        self._make = make
        self._text = text
        self._made: tuple[_T, ...] | None = None

    def _seen(self) -> tuple[_T, ...]:
        made = self._made
        if made is None:
            # Of two threads that look at once each makes its own, which are equal.
            made = self._made = self._make(self._text)
        return made

    def __len__(self) -> int:
        return len(self._seen())

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


class Single(Sequence[_T]):
    """Rows that become objects one by one, when they are first looked at; a member of all can be had without."""

    __slots__ = ("_made", "_make", "_places", "_rows")

    def __init__(self, make: Callable[[Any], _T], places: Mapping[str, int], rows: Sequence[Any]) -> None:
        self._make = make
        self._places = places
        self._rows = rows
        self._made: list[_T | None] = [None] * len(rows)

    def values(self, *names: str) -> Iterator[Any]:
        """Return members that are no objects themselves, as they are in the rows; several of them as tuples."""
        return map(operator.itemgetter(*[self._places[name] for name in names]), self._rows)

    def pick(self, places: Sequence[int]) -> Single[_T]:
        """Return those at some places, in that order."""
        picked = Single(self._make, self._places, [self._rows[place] for place in places])
        picked._made = [self._made[place] for place in places]
        return picked

    def __len__(self) -> int:
        return len(self._rows)

    @typing.overload
    def __getitem__(self, index: int) -> _T: ...

    @typing.overload
    def __getitem__(self, index: slice) -> tuple[_T, ...]: ...

    def __getitem__(self, index: int | slice) -> _T | tuple[_T, ...]:
        if isinstance(index, slice):
            return tuple(map(self._one, range(*index.indices(len(self._rows)))))
        return self._one(index)

    def _one(self, index: int) -> _T:
        made = self._made[index]
        if made is None:
            made = self._made[index] = self._make(self._rows[index])
        return made

    def __iter__(self) -> Iterator[_T]:
        return map(self._one, range(len(self._rows)))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, Single) else other)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))


def values(objects: Sequence[Any], *names: str) -> Iterator[Any]:
    """Return members of all objects, several of them as tuples, and make no objects for it."""
    return objects.values(*names) if isinstance(objects, Single) else map(operator.attrgetter(*names), objects)


def pick(objects: Sequence[_T], places: Sequence[int]) -> Sequence[_T]:
    """Return the objects at some places, in that order."""
    return objects.pick(places) if isinstance(objects, Single) else [objects[place] for place in places]


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
