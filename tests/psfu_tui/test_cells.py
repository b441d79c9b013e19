from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from psfu_tui import cells

HOSTILE = "bad\x1b[2J\x1b]0;x\x07\u202e[red]\u200d\x9b31m"


@pytest.mark.parametrize(
    ("text", "size", "fitted"),
    [
        ("ana", 5, "ana  "),
        ("ana", 3, "ana"),
        ("anabel", 4, "ana…"),
        ("anabel", 1, "…"),
        ("", 2, "  "),
        ("日本語", 6, "日本語"),
        ("日本語", 7, "日本語 "),
        ("日本語", 5, "日本…"),
        ("日本語", 4, "日 …"),
        ("日本語", 2, " …"),
        ("👍🏽 ok", 5, "👍🏽 ok"),
        ("e\u0301t\u0301e", 3, "e\u0301t\u0301e"),
    ],
)
def test_texts_are_cut_and_padded_to_cells(text: str, size: int, fitted: str) -> None:
    assert cells.fit(text, size) == fitted
    assert cell_len(fitted) == size


def test_numbers_end_at_the_right() -> None:
    assert cells.fit("12", 4, left=False) == "  12"


@given(st.text(max_size=60), st.integers(min_value=1, max_value=30), st.booleans())
def test_whatever_it_is_it_takes_exactly_its_cells(text: str, size: int, left: bool) -> None:
    assert cell_len(cells.fit(text, size, left=left)) == size


@given(st.text(max_size=60))
def test_nothing_that_steers_a_terminal_gets_through(text: str) -> None:
    kinds = {unicodedata.category(each) for each in cells.clean(text)}
    assert not kinds & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def test_escape_sequences_become_letters() -> None:
    assert cells.clean(HOSTILE) == "bad[2J]0;x[red]31m"


def test_a_variation_that_changes_the_width_is_left_out() -> None:
    assert cells.clean("❤\ufe0f") == "❤"
