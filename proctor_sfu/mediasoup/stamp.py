"""An encoded message with gaps, for messages that are sent often and differ in a few numbers and texts only."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence


class Stamp:
    """Made from a function that encodes the whole message, by looking where its arguments end up in it.

    ``full(*numbers, *texts)`` encodes a message; numbers are 32 bits wide, texts have the given lengths in bytes. The
    values it is tried with are random: no other content of the message, whoever chose it, can be taken for them.
    """

    __slots__ = ("_numbers", "_order", "_pieces")

    def __init__(self, full: Callable[..., bytes], numbers: int, texts: Sequence[int]) -> None:
        self._numbers = numbers
        while True:
            values = [int.from_bytes(os.urandom(4), "little") & ~1 for _ in range(numbers)]
            words = [os.urandom(length).hex()[:length] for length in texts]
            frame = full(*values, *words)
            marks = [*map(_number, values), *map(_text, words)]
            if all(frame.count(mark) == 1 for mark in marks):
                break
        places = sorted((frame.index(mark), index) for index, mark in enumerate(marks))
        self._pieces: list[bytes] = []
        self._order = [0] * len(marks)
        at = 0
        for place, index in places:
            self._pieces += (frame[at:place], b"")
            self._order[index] = len(self._pieces) - 1
            at = place + len(marks[index])
        self._pieces.append(frame[at:])

    def fill(self, *values: int | str) -> bytes:
        """Return the message with these numbers and texts, of the same lengths as at the start."""
        pieces = self._pieces.copy()
        for place, value in zip(self._order, values, strict=True):
            pieces[place] = _number(value) if isinstance(value, int) else _text(value)
        return b"".join(pieces)


def _number(value: int) -> bytes:
    return value.to_bytes(4, "little")


def _text(value: str) -> bytes:
    """A text as FlatBuffers has it, which makes even one of a single character easy to tell from other bytes."""
    data = value.encode()
    return len(data).to_bytes(4, "little") + data + b"\0"
