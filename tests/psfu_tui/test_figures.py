from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from psfu_tui import figures

SHOWS = (
    figures.whole,
    figures.tenths,
    figures.milliseconds,
    figures.kilobits,
    figures.megabits,
    figures.mebibytes,
    figures.span,
)


@pytest.mark.parametrize("show", SHOWS)
def test_what_is_not_known_is_never_zero(show: Callable[[float | None], str]) -> None:
    assert show(None) == "–"
    assert show(0) != "–"


@pytest.mark.parametrize(
    ("show", "value", "text"),
    [
        (figures.whole, 12.6, "13"),
        (figures.tenths, 0.04, "0.0"),
        (figures.tenths, 12.44, "12.4"),
        (figures.tenths, 99.96, "100"),
        (figures.milliseconds, 0, "0"),
        (figures.milliseconds, 0.44, "0.4"),
        (figures.milliseconds, 9.96, "10"),
        (figures.milliseconds, 112.6, "113"),
        (figures.kilobits, 388_400, "388"),
        (figures.kilobits, 9_940, "9.9"),
        (figures.kilobits, 9_960, "10"),
        (figures.kilobits, 0, "0"),
        (figures.megabits, 812_400_000, "812"),
        (figures.megabits, 81_240_000, "81.2"),
        (figures.megabits, 8_124_000, "8.12"),
        (figures.mebibytes, 88 * 2**20, "88"),
        (figures.mebibytes, 400_000, "0.4"),
        (figures.span, 12.9, "12s"),
        (figures.span, 307, "5m07s"),
        (figures.span, 2880, "48m"),
        (figures.span, 11_540, "3h12m"),
        (figures.span, 352_800, "4d02h"),
    ],
)
def test_numbers_are_short(show: Callable[[float | None], str], value: float, text: str) -> None:
    assert show(value) == text


@pytest.mark.parametrize(("zone", "shown"), [("UTC0", "13:02:40"), ("EET-2", "15:02:40")])
def test_times_are_shown_in_the_zone_of_the_process(zone: str, shown: str, set_zone: Callable[[str], None]) -> None:
    set_zone(zone)
    assert figures.clock("2026-11-23T13:02:40.123Z") == shown
    assert figures.clock("yesterday") == figures.clock(None) == "–"


def test_a_clock_that_stepped_back_makes_no_negative_age() -> None:
    now = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
    assert figures.since("2026-11-23T12:59:00Z", now) == 60
    assert figures.since("2026-11-23T13:01:00Z", now) == 0
    assert figures.since(None, now) is None
