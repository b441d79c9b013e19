from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.control.api.quality import Candidate
from psfu_tui.ordering import CALM, Order, Sort, initial, ordered
from psfu_tui.tables.candidates import CANDIDATES
from support import frames

WORST = Sort(column="health")


def somebody(name: str, health: int | None, level: str = "ok") -> Candidate:
    return frames.candidate(id=name, name=name, health=health, level=level)


def ids(records: list[Candidate]) -> str:
    return "".join(each.id for each in records)


def test_the_worst_come_first_and_who_cannot_be_judged_last() -> None:
    people = [somebody("a", 99), somebody("b", 10, "bad"), somebody("c", None, "none"), somebody("d", 60, "warn"),
              somebody("e", 0, "bad")]  # fmt: skip
    assert ids(ordered(CANDIDATES, people, WORST)) == "ebdac"


def test_what_is_not_known_comes_last_either_way() -> None:
    people = [frames.candidate(id="a", rtt_ms=None), frames.candidate(id="b", rtt_ms=5.0),
              frames.candidate(id="c", rtt_ms=9.0)]  # fmt: skip
    assert ids(ordered(CANDIDATES, people, Sort(column="rtt"))) == "bca"
    assert ids(ordered(CANDIDATES, people, Sort(column="rtt", descending=True))) == "cba"


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.sampled_from([0, 50, 99])), unique_by=lambda pair: pair[0]),
       st.randoms())  # fmt: skip
def test_equal_ones_keep_one_order_however_they_come(pairs: list[tuple[str, int]], chance: random.Random) -> None:
    people = [somebody(name, health) for name, health in pairs]
    mixed = people.copy()
    chance.shuffle(mixed)
    for name in ("health", "room", "loss", "state"):
        for descending in (False, True):
            sort = Sort(column=name, descending=descending)
            assert ids(ordered(CANDIDATES, people, sort)) == ids(ordered(CANDIDATES, mixed, sort))


def test_rows_rest_between_two_sorts() -> None:
    order = Order(CANDIDATES, WORST)
    assert ids(order.arrange([somebody("a", 10), somebody("b", 20)], 100.0)) == "ab"
    better = [somebody("a", 90), somebody("b", 20)]
    assert ids(order.arrange(better, 100.0 + CALM - 0.1)) == "ab"
    assert ids(order.arrange(better, 100.0 + CALM)) == "ba"


def test_who_turns_bad_does_not_wait() -> None:
    order = Order(CANDIDATES, WORST)
    order.arrange([somebody("a", 50), somebody("b", 60)], 100.0)
    assert ids(order.arrange([somebody("a", 50), somebody("b", 5, "bad")], 101.0)) == "ba"
    # Once there, being bad is nothing new.
    assert ids(order.arrange([somebody("a", 3), somebody("b", 5, "bad")], 102.0)) == "ba"


def test_who_comes_waits_at_the_end_and_who_goes_is_gone() -> None:
    order = Order(CANDIDATES, WORST)
    order.arrange([somebody("a", 10), somebody("b", 20)], 100.0)
    assert ids(order.arrange([somebody("c", 0), somebody("b", 20), somebody("a", 10)], 101.0)) == "abc"
    assert ids(order.arrange([somebody("c", 0), somebody("a", 10)], 102.0)) == "ac"


def test_the_first_to_come_are_sorted_at_once() -> None:
    order = Order(CANDIDATES, WORST)
    assert order.arrange([], 100.0) == []
    assert ids(order.arrange([somebody("a", 90), somebody("b", 20)], 101.0)) == "ba"


def test_another_sort_is_at_once_and_a_clock_that_steps_back_stops_nothing() -> None:
    order = Order(CANDIDATES, WORST)
    people = [somebody("a", 10), somebody("b", 20)]
    order.arrange(people, 100.0)
    order.by(Sort(column="name", descending=True))
    assert ids(order.arrange(people, 100.5)) == "ba"
    assert ids(order.arrange([somebody("c", 0), *people], 50.0)) == "cba"


def test_numbers_begin_with_the_largest_where_large_is_bad() -> None:
    assert initial(CANDIDATES, "loss").descending
    assert not initial(CANDIDATES, "camera").descending
    with pytest.raises(ValueError):
        ordered(CANDIDATES, [], Sort(column="wat"))
