"""Stamped messages are equal to those encoded in full."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.mediasoup.stamp import Stamp


def text(value: str) -> bytes:
    data = value.encode()
    return struct.pack("<I", len(data)) + data + b"\0"


def full(number: int, other: int, name: str, letter: str) -> bytes:
    """A message with its arguments out of order, between bytes that look like them."""
    before = text("constant") + struct.pack("<I", 7)
    return (
        before + text(letter) + struct.pack("<I", other) + b"middle" + text(name) + struct.pack("<I", number) + b"end"
    )


@given(
    st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.text("abc0", min_size=4, max_size=4),
    st.sampled_from("xyz0"),
)  # fmt: skip
def test_a_stamp_is_the_full_message(number: int, other: int, name: str, letter: str) -> None:
    stamp = Stamp(full, 2, (4, 1))
    for _ in range(2):
        assert stamp.fill(number, other, name, letter) == full(number, other, name, letter)


def test_content_that_looks_like_an_argument_is_not_taken_for_one() -> None:
    """A constant that happens to equal a mark makes the stamp try other marks."""
    tries: list[int] = []

    def tricky(number: int, name: str) -> bytes:
        tries.append(number)
        twin = text(name) if len(tries) == 1 else b""
        return twin + struct.pack("<I", number) + text(name)

    stamp = Stamp(tricky, 1, (8,))
    assert len(tries) == 2
    assert stamp.fill(1, "12345678") == struct.pack("<I", 1) + text("12345678")


def test_the_number_of_values_is_checked() -> None:
    with pytest.raises(ValueError, match="zip"):
        Stamp(full, 2, (4, 1)).fill(1, 2, "name")
