"""The time code: every number is read back, and damage is noticed instead of misread."""

from __future__ import annotations

import pytest

from proctor_sfu.simulate import timecode


@pytest.mark.parametrize(("width", "step"), [(160, 1), (640, 37), (1280, 41)])
def test_every_number_is_read_back(width: int, step: int) -> None:
    luma = timecode.blank(width, 2 * timecode.ROW)
    for number in range(0, 1 << timecode.NUMBER_BITS, step):
        timecode.draw(luma, number)
        assert timecode.read(luma) == number


@pytest.mark.parametrize("brightness", [0, 128, 255])
def test_a_picture_without_a_code_yields_nothing(brightness: int) -> None:
    assert timecode.read(timecode.blank(640, 360, brightness)) is None


@pytest.mark.parametrize(("width", "height"), [(0, 0), (16, 90), (640, 2 * timecode.ROW - 1)])
def test_a_picture_too_small_for_a_code_yields_nothing(width: int, height: int) -> None:
    assert timecode.read(timecode.blank(width, height)) is None


def test_a_flipped_block_yields_nothing() -> None:
    size = 640 // timecode.BITS
    for index in range(timecode.BITS):
        luma = timecode.blank(640, 360)
        timecode.draw(luma, 1234)
        flip(luma, index * size, size)
        assert timecode.read(luma) is None


def flip(luma: timecode.Luma, column: int, width: int) -> None:
    """Turn a block of both rows upside down."""
    for upper in range(timecode.ROW):
        above, below = (row * luma.stride + column for row in (upper, 2 * timecode.ROW - 1 - upper))
        kept = bytes(luma.data[above : above + width])
        luma.data[above : above + width] = luma.data[below : below + width]
        luma.data[below : below + width] = kept


@pytest.mark.parametrize("number", [-1, 1 << timecode.NUMBER_BITS])
def test_a_number_that_does_not_fit_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        timecode.draw(timecode.blank(640, 360), number)


def test_lines_may_be_longer_than_the_picture() -> None:
    luma = timecode.Luma(bytearray(b"\xff" * 704 * 360), 640, 360, 704)
    timecode.draw(luma, 777)
    assert timecode.read(luma) == 777
