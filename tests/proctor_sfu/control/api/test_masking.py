"""Events under the privacy mask: nobody's name, id or address is left, and nothing else is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from proctor_sfu.control.api.events import Event
from proctor_sfu.control.api.masking import Mask

MASK = Mask(b"a key for tests")


def masked(kind: str, peer: str | None, **details: Any) -> Event:
    return MASK.event(Event(number=1, at="2026-01-01T09:00:00Z", kind=kind, room="exam-1", peer=peer, details=details))


@pytest.mark.parametrize(
    ("kind", "peer", "details"),
    [
        ("peer_entered", "ana", {"role": "candidate", "name": "Ana Kovač", "address": "192.0.2.7"}),
        ("peer_entered", "ana", {"role": "candidate", "name": 'Ana "K" Kovač', "address": "2001:db8::7"}),
        ("bookmarked", "bob", {"id": "b-1", "by": "zoe", "note": "Bob looks at Ana"}),
        ("recording_begun", "ana", {"recording": "exam-1/ana/20260101T090000Z", "resumed": False}),
        ("incident_found", None, {
            "candidates": ["exam-1/ana", "exam-1/bob"], "shared": "network", "value": "192.0.2.0/24",
            "summary": "2 candidates got worse at once: all in network 192.0.2.0/24, nobody there is well",
        }),
        ("incident_found", None, {
            "candidates": ["exam-1/ana", "exam-1/bob"], "shared": "worker", "value": "1",
            "summary": "2 candidates got worse at once: all on worker 1 and in network 192.0.2.0/24, nobody is well",
        }),
        ("incident_found", None, {
            "candidates": ["exam-1/ana"], "shared": "proctor", "value": "zoe",
            "summary": "the downlink of proctor zoe is bad; the 1 candidates it watches are not",
        }),
        ("login_refused", None, {"code": "expired", "address": "192.0.2.7"}),
    ],
)  # fmt: skip
def test_nobody_is_named(kind: str, peer: str | None, details: dict[str, Any]) -> None:
    event = masked(kind, peer, **details)
    text = json.dumps([event.peer, event.details], ensure_ascii=False).lower()
    assert not any(each in text for each in ("ana", "bob", "zoe", "kova", "192.0.2", "2001:db8"))
    assert event.details.keys() == details.keys()


def test_what_is_the_id_of_somebody_and_something_else_too_breaks_nothing() -> None:
    event = masked("level_changed", "5", level="bad", health=5, reasons=["loss"])
    assert event.details == {"level": "bad", "health": 5, "reasons": ["loss"]}
    event = masked("level_changed", "level", level="bad")
    assert list(event.details) == ["level"]
