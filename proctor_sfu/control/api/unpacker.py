"""Rows back into objects, checked as they are read; the lists nobody may ever look at stay what they came as."""

from __future__ import annotations

import functools
import itertools
import operator
import types
import typing
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Generic, Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from proctor_sfu.control.api import lists, rows
from proctor_sfu.control.api.rows import inner_of

_T = TypeVar("_T", bound=rows.Row)


class Unpacker(Generic[_T]):
    """Turns rows back into objects of a type. Raises `ValueError` for a header or row that is none.

    ``msgspec`` parses and checks a line in one go, without making anything of what is not wanted: lists of the
    ``deferred`` types become `Deferred`, which stay text until somebody looks at them, and those of ``single`` types
    `Single`, of which only those become objects that are looked at.

    Whoever looks, at whatever moment, finds nothing where rows are none, and `read` raises it with the next line. So
    that only damage is told late, the first line is read to its end.
    """

    def __init__(
        self,
        cls: type[_T],
        names: rows.Header,
        *,
        deferred: Collection[type[Any]] = (),
        single: Collection[type[Any]] = (),
    ) -> None:
        self._damage: list[ValueError] = []
        maker = _Maker(cls, names, _Wanted(deferred, single, self._damage.append))
        self._make = maker.make
        self._decode: Callable[[bytes], Any] = msgspec.json.Decoder(maker.shape).decode
        self._check: Callable[[Any], Any] = functools.partial(msgspec.convert, type=maker.shape)
        whole = _Maker(cls, names, _Wanted((), (), self._damage.append)).shape if deferred else None
        self._first: Callable[[bytes], Any] | None = msgspec.json.Decoder(whole).decode if deferred else None

    def read(self, line: bytes) -> _T:
        """Return a row in JSON as an object."""
        if self._damage:
            raise self._damage[0]
        if self._first is not None:
            self._first(line)
            self._first = None
        if not line.isascii():
            line.decode()  # Of what is deferred nobody else would find out in time that it is no UTF-8.
        return self._make(self._decode(line))

    def unpack(self, row: Any) -> _T:
        """Return a row that was parsed already as an object; nothing can be deferred of it."""
        return self._make(self._check(row))


_Column: TypeAlias = Sequence[Any]


class _Wanted(NamedTuple):
    """What is made of rows only when somebody looks."""

    deferred: Collection[type[Any]]
    single: Collection[type[Any]]
    damaged: Callable[[ValueError], object]
    """Told of deferred rows that are none."""


class _Values(NamedTuple):
    """What becomes of the values of a member."""

    shape: Any
    """Type of a value in a row."""
    one: Callable[[Any], Any] | None = None
    """Makes of a value what the object holds, if that is not the same."""
    many: Callable[[_Column], Iterable[Any]] = iter
    """Likewise of the values of many rows."""


class _Maker(Generic[_T]):
    """Makes objects of a type out of rows of the right shape, in C as far as it goes."""

    def __init__(self, cls: type[_T], names: rows.Header, wanted: _Wanted) -> None:
        own = names.get(cls.__name__)
        if isinstance(own, str) or not isinstance(own, Sequence) or not all(isinstance(each, str) for each in own):
            raise ValueError(f"{cls.__name__}: no header")
        self._cls = cls
        self.places = {name: place for place, name in enumerate(own)}
        members = cls.__struct_fields__
        absent = _defaults(cls, [name for name in members if name not in self.places])
        hints = typing.get_type_hints(cls)
        values = [_values(hints[name], names, wanted) if name in members else _Values(Any) for name in own]
        self._ones = [(place, each.one) for place, each in enumerate(values) if each.one is not None]
        self._many = [(place, each.many) for place, each in enumerate(values) if each.one is not None]
        self._arrange = None if members == tuple(own) else _arranger(members, own, absent)
        """What makes of a row of another version, or in another order, one of these members."""
        self.shape: Any = types.GenericAlias(tuple, tuple(each.shape for each in values))
        """Type of a row, for ``msgspec``."""

    def make(self, row: Sequence[Any]) -> _T:
        """Return a row as an object."""
        if self._ones:
            row = [*row]
            for place, one in self._ones:
                row[place] = one(row[place])
        return self._cls(*(row if self._arrange is None else self._arrange(row)))

    def make_all(self, rows: Sequence[Sequence[Any]]) -> tuple[_T, ...]:
        """Return rows as objects."""
        if not rows:
            return ()
        columns: list[Any] = [*zip(*rows, strict=True)]
        for place, many in self._many:
            columns[place] = many(columns[place])
        whole = zip(*columns, strict=True)
        return tuple(itertools.starmap(self._cls, whole if self._arrange is None else map(self._arrange, whole)))


def _defaults(cls: type[rows.Row], absent: Collection[str]) -> dict[str, Any]:
    """Return what members are that a row does not have; raises `ValueError` for one that has to be there."""
    known = dict(zip(reversed(cls.__struct_fields__), reversed(cls.__struct_defaults__), strict=False))
    for name in absent:
        if name not in known:
            raise ValueError(f"{cls.__name__}: no member '{name}'")
    return {name: known[name] for name in absent}


def _arranger(
    members: Sequence[str], own: Sequence[str], absent: Mapping[str, Any]
) -> Callable[[Iterable[Any]], Sequence[Any]]:
    """Return what takes ``members`` out of a row that has ``own``, and defaults for those it has not."""
    there = [*own, *absent]
    take = operator.itemgetter(*[there.index(name) for name in members])
    return lambda row: typing.cast(Sequence[Any], take((*row, *absent.values())))


def _values(hint: Any, names: rows.Header, wanted: _Wanted) -> _Values:
    """Return what becomes of the values of a member."""
    inner = inner_of(hint)
    if inner is None:
        return _Values(_plain(hint))
    maker = _Maker(inner, names, wanted)
    if typing.get_origin(hint) is not tuple:
        return _Values(maker.shape, maker.make, maker.make_all)
    shape: Any = types.GenericAlias(list, maker.shape)
    if inner in wanted.single:
        take = functools.partial(lists.Single, maker.make, maker.places)
        return _Values(shape, take, functools.partial(map, take))
    if inner not in wanted.deferred:
        return _Values(shape, maker.make_all, functools.partial(_lists, maker.make_all))
    defer = functools.partial(lists.Deferred, _later(maker, shape, wanted))
    return _Values(msgspec.Raw, defer, functools.partial(map, defer))


def _later(maker: _Maker[_T], shape: Any, wanted: _Wanted) -> Callable[[Any], tuple[_T, ...]]:
    """Return what makes objects of the text of rows, and none of one that has no such rows."""
    decode = msgspec.json.Decoder(shape).decode

    def make(text: Any) -> tuple[_T, ...]:
        try:
            return maker.make_all(decode(text))
        except ValueError as error:
            wanted.damaged(error)
            return ()

    return make


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
