"""What a room may be asked to be, when it is open, and who may be on its roster."""

from __future__ import annotations

from typing import Any

import pytest

from proctor_sfu.errors import RefusedError
from proctor_sfu.rooms.profile import Expected, Profile, checked_roster
from proctor_sfu.rooms.roles import Source


def profile(**changed: Any) -> Profile:
    return Profile(**({"id": "exam", "open": False, "created_at": 100.0, "max_candidates": 3} | changed))


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"id": "../x"}, "a room id"),
        ({"required": (Source.VOICE,)}, "never sends voice"),
        ({"record": (Source.VOICE,)}, "never sends voice"),
        ({"expires": 100.0}, "would expire"),
        ({"not_before": 300.0, "expires": 300.0}, "would expire"),
    ],
)
def test_what_makes_no_sense_is_refused(changed: dict[str, Any], reason: str) -> None:
    with pytest.raises(RefusedError, match=reason) as refused:
        profile(**changed).checked()
    assert refused.value.reason == "bad_data"


@pytest.mark.parametrize(
    ("now", "code"), [(199.0, "room_not_open_yet"), (200.0, None), (299.0, None), (300.0, "room_expired")]
)
def test_when_it_is_open(now: float, code: str | None) -> None:
    room = profile(not_before=200.0, expires=300.0).checked()
    if code is None:
        room.require_open_at(now)
        return
    with pytest.raises(RefusedError) as refused:
        room.require_open_at(now)
    assert refused.value.reason == code


def test_a_roster_is_checked_and_its_names_are_made_safe() -> None:
    people = (Expected(id="ana", name="Ana\x1b[2J\u202e"), Expected(id="bob", name="\x00"))
    assert [each.name for each in checked_roster(people)] == ["Ana[2J", "bob"]
    for wrong in ((Expected(id="a b", name=""),), (people[0], people[0])):
        with pytest.raises(RefusedError) as refused:
            checked_roster(wrong)
        assert refused.value.reason == "bad_data"
