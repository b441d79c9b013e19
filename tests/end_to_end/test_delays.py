"""Joining sent and seen pictures: repeated numbers, order, and pictures that were never sent."""

from __future__ import annotations

import pytest

from end_to_end import delays


def sent(number: int, at: float) -> dict[str, object]:
    return {"number": number, "key": number % 20 == 0, "at": at}


def seen(number: int, at: float) -> dict[str, object]:
    return {"number": number, "at": at}


def test_a_repeated_number_belongs_to_its_latest_sending() -> None:
    sendings = [sent(20, 1.0), sent(21, 1.05), sent(20, 7.0)]
    pictures = delays.join(sendings, [seen(20, 1.1), seen(21, 1.2), seen(20, 7.25)])
    assert [(picture.number, picture.key) for picture in pictures] == [(20, True), (21, False), (20, True)]
    assert [picture.delay for picture in pictures] == pytest.approx([0.1, 0.15, 0.25])


def test_a_picture_nobody_sent_is_an_error() -> None:
    with pytest.raises(AssertionError, match="picture 5 was seen"):
        delays.join([sent(5, 2.0)], [seen(5, 1.0)])


@pytest.mark.parametrize(("part", "value"), [(0.0, 1), (0.5, 50), (0.95, 95), (0.951, 96), (1.0, 100)])
def test_percentile_of_1_to_100(part: float, value: int) -> None:
    assert delays.percentile(list(range(1, 101)), part) == value


def test_a_line_for_people() -> None:
    pictures = [delays.Picture(number=0, key=True, sent=0.0, seen=ms / 1000) for ms in range(1, 101)]
    assert delays.describe(pictures) == "100 pictures, delay median 50 ms, p95 95 ms"
