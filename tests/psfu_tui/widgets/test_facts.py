from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from psfu_tui.widgets.facts import Fact, facts, fold
from support import frames


def lines(line: list[Fact], width: int) -> list[str]:
    return [each.plain for each in fold(line, width)]


def test_facts_stay_together() -> None:
    line: list[Fact] = [[("room ", ""), ("exam-1", "")], [("rtt ", ""), ("20 ms", "")]]
    assert lines(line, 40) == [" room exam-1   rtt 20 ms"]
    assert lines(line, 20) == [" room exam-1", "   rtt 20 ms"]


def test_a_fact_that_is_too_long_is_broken_between_words() -> None:
    assert lines([[("✖ ", ""), ("four words of it", "")]], 14) == [" ✖ four words", "   of it"]
    assert lines([[("x" * 20, "")]], 10) == [" " + "x" * 20]


@given(st.lists(st.lists(st.tuples(st.text("ab 漢", max_size=12), st.just("")), min_size=1, max_size=3), max_size=4),
       st.integers(min_value=8, max_value=60))  # fmt: skip
def test_nothing_is_lost(line: list[Fact], width: int) -> None:
    told = "".join("".join(text for text, _ in fact) for fact in line)
    assert "".join(lines(line, width)).replace(" ", "") == told.replace(" ", "")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "nothing to complain of"),
        ({"level": "none", "state": "expected"}, "nothing to judge"),
        ({"level": "bad", "reasons": ("loss",)}, "packets are lost for good"),
        ({"level": "bad", "missing": ("screen",), "reasons": ("source_missing",)},
         "screen is required and not published"),
        ({"rtt_ms": None}, "– (the client does not answer RTCP XR)"),
        ({"rtt_ms": None, "sources": ()}, "rtt –   jitter"),
        ({"rtt_ms": None, "sources": (frames.source(silent_s=4.0),)}, "rtt –   jitter"),
        ({"available_bitrate": None}, "could send –"),
        ({"recording": "error"}, "FAILED"),
        ({"watchers": ()}, "nobody"),
    ],
)  # fmt: skip
def test_what_is_said_of_a_candidate(changed: dict[str, object], told: str) -> None:
    shown = facts(frames.candidate(**changed), [], "08:00:00", gone=False)
    text = "\n".join("   ".join("".join(part for part, _ in fact) for fact in line) for line in shown)
    assert told in text


def test_who_is_gone_is_said_to_be() -> None:
    first = facts(frames.candidate(), [], "–", gone=True)[0]
    assert "gone" in [text for fact in first for text, _ in fact]
