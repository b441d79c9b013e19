"""Memory of a track between two hand-overs."""

from __future__ import annotations

import random

from proctor_sfu.recording.buffer import PAGE, Buffer


def append(buffer: Buffer, data: bytes) -> None:
    end = buffer.used + len(data)
    if end > buffer.room:
        buffer.grow(end)
    buffer.memory[buffer.used : end] = data
    buffer.used = end


def test_what_is_appended_is_taken_whatever_its_size() -> None:
    luck, buffer = random.Random(1), Buffer()
    for _ in range(200):
        pieces = [luck.randbytes(luck.choice((0, 1, 80, 1500, 3 * PAGE))) for _ in range(luck.randrange(12))]
        for each in pieces:
            append(buffer, each)
        assert bytes(buffer.take()) == b"".join(pieces)
        assert buffer.used == 0


def test_what_was_taken_is_not_written_to_again() -> None:
    buffer = Buffer()
    append(buffer, b"first")
    taken = buffer.take()
    append(buffer, b"other")
    assert bytes(taken) == b"first"


def test_it_begins_as_large_as_it_was_needed_and_shrinks_again() -> None:
    buffer = Buffer()
    append(buffer, bytes(40 * PAGE))
    buffer.take()
    assert 40 * PAGE <= buffer.room <= 60 * PAGE
    append(buffer, b"little")
    buffer.take()
    assert buffer.room == PAGE


def test_what_is_cleared_is_forgotten() -> None:
    buffer = Buffer()
    append(buffer, b"gone")
    buffer.clear()
    append(buffer, b"kept")
    assert bytes(buffer.take()) == b"kept"
