"""Who watches whom: lists, modes, and groups that move as little as they can."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.rooms.assignments import EVERYBODY, Assignments, Mode
from proctor_sfu.rooms.roles import Role


def covers(assignments: Assignments, viewer: str, candidate: str, role: Role = Role.PROCTOR) -> bool:
    return assignments.covers(viewer, role, candidate).assigned


def watchers(assignments: Assignments, candidate: str, proctors: list[str]) -> list[str]:
    return [proctor for proctor in proctors if covers(assignments, proctor, candidate)]


def test_by_default_everybody_watches_all() -> None:
    assert covers(EVERYBODY, "tom", "ana") and covers(EVERYBODY, "eve", "ana", Role.OBSERVER)


def test_a_list_wins_over_every_mode() -> None:
    for mode, size in ((Mode.ALL, 0), (Mode.LIST, 0), (Mode.GROUPS, 2)):
        listed = EVERYBODY.with_mode(mode, group_size=size).with_list("tom", ["ana"])
        listed = listed.with_people(["ana", "bob"], ["tom", "quin"])
        assert covers(listed, "tom", "ana") and not covers(listed, "tom", "bob")
        assert not covers(listed.with_list("tom", []), "tom", "ana"), "an empty list is nobody"
        reset = listed.with_list("tom", None)
        assert reset.lists == {} and reset.mode is mode


def test_by_list_nobody_without_one_watches_anybody() -> None:
    by_list = EVERYBODY.with_mode(Mode.LIST).with_list("tom", ["ana"])
    assert not covers(by_list, "quin", "ana") and not covers(by_list, "eve", "ana", Role.OBSERVER)


def test_groups_are_filled_in_order_and_dealt_in_turn() -> None:
    groups = EVERYBODY.with_mode(Mode.GROUPS, group_size=2).with_people(list("abcdefg"), ["tom", "quin"])
    assert groups.seats == {"a": 1, "b": 1, "c": 2, "d": 2, "e": 3, "f": 3, "g": 4}
    assert groups.dealt == {1: "tom", 2: "quin", 3: "tom", 4: "quin"}
    assert groups.covers("tom", Role.PROCTOR, "c").reason == "c is in group 2, which quin watches"
    assert covers(groups, "eve", "a", Role.OBSERVER)
    assert not covers(groups, "tom", "stranger")


def test_without_proctors_nobody_watches_and_the_first_gets_all() -> None:
    groups = EVERYBODY.with_mode(Mode.GROUPS, group_size=2).with_people(["a", "b", "c"], [])
    assert groups.dealt == {} and not covers(groups, "tom", "a")
    assert groups.with_people(["a", "b", "c"], ["tom"]).dealt == {1: "tom", 2: "tom"}


def test_nothing_new_is_the_same_value() -> None:
    groups = EVERYBODY.with_mode(Mode.GROUPS, group_size=1).with_people(["a", "b"], ["tom"])
    assert groups.with_people(["a", "b"], ["tom"]) is groups
    assert groups.with_people(["b"], ["tom"]) is groups, "whoever is away keeps the seat"
    assert EVERYBODY.with_people(["a"], ["tom"]) is EVERYBODY


def test_a_new_proctor_gets_a_fair_share_and_the_others_keep_theirs() -> None:
    candidates = [f"c{number}" for number in range(12)]
    before = EVERYBODY.with_mode(Mode.GROUPS, group_size=2).with_people(candidates, ["tom", "quin"])
    after = before.with_people(candidates, ["tom", "quin", "uma"])
    moved = {group for group, proctor in after.dealt.items() if before.dealt[group] != proctor}
    assert Counter(after.dealt.values()) == {"tom": 2, "quin": 2, "uma": 2}
    assert len(moved) == 2 and all(after.dealt[group] == "uma" for group in moved)


def test_a_proctor_that_left_is_replaced_and_the_others_keep_theirs() -> None:
    candidates = [f"c{number}" for number in range(12)]
    before = EVERYBODY.with_mode(Mode.GROUPS, group_size=2).with_people(candidates, ["tom", "quin", "uma"])
    after = before.with_people(candidates, ["tom", "uma"])
    assert all(after.dealt[group] == proctor for group, proctor in before.dealt.items() if proctor != "quin")
    assert set(after.dealt.values()) == {"tom", "uma"}


people = st.lists(st.sampled_from([f"c{number}" for number in range(40)]), unique=True)
staff = st.lists(st.sampled_from(["tom", "quin", "uma", "vic", "wes"]), unique=True)


@given(st.integers(1, 9), st.lists(st.tuples(people, staff), min_size=1, max_size=8))
def test_groups_are_fair_and_complete_whoever_comes_and_goes(
    size: int, history: list[tuple[list[str], list[str]]]
) -> None:
    groups = EVERYBODY.with_mode(Mode.GROUPS, group_size=size)
    seen: list[str] = []
    for candidates, proctors in history:
        before = dict(groups.seats)
        groups = groups.with_people(candidates, proctors)
        seen += [each for each in candidates if each not in seen]
        assert set(groups.seats) == set(seen)
        assert before.items() <= groups.seats.items(), "nobody changes groups"
        assert max(Counter(groups.seats.values()).values(), default=0) <= size
        for candidate in seen:
            assert len(watchers(groups, candidate, proctors)) == (1 if proctors else 0)
        loads = Counter(dict.fromkeys(proctors, 0)) + Counter(groups.dealt.values())
        if proctors:
            counts = [loads.get(proctor, 0) for proctor in proctors]
            assert max(counts) - min(counts) <= 1
