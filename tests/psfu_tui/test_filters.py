from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.control.api.quality import Candidate
from psfu_tui.completion import complete
from psfu_tui.filters import DEEPEST, LONGEST, FilterError, parse, tokens
from psfu_tui.options import TABLES
from psfu_tui.tables.candidates import CANDIDATES
from psfu_tui.tables.recordings import RECORDINGS
from psfu_tui.tables.workers import WORKERS
from support import frames

ANA = frames.candidate(1, id="ana.k", name="Ana Kovač", room="exam-1", loss=6.2, rtt_ms=None, state="degraded",
                       level="bad", reasons=("loss",), health=20)  # fmt: skip
BOB = frames.candidate(2, id="bob", name="Bob 田中", room="exam-2", loss=0.0, rtt_ms=250.0, state_s=700.0)
CEM = frames.candidate(3, id="cem", name='Cem "C" Or', room="demo", loss=3.0, rtt_ms=20.0, state="lost", sources=())
EVERYBODY = (ANA, BOB, CEM)


def found(text: str, records: Sequence[Candidate] = EVERYBODY) -> str:
    """Return the initials of those a filter lets through."""
    return "".join(each.id[0] for each in parse(text, CANDIDATES).of(tuple(records)))


@pytest.mark.parametrize(
    ("text", "initials"),
    [
        ("", "abc"),
        ("   ", "abc"),
        ("ana", "a"),
        ("KOVAČ", "a"),
        ("田中", "b"),
        ("exam", "ab"),
        ("exam ana", "a"),
        ("!exam", "c"),
        ("!!exam", "ab"),
        ("~akv", "a"),
        ("~ee", "a"),
        ("loss>3", "a"),
        ("loss>=3", "ac"),
        ("loss > 3", "a"),
        ("loss<3", "b"),
        ("loss=0", "b"),
        ("loss!=0", "ac"),
        ("loss:0", "b"),
        ("rtt:none", "a"),
        ("rtt=none", "a"),
        ("rtt!=none", "bc"),
        ("rtt>200", "b"),
        ("!rtt>200", "ac"),
        ("camera<400", "ab"),
        ("camera<400k", "ab"),
        ("camera<0.4M", "ab"),
        ("camera<0.0004g", "ab"),
        ("camera:none", "c"),
        ("for>5m", "b"),
        ("for<1h for>=700s", "b"),
        ("room:exam", "ab"),
        ("room=exam-1", "a"),
        ("room!=exam-1", "bc"),
        ("ROOM=EXAM-1", "a"),
        ("state:deg", "a"),
        ("state:lost,degraded", "ac"),
        ("state!=lost,degraded", "b"),
        ("level:bad", "a"),
        ("level:none", ""),
        ("health<40 or state:lost", "ac"),
        ("health<40 | state:lost", "ac"),
        ("(health<40 or state:lost) !room:demo", "a"),
        ("!(health<40 or state:lost)", "b"),
        ('"Cem"', "c"),
        ('"state:lost"', ""),
        ('name:"bob 田中"', "b"),
        ('"or"', "c"),
        ("name:田", "b"),
        ('"unfinished', ""),
        ("why:loss", "a"),
    ],
)
def test_the_language(text: str, initials: str) -> None:
    assert found(text) == initials


@pytest.mark.parametrize(
    ("text", "at", "told"),
    [
        ("los>3", 0, "candidates have no 'los'; 'loss'?"),
        ("exam wat:3", 5, "candidates have no 'wat'"),
        ("loss>x", 5, "'x' is no number; loss is one"),
        ("loss>3q", 5, "'q' is no unit of loss"),
        ("camera>3h", 7, "'h' is no unit of camera; there are k, m, g"),
        ("for>3w", 4, "'w' is no unit of for; there are s, m, h, d"),
        ("room>3", 4, "room is a text: 'room:3'"),
        ("state:gap", 6, "state is never 'gap'; it is expected, joining, live"),
        ("rtt>none", 3, "'none' cannot be compared with '>'"),
        ("loss>", 5, "a word is missing after '>'"),
        ("loss>3,", 7, "a word is missing after '>'"),
        ("~", 1, "a word is missing after '~'"),
        ("(ana", 0, "'(' is not closed"),
        ("ana)", 3, "')' has no beginning"),
        ("or ana", 0, "'or' has nothing before it"),
        ("ana or", 6, "something is missing at the end"),
        ("!", 1, "something is missing at the end"),
        (",", 0, "',' has nothing before it"),
        ("> 3", 0, "'>' has nothing before it"),
        ("!" * (DEEPEST + 1) + "ana", DEEPEST, "within one another"),
        ("(" * 100 + "ana", DEEPEST, "within one another"),
        ("a" * (LONGEST + 1), LONGEST, f"at most {LONGEST} letters"),
    ],
)
def test_what_is_not_understood_is_told_with_its_place(text: str, at: int, told: str) -> None:
    with pytest.raises(FilterError) as error:
        parse(text, CANDIDATES)
    assert (error.value.at, error.value.reason) == (at, "bad_filter")
    assert told in str(error.value)


def test_sizes_are_in_the_unit_of_the_table() -> None:
    worker = frames.worker(memory=80 * 2**20)
    assert parse("memory>79", WORKERS).matches(worker)
    assert not parse("memory>81", WORKERS).matches(worker)
    assert parse("memory<0.1g", WORKERS).matches(worker)


@given(st.text(max_size=80))
def test_any_text_is_understood_or_refused_in_one_line(text: str) -> None:
    for table in TABLES.values():
        try:
            parse(text, table)
        except FilterError as error:
            assert 0 <= error.at <= max(len(text), LONGEST)
            assert str(error)


WORDS = st.sampled_from(["ana", "exam", "loss>3", "rtt:none", "state:lost", "room=demo", '"a b"', "~bo", "camera<400"])
FILTERS = st.recursive(
    WORDS,
    lambda inner: st.one_of(
        st.builds("!{}".format, inner.map(lambda text: f"({text})")),
        st.builds("{} {}".format, inner, inner),
        st.builds("({} or {})".format, inner, inner),
    ),
    max_leaves=6,
)


@given(FILTERS)
def test_not_is_the_other_half(text: str) -> None:
    assert sorted(found(text) + found(f"!({text})")) == ["a", "b", "c"]


@given(FILTERS, FILTERS)
def test_both_is_what_both_find_and_or_what_either_finds(one: str, other: str) -> None:
    first, second = set(found(one)), set(found(other))
    assert set(found(f"({one}) ({other})")) == first & second
    assert set(found(f"{one} or {other}")) == first | second


@given(FILTERS)
def test_spaces_do_not_matter(text: str) -> None:
    spaced = " ".join(each.text for each in tokens(text) if each.kind != "end")
    assert found(f"  {spaced}  ") == found(text)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("", ()),
        ("l", ("level:", "loss>")),
        ("loss>3 st", ("state:",)),
        ("(st", ("state:",)),
        ("state:", ("expected", "joining", "live", "degraded", "reconnecting", "lost", "left")),
        ("state:l", ("live", "lost", "left")),
        ("state:lost,d", ("degraded",)),
        ("path=", ("udp", "tcp", "relay")),
        ("room:", ("demo", "exam-1", "exam-2")),
        ("room:exam-1", ()),
        ("name:b", ('"Bob 田中"',)),
        ("loss>", ()),
        ("wat:", ()),
        ("loss>3 ", ()),
    ],
)
def test_what_may_come_next(text: str, options: tuple[str, ...]) -> None:
    assert complete(text, CANDIDATES, EVERYBODY).options == options


@given(st.text(max_size=40))
def test_completing_any_text_fails_never_and_keeps_what_was_typed(text: str) -> None:
    completion = complete(text, CANDIDATES, EVERYBODY)
    assert text[: completion.start] + text[completion.start :] == text
    first = completion.first(text)
    assert first is None or first.startswith(text[: completion.start])


def test_a_completed_value_is_understood_again() -> None:
    for begun in ("name:c", "name:b", "name:a", "room:d", "state:de"):
        completed = complete(begun, CANDIDATES, EVERYBODY).first(begun)
        assert completed is not None
        assert len(found(completed)) == 1, completed


def test_choices_of_every_table_are_understood() -> None:
    for table in (*TABLES.values(), RECORDINGS):
        for column in table.columns:
            for choice in column.choices:
                parse(f"{column.name}:{choice}", table)
