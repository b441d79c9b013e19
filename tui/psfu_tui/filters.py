"""The filter language: words, comparisons, and, or, not.

    filter     = all { ("or" | "|") all }
    all        = one { one }                        all of them hold
    one        = "!" one | "(" filter ")" | "~" word | name operator values | word
    operator   = ":" | "=" | "!=" | "<" | "<=" | ">" | ">="
    values     = word { "," word }                  one of them holds
    word       = letters without spaces | '"' anything '"'

A plain word is looked for in the texts of a record, ``~abc`` finds these letters in this order. ``:`` finds a part of
a text, ``=`` all of it; numbers are in the unit the table shows, or with one of their own (``camera<1.5M``,
``for>5m``). ``loss:none`` finds what is not known; no other comparison ever holds for it.
"""

from __future__ import annotations

import difflib
import operator
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, Literal, TypeAlias

from proctor_sfu.errors import RefusedError
from psfu_tui.columns import Column, T, Table, Value

Operator: TypeAlias = Literal[":", "=", "!=", "<", "<=", ">", ">="]
Test: TypeAlias = Callable[[T], bool]

LONGEST: Final = 500
"""Letters a filter may have."""

DEEPEST: Final = 20
"""Parentheses and exclamation marks within one another."""

_OPERATORS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "=": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}  # fmt: skip
_UNITS: Final[Mapping[str, Mapping[str, float]]] = {
    "rate": {"k": 1e3, "m": 1e6, "g": 1e9},
    "size": {"k": 2**10, "m": 2**20, "g": 2**30},
    "span": {"s": 1, "m": 60, "h": 3600, "d": 86_400},
}
_NUMBER: Final = re.compile(r"(-?\d+(?:\.\d+)?|-?\.\d+)([A-Za-z]?)(?:i?[Bb](?:/s|ps)?)?")
_TOKEN: Final = re.compile(
    r"""\s*(?:
        (?P<quoted>"[^"]*"?)
      | (?P<operator>!=|<=|>=|[:=<>])
      | (?P<sign>[!()|~,])
      | (?P<word>[^\s"!=<>:()|~,]+)
    )""",
    re.VERBOSE,
)


class FilterError(RefusedError):
    """A filter is not understood; ``at`` is the letter where that begins."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__("bad_filter", message)
        self.at = at


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter(Generic[T]):
    """A filter that is understood."""

    text: str
    matches: Callable[[T], bool]

    def of(self, records: Sequence[T]) -> Sequence[T]:
        """Return the records it lets through."""
        return records if not self.text else tuple([each for each in records if self.matches(each)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of a filter."""

    kind: Literal["word", "quoted", "operator", "sign", "end"]
    text: str
    at: int


def parse(text: str, table: Table[T]) -> Filter[T]:
    """Return a filter for records of a table; the empty text lets everything through. Raises `FilterError`."""
    text = text.strip()
    if len(text) > LONGEST:
        raise FilterError(LONGEST, f"a filter has at most {LONGEST} letters")
    return Filter(text=text, matches=_Parser(list(tokens(text)), table).read())


def tokens(text: str) -> Iterator[Token]:
    """Yield the pieces of a filter, the last one of kind ``end``."""
    at = 0
    while at < len(text) and (found := _TOKEN.match(text, at)):
        kind = str(found.lastgroup)
        piece = found[kind]
        yield Token(kind=kind, text=piece, at=found.start(kind))  # type: ignore[arg-type]
        at = found.end()
    if text[at:].strip():
        raise FilterError(at, f"'{text[at:].strip()[:1]}' is not understood here")
    yield Token(kind="end", text="", at=len(text))


class _Parser(Generic[T]):
    def __init__(self, found: list[Token], table: Table[T]) -> None:
        self._tokens = found
        self._table = table
        self._next = 0
        self._depth = 0

    def read(self) -> Test[T]:
        if self._at_end:
            return lambda record: True
        test = self._any()
        if not self._at_end:
            raise FilterError(self._here.at, f"'{self._here.text}' has no beginning")
        return test

    @property
    def _here(self) -> Token:
        return self._tokens[self._next]

    @property
    def _at_end(self) -> bool:
        return self._here.kind == "end"

    def _take(self) -> Token:
        token = self._here
        self._next = min(self._next + 1, len(self._tokens) - 1)
        return token

    def _is_or(self) -> bool:
        return (self._here.kind == "word" and self._here.text.lower() == "or") or self._here.text == "|"

    def _any(self) -> Test[T]:
        choices = [self._all()]
        while self._is_or():
            self._take()
            choices.append(self._all())
        if len(choices) == 1:
            return choices[0]
        return lambda record: any(choice(record) for choice in choices)

    def _all(self) -> Test[T]:
        parts = [self._one()]
        while not self._at_end and self._here.text != ")" and not self._is_or():
            parts.append(self._one())
        if len(parts) == 1:
            return parts[0]
        return lambda record: all(part(record) for part in parts)

    def _one(self) -> Test[T]:
        token = self._take()
        match token.kind, token.text:
            case "sign", "!":
                inner = self._deeper(token, self._one)
                return lambda record: not inner(record)
            case "sign", "(":
                inner = self._deeper(token, self._any)
                if self._take().text != ")":
                    raise FilterError(token.at, "'(' is not closed")
                return inner
            case "sign", "~":
                return self._letters(self._word(token))
            case "word", name if self._here.kind == "operator":
                return self._comparison(name, token.at)
            case (("word" | "quoted"), _) if not self._is_or_token(token):
                return self._contains(_plain(token))
            case "end", _:
                raise FilterError(token.at, "something is missing at the end")
            case _:
                raise FilterError(token.at, f"'{token.text}' has nothing before it")

    @staticmethod
    def _is_or_token(token: Token) -> bool:
        return token.kind == "word" and token.text.lower() == "or"

    def _deeper(self, token: Token, read: Callable[[], Test[T]]) -> Test[T]:
        self._depth += 1
        if self._depth > DEEPEST:
            raise FilterError(token.at, f"more than {DEEPEST} of '(' and '!' within one another")
        inner = read()
        self._depth -= 1
        return inner

    def _word(self, before: Token) -> str:
        token = self._take()
        if token.kind not in ("word", "quoted"):
            raise FilterError(token.at, f"a word is missing after '{before.text}'")
        return _plain(token)

    def _contains(self, word: str) -> Test[T]:
        reads = self._words()
        return lambda record: any(word in str(read(record) or "").casefold() for read in reads)

    def _letters(self, word: str) -> Test[T]:
        def found(text: str) -> bool:
            rest = iter(text)  # A letter that is found uses up what was before it.
            return all(letter in rest for letter in word)

        reads = self._words()
        return lambda record: any(found(str(read(record) or "").casefold()) for read in reads)

    def _words(self) -> list[Callable[[T], Value]]:
        columns = [self._table.named(name) for name in self._table.words]
        return [column.value for column in columns if column is not None]

    def _comparison(self, name: str, at: int) -> Test[T]:
        column = self._table.named(name.lower())
        if column is None:
            raise FilterError(at, self._unknown(name))
        sign = self._take()
        values = [self._value(column, sign)]
        while self._here.text == "," and self._here.kind == "sign":
            self._take()
            values.append(self._value(column, sign))
        if len(values) == 1:
            return values[0]
        if sign.text == "!=":
            return lambda record: all(value(record) for value in values)
        return lambda record: any(value(record) for value in values)

    def _unknown(self, name: str) -> str:
        names = [column.name for column in self._table.columns]
        close = difflib.get_close_matches(name.lower(), names, n=1)
        return f"{self._table.noun} have no '{name}'" + (f"; '{close[0]}'?" if close else f": {', '.join(names)}")

    def _value(self, column: Column[T], sign: Token) -> Test[T]:
        token = self._here
        word = self._word(sign)
        read = column.value
        if word == "none" and token.kind == "word" and "none" not in column.choices:
            if sign.text not in (":", "=", "!="):
                raise FilterError(sign.at, f"'none' cannot be compared with '{sign.text}'")
            return (
                (lambda record: read(record) is not None) if sign.text == "!=" else lambda record: read(record) is None
            )
        if column.left:
            return _text_test(column, sign, word, token.at)
        return _number_test(column, sign, word, token.at)


def _plain(token: Token) -> str:
    return (token.text[1:].removesuffix('"') if token.kind == "quoted" else token.text).casefold()


def _text_test(column: Column[T], sign: Token, word: str, at: int) -> Test[T]:
    read = column.value
    if column.choices and not any(choice.casefold().startswith(word) for choice in column.choices):
        raise FilterError(at, f"{column.name} is never '{word}'; it is {', '.join(column.choices)}")
    match sign.text:
        case ":" if column.choices:
            return lambda record: str(read(record) or "").casefold().startswith(word)
        case ":":
            return lambda record: word in str(read(record) or "").casefold()
        case "=":
            return lambda record: str(read(record) or "").casefold() == word
        case "!=":
            return lambda record: str(read(record) or "").casefold() != word
        case _:
            raise FilterError(sign.at, f"{column.name} is a text: '{column.name}:{word}'")


def _number_test(column: Column[T], sign: Token, word: str, at: int) -> Test[T]:
    read = column.value
    wanted = _number(column, word, at)
    compare = _OPERATORS["=" if sign.text == ":" else sign.text]

    def test(record: T) -> bool:
        value = read(record)
        return value is not None and compare(value, wanted)

    return test


def _number(column: Column[Any], word: str, at: int) -> float:
    """Return a number in base units."""
    found = _NUMBER.fullmatch(word)
    if found is None:
        raise FilterError(at, f"'{word}' is no number; {column.name} is one")
    number, letter = float(found[1]), found[2].lower()
    if not letter:
        return number * column.unit
    units = _UNITS.get(column.kind, {})
    if letter not in units:
        known = f"; there are {', '.join(units)}" if units else ""
        raise FilterError(at, f"'{found[2]}' is no unit of {column.name}{known}")
    return number * units[letter]
