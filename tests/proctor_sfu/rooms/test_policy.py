"""The policy, every role × every action × every target, against a table written down a second time by hand."""

from __future__ import annotations

import itertools
from typing import Final

import pytest

from proctor_sfu.rooms.policy import (
    PRODUCE,
    TABLE,
    Action,
    Decision,
    Target,
    decide,
    decide_produce,
    ever,
    relation,
    roles_that_may,
    sources_of,
)
from proctor_sfu.rooms.roles import Role, Source

LETTERS: Final = dict(zip("oaupleN", Target, strict=True))
"""o: own, a: an assigned candidate, u: an unassigned one, p: proctor, l: lead, e: observer (examiner), N: the room."""

EXPECTED: Final = """
                    candidate  proctor  lead     observer
send                o          o        o        -
receive             o          o        o        o
produce_camera      o          -        -        -
produce_screen      o          -        -        -
produce_microphone  o          -        -        -
produce_voice       -          o        o        -
list                -          N        N        N
see                 o          oa       oauple   oa
watch               -          a        au       a
consume             -          a        au       a
hear                pl         -        -        -
whisper             -          a        au       -
announce            -          N        N        -
message             -          a        au       -
message_all         -          N        N        -
message_proctors    N          -        -        -
read                o          aN       auN      -
raise_hand          o          -        -        -
bookmark            -          a        au       -
pause_source        -          -        au       -
kick                -          -        aupe     -
assign              -          -        pe       -
view_recording      -          a        au       -
"""


def expected() -> dict[tuple[Role, Action], frozenset[Target]]:
    head, *rows = [line.split() for line in EXPECTED.strip().splitlines()]
    return {
        (Role(role), Action(row[0])): frozenset(LETTERS[each] for each in cell if each != "-")
        for row in rows
        for role, cell in zip(head, row[1:], strict=True)
    }


def test_the_table_written_by_hand_is_complete() -> None:
    assert set(expected()) == set(itertools.product(Role, Action))
    assert set(TABLE) == set(Action)
    assert set(PRODUCE) == set(Source)


@pytest.mark.parametrize(("role", "action", "target"), list(itertools.product(Role, Action, Target)))
def test_every_decision(role: Role, action: Action, target: Target) -> None:
    decision = decide(role, action, target)
    assert decision.allowed is (target in expected()[role, action])
    assert decision.reason and "\n" not in decision.reason and role in decision.reason
    assert ever(role, action).allowed is bool(expected()[role, action])


@pytest.mark.parametrize(("role", "action"), list(itertools.product(Role, Action)))
def test_who_may_do_something_to_others(role: Role, action: Action) -> None:
    others = [decide(role, action, target).allowed for target in Target if target is not Target.OWN]
    assert (role in roles_that_may(action)) is any(others)


def test_no_candidate_reaches_another() -> None:
    """Whatever is added to the table later: between candidates nothing is allowed."""
    for action in Action:
        for target in (Target.ASSIGNED, Target.UNASSIGNED):
            assert not decide(Role.CANDIDATE, action, target)


def test_an_observer_never_changes_or_publishes_anything() -> None:
    assert {action for action in Action if ever(Role.OBSERVER, action)} == {
        Action.RECEIVE, Action.LIST, Action.SEE, Action.WATCH, Action.CONSUME,
    }  # fmt: skip


def test_a_lead_may_do_all_a_proctor_may() -> None:
    for action, target in itertools.product(Action, Target):
        assert decide(Role.LEAD, action, target).allowed >= decide(Role.PROCTOR, action, target).allowed


@pytest.mark.parametrize(("role", "source"), list(itertools.product(Role, Source)))
def test_a_token_narrows_what_is_published_and_never_widens_it(role: Role, source: Source) -> None:
    by_role = decide(role, PRODUCE[source], Target.OWN)
    assert decide_produce(role, source, set(Source)) == by_role
    assert not decide_produce(role, source, set(Source) - {source})
    assert (source in sources_of(role)) is by_role.allowed


def test_reasons_say_which_rule() -> None:
    def why(role: Role, action: Action, target: Target) -> str:
        return decide(role, action, target).reason

    assert why(Role.PROCTOR, Action.CONSUME, Target.ASSIGNED) == "a proctor may consume: a candidate assigned to it"
    assert why(Role.PROCTOR, Action.CONSUME, Target.UNASSIGNED) == (
        "a proctor may consume only: a candidate assigned to it; not: a candidate not assigned to it"
    )
    assert why(Role.CANDIDATE, Action.CONSUME, Target.UNASSIGNED) == "a candidate may not consume"
    assert why(Role.OBSERVER, Action.KICK, Target.NONE) == "an observer may not kick"
    assert decide_produce(Role.CANDIDATE, Source.SCREEN, {Source.CAMERA}) == Decision(
        allowed=False, reason="the token does not allow screen"
    )


def test_relation() -> None:
    for role, assigned in itertools.product(Role, (True, False)):
        assert relation("ana", "ana", role, assigned=assigned) is Target.OWN
    assert relation("tom", "ana", Role.CANDIDATE, assigned=True) is Target.ASSIGNED
    assert relation("tom", "ana", Role.CANDIDATE, assigned=False) is Target.UNASSIGNED
    for role in (Role.PROCTOR, Role.LEAD, Role.OBSERVER):
        assert relation("ana", "tom", role, assigned=True) == Target(role.value)
