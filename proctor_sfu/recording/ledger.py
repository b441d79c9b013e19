"""Ledger: what happened to one candidate's recording, in order, each row bound to the one before it.

A row is a line of JSON. It begins with its number, its time and the hash of the row before, and ends with its own
hash: the SHA-256 of all that stands before it in the line. Rows are only ever appended. Nothing here does I/O.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

GENESIS: Final = "0" * 64
"""What the first row has for the hash of the row before."""
LONGEST_ROW: Final = 65_536
_HASH: Final = b',"hash":"'
_END: Final = b'"}'
_OWN: Final = frozenset({"n", "at", "event", "prev", "hash"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One thing that happened."""

    n: int
    """1 for the first."""
    at: float
    """Seconds of Unix time, to the millisecond."""
    event: str
    fields: Mapping[str, Any]
    hash: str
    offset: int
    """Where its line begins."""


def timestamp(seconds: float) -> str:
    """Return a Unix time as RFC 3339 in UTC, to the millisecond."""
    return datetime.fromtimestamp(round(seconds, 3), UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Chain:
    """The end of a ledger, where rows are added."""

    def __init__(self, n: int = 0, tip: str = GENESIS) -> None:
        self.n = n
        """Number of the last row."""
        self.tip = tip
        """Its hash."""

    def append(self, event: str, at: float, fields: Mapping[str, Any]) -> bytes:
        """Return the line of the next row. Raises `ValueError` for fields that no reader would take back."""
        if not _OWN.isdisjoint(fields):
            raise ValueError(f"reserved names among {sorted(fields)}")
        members = {"n": self.n + 1, "at": timestamp(at), "event": event, "prev": self.tip, **fields}
        body = json.dumps(members, separators=(",", ":"), allow_nan=False).encode()[:-1]
        if len(body) > LONGEST_ROW:
            raise ValueError(f"a row of {len(body)} bytes")
        self.n, self.tip = self.n + 1, hashlib.sha256(body).hexdigest()
        return body + _HASH + self.tip.encode() + _END + b"\n"


@dataclass(frozen=True, slots=True)
class Problem:
    """The first thing wrong with a ledger; nothing behind it can be trusted."""

    offset: int
    reason: str


@dataclass(slots=True)
class Ledger:
    """A ledger that was read, as far as it is whole."""

    rows: list[Row] = field(default_factory=list)
    end: int = 0
    """Bytes of the whole rows."""
    torn: int = 0
    """Bytes of a last row that was never finished: what a crash leaves."""
    problem: Problem | None = None

    @property
    def chain(self) -> Chain:
        """Where it goes on."""
        return Chain(self.rows[-1].n, self.rows[-1].hash) if self.rows else Chain()


def read(data: bytes, *, first: bool = True, base: int = 0) -> Ledger:
    """Read a ledger, or from ``base`` on the rest of one, ``first`` telling whether row 1 has to come first.

    A line without an end is torn, and so are zeros at the end, which a power cut leaves where a length was written
    but its data were not. Everything else that is not the row expected is a problem.
    """
    ledger = Ledger(end=base)
    at = 0
    chain = Chain() if first else None
    while at < len(data):
        end = data.find(b"\n", at)
        if end < 0 or not data[at:].strip(b"\0"):
            ledger.torn = len(data) - at
            break
        try:
            row, prev = _decode(data[at:end], base + at)
            _expect(chain, row, prev)
        except ValueError as error:
            ledger.problem = Problem(base + at, str(error))
            break
        ledger.rows.append(row)
        chain = Chain(row.n, row.hash)
        at = end + 1
        ledger.end = base + at
    return ledger


def _expect(chain: Chain | None, row: Row, prev: str) -> None:
    if chain is None:
        return
    if row.n != chain.n + 1:
        raise ValueError(f"row {row.n} stands where row {chain.n + 1} should be")
    if prev != chain.tip:
        raise ValueError(f"row {row.n} does not follow the row before it")


def _decode(line: bytes, offset: int) -> tuple[Row, str]:
    """Return a row and the hash it has of the row before; raises `ValueError`."""
    body, mark, rest = line.rpartition(_HASH)
    stated = rest[: -len(_END)]
    if not mark or rest != stated + _END:
        raise ValueError("this is no row of a ledger")
    if hashlib.sha256(body).hexdigest().encode() != stated:
        raise ValueError("this row was changed: its hash is another")
    try:
        members = json.loads(body + b"}")
        row = Row(
            n=int(members["n"]), at=datetime.fromisoformat(members["at"]).timestamp(), event=str(members["event"]),
            fields={name: value for name, value in members.items() if name not in _OWN}, hash=stated.decode(),
            offset=offset,
        )  # fmt: skip
        return row, str(members["prev"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"this is no row of a ledger: {error!r}") from None


def _hash_fits(line: bytes) -> bool:
    stated = line[-len(_END) - 64 : -len(_END)]
    body = line[: -len(_HASH) - 64 - len(_END)]
    return hashlib.sha256(body).hexdigest().encode() == stated


def changed_byte(data: bytes, chain: Chain, at: int) -> int | None:
    """Return which byte of the row that begins ``at`` would have to be another one for it to follow ``chain``.

    None if it takes more than one byte. Looks at the row and, should its end be what changed, at the next.
    """
    end = data.find(b"\n", data.find(b"\n", at) + 1)
    text = bytearray(data[at : end if end >= 0 else len(data)])
    for offset in range(min(len(text), LONGEST_ROW)):
        found = text[offset]
        for value in range(256):
            text[offset] = value
            line = bytes(text).partition(b"\n")[0]
            if _hash_fits(line):
                try:
                    _expect(chain, *_decode(line, at))
                except ValueError:
                    continue
                return at + offset if value != found else None
        text[offset] = found
    return None
