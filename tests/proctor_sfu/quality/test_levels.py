from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.quality.levels import Debounce, Level, above, below, grade

OK, WARN, BAD = Level.OK, Level.WARN, Level.BAD


# Patience.


def levels(*samples: Level) -> list[Level]:
    debounce = Debounce()
    return [debounce.feed(each) for each in samples]


def test_worse_after_three_of_five() -> None:
    assert levels(BAD, OK, BAD, OK, BAD) == [OK, OK, OK, OK, BAD]
    assert levels(BAD, BAD, OK, OK, OK, BAD, BAD) == [OK] * 7
    assert levels(WARN, BAD, BAD) == [OK, OK, WARN]
    assert levels(BAD, BAD, BAD) == [OK, OK, BAD]


def test_better_after_five_good_ones() -> None:
    assert levels(BAD, BAD, BAD, OK, OK, OK, OK, OK) == [OK, OK, BAD, BAD, BAD, BAD, BAD, OK]
    assert levels(BAD, BAD, BAD, OK, OK, OK, OK, WARN, OK) == [OK, OK] + [BAD] * 5 + [WARN] * 2
    assert levels(BAD, BAD, BAD, OK, OK, OK, OK, BAD, OK)[-1] is BAD


@given(st.lists(st.sampled_from([OK, WARN, BAD]), max_size=60))
def test_a_level_moves_only_with_good_reason(samples: list[Level]) -> None:
    for (index, level), before in zip(enumerate(levels(*samples)), [OK, *levels(*samples)], strict=False):
        recent = samples[max(0, index - 4) : index + 1]
        if level > before:
            assert sum(each >= level for each in recent) >= 3
        if level < before:
            assert len(recent) == 5 and max(recent) <= level


# Thresholds.


@pytest.mark.parametrize(("value", "level"), [(None, OK), (1.9, OK), (2, WARN), (5.9, WARN), (6, BAD), (100, BAD)])
def test_more_is_worse(value: float | None, level: Level) -> None:
    assert above(value, 2, 6) is level


@pytest.mark.parametrize(("value", "level"), [(None, OK), (0.5, OK), (0.49, WARN), (0.2, WARN), (0.19, BAD), (0, BAD)])
def test_less_is_worse(value: float | None, level: Level) -> None:
    assert below(value, 0.5, 0.2) is level


def test_grades_go_through_the_thresholds() -> None:
    assert [grade(each, 2, 6, 30) for each in (None, 0, 1, 2, 6, 30, 99)] == [100, 100, 90, 80, 40, 0, 0]
    assert [grade(each, 0.5, 0.2, 0) for each in (1, 0.5, 0.2, 0)] == [100, 80, 40, 0]


@given(st.floats(0, 100), st.floats(0, 100))
def test_grades_never_rise_with_the_loss(one: float, other: float) -> None:
    less, more = sorted((one, other))
    assert 0 <= grade(more, 2, 6, 30) <= grade(less, 2, 6, 30) <= 100


def test_equal_thresholds_are_no_division_by_nothing() -> None:
    assert grade(5, 5, 5, 5) >= 0
    assert grade(0, 0, 0, 0) >= 0
