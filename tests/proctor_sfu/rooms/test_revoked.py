"""Which tokens a revocation covers."""

from __future__ import annotations

from typing import Any

import pytest

from proctor_sfu.rooms.claims import Claims
from proctor_sfu.rooms.revoked import Revocation, Revoked
from proctor_sfu.rooms.roles import Role


def claims(**changed: Any) -> Claims:
    values: dict[str, Any] = {
        "room": "exam", "subject": "ana", "role": Role.CANDIDATE, "name": "Ana", "sources": (), "expires": 900.0,
        "not_before": None, "issued": 100.0, "id": "t1",
    }  # fmt: skip
    return Claims(**(values | changed))


TOKEN = Revocation(kind="token", value="t1", room=None, at=200.0)
SUBJECT = Revocation(kind="subject", value="ana", room=None, at=200.0)
IN_ROOM = Revocation(kind="subject", value="ana", room="exam", at=200.0)


@pytest.mark.parametrize(
    ("revocation", "changed", "covered"),
    [
        (TOKEN, {}, True),
        (TOKEN, {"id": "t2"}, False),
        (TOKEN, {"id": None}, False),
        (TOKEN, {"subject": "bob", "issued": 999.0}, True),
        (SUBJECT, {}, True),
        (SUBJECT, {"room": "other"}, True),
        (SUBJECT, {"subject": "bob"}, False),
        (SUBJECT, {"issued": 200.0}, True),
        (SUBJECT, {"issued": 200.1}, False),
        (SUBJECT, {"issued": None}, True),
        (IN_ROOM, {}, True),
        (IN_ROOM, {"room": "other"}, False),
    ],
)
def test_what_is_covered(revocation: Revocation, changed: dict[str, Any], covered: bool) -> None:
    assert revocation.covers(claims(**changed)) is covered
    assert (Revoked([revocation]).find(claims(**changed)) is revocation) is covered


def test_a_later_one_takes_the_place_of_an_earlier_one_of_the_same_room() -> None:
    later = Revocation(kind="subject", value="ana", room=None, at=300.0)
    known = Revoked([SUBJECT, IN_ROOM, later, TOKEN])
    assert known.all() == [IN_ROOM, TOKEN, later]
    assert known.find(claims(id="t9", issued=250.0)) is later
