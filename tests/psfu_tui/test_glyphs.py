from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from psfu_tui import glyphs


def test_levels_differ_without_colour_and_in_ascii() -> None:
    assert len(set(glyphs.LEVEL.values())) == 4
    assert {glyphs.to_ascii(sign) for sign in glyphs.LEVEL.values()} == {".", "!", "X", "-"}


def test_names_lose_their_accents_and_nothing_else() -> None:
    assert glyphs.to_ascii("Žukauskienė Söderström") == "Zukauskiene Soderstrom"
    assert glyphs.to_ascii("田中") == "????"


@given(st.text(alphabet=st.characters(exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Mn", "Me", "Mc"))))
def test_ascii_is_ascii_and_keeps_the_width(text: str) -> None:
    shown = glyphs.to_ascii(text)
    assert shown.isascii()
    if not any(0x1F1E6 <= ord(each) <= 0x1F1FF or 0x1F3FB <= ord(each) <= 0x1F3FF for each in text):
        # Flags and skin tones melt with what is beside them.
        assert len(shown) == sum(cell_len(each) for each in text)


def test_a_line_rises_and_falls() -> None:
    assert glyphs.line([0, 0, 1, 1], 1, 1) == ["⣀⠏"]


def test_a_step_is_drawn_through() -> None:
    assert glyphs.line([0, 2], 2, 2) == ["⢸", "⡸"]


def test_a_hole_stays_a_hole() -> None:
    assert glyphs.line([1, 1, None, None, 1, 1], 1, 1)[0][1] == " "


def test_nothing_is_drawn_of_nothing() -> None:
    assert glyphs.line([], 1, 2) == ["", ""]
    assert glyphs.line([None, None], 0, 1) == [" "]
    assert glyphs.line([0, 0], 0, 1) == ["⣀"]
