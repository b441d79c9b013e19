from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psfu_tui.widgets.plot import columns, nice
from psfu_tui.widgets.table_lines import scroll_bar


@pytest.mark.parametrize(("value", "top"), [(0, 1), (1, 1), (1.1, 2), (4, 5), (6, 10), (99, 100), (101, 200)])
def test_scales_end_at_round_numbers(value: float, top: float) -> None:
    assert nice(value) == top


def test_numbers_that_fall_together_leave_the_highest() -> None:
    assert columns([1, 9, None, None, 3, None], 3) == [9, None, 3]
    assert columns([1, 2], 4) == [None, None, 1, 2]
    assert columns([], 2) == [None, None]


@given(st.lists(st.one_of(st.none(), st.floats(0, 100)), max_size=300), st.integers(min_value=1, max_value=120))
def test_there_are_as_many_numbers_as_there_is_room_for(values: list[float | None], count: int) -> None:
    found = columns(values, count)
    assert len(found) == count
    assert max((v for v in found if v is not None), default=None) == max(
        (v for v in values if v is not None), default=None
    )


@given(st.integers(0, 2000), st.integers(0, 100), st.integers(0, 2000))
def test_the_scroll_bar_is_always_in_sight(top: int, rows: int, count: int) -> None:
    bar = scroll_bar(top, rows, count)
    assert not bar or (0 <= bar.start < bar.stop <= rows)
    assert bool(bar) == (count > rows >= 1)


def test_the_scroll_bar_is_at_the_end_at_the_end() -> None:
    assert scroll_bar(0, 10, 100) == range(1)
    assert scroll_bar(90, 10, 100) == range(9, 10)
