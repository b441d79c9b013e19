from __future__ import annotations

import dataclasses
import inspect
from typing import Any

import pytest

from proctor_sfu import events
from proctor_sfu.control.api.events import DAMAGED, MISSED, Event
from proctor_sfu.control.api.sentences import SAY
from psfu_tui.happenings import Log
from psfu_tui.sentences import happening
from support.watching import happening as made

KINDS = {
    each.kind: each for _, each in inspect.getmembers(events, inspect.isclass)
    if issubclass(each, events.Event) and "kind" in vars(each)
}  # fmt: skip


def event(kind: str, **details: Any) -> Event:
    return Event(number=1, at="2026-11-23T13:00:00Z", kind=kind, room="exam-1", peer="ana", details=details)


def test_no_sentence_is_of_an_event_there_is_not() -> None:
    assert set(SAY) <= set(KINDS) | {MISSED, DAMAGED}
    assert len(set(KINDS) - set(SAY)) < 5, "too many events are shown as a list of their members"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_member_a_sentence_needs_is_one_of_the_event(kind: str) -> None:
    members = {each.name: "x" for each in dataclasses.fields(KINDS[kind]) if each.name not in ("room", "peer")}
    assert "?" not in happening(event(kind, **members)).text
    assert happening(event(kind)).text, "an event of another version has other members"


@pytest.mark.parametrize(
    ("kind", "details", "level", "text"),
    [
        ("level_changed", {"before": "ok", "level": "bad", "reasons": ["loss", "rtt"], "role": "candidate"}, "bad",
         "bad (was ok): packets are lost for good; the way to the server and back is long"),
        ("level_changed", {"before": "bad", "level": "bad", "reasons": ["gap"]}, "bad",
         "bad: media stopped for a while"),
        ("level_changed", {"before": "bad", "level": "ok", "reasons": []}, "ok", "ok (was bad)"),
        ("peer_state_changed", {"before": "live", "state": "lost", "reasons": []}, "bad", "lost (was live)"),
        ("peer_state_changed", {"before": "lost", "state": "live"}, "ok", "live (was lost)"),
        ("room_moved", {"worker": None}, "bad", "its worker is gone; moving"),
        ("room_moved", {"worker": 12}, "ok", "now on worker 12"),
        ("hand_raised", {"raised": True}, "warn", "hand raised"),
        ("incident_found", {"summary": "3 share a network", "candidates": []}, "bad", "3 share a network"),
        ("uplink_thin", {"held_back": ["camera"], "available": 9}, "warn", "thin uplink: camera held back"),
        ("recording_disk", {"trouble": "disk-full", "reason": "x"}, "bad", "disk of the recordings: disk-full"),
        ("recording_disk", {"trouble": "", "reason": ""}, "ok", "the disk of the recordings is well again"),
        (MISSED, {"count": 7}, "warn", "7 events were forgotten before they could be read"),
        (DAMAGED, {"damage": "no object"}, "warn", "the event of this time is damaged and cannot be read: no object"),
        ("later_kind", {"some": 1, "none": None, "list": []}, "none", "some=1"),
    ],
)  # fmt: skip
def test_sentences(kind: str, details: dict[str, Any], level: str, text: str) -> None:
    said = happening(event(kind, **details))
    assert (said.level, said.text, said.room, said.peer) == (level, text, "exam-1", "ana")


def test_what_people_typed_is_kept_apart_and_whom_it_names_is_known() -> None:
    noted = happening(event("bookmarked", id="1", by="eve", note="looks at Bob's screen"))
    assert (noted.note, noted.people) == ("looks at Bob's screen", ("eve",))
    assert "Bob" not in noted.text
    shared = {"candidates": ["exam-1/bob", "exam-1/cem"], "shared": "proctor", "value": "eve", "summary": "eve"}
    assert happening(event("incident_found", **shared)).people == ("bob", "cem", "eve")


def test_braces_in_an_event_are_text() -> None:
    assert happening(event("source_missing", source="{0.__class__}")).text == "{0.__class__} is missing"


def test_a_log_numbers_what_it_keeps_and_forgets_the_oldest() -> None:
    log = Log(size=2)
    log.add([made("a"), made("b"), made("c")])
    assert [(each.number, each.text) for each in log] == [(2, "b"), (3, "c")]
    log.clear()
    log.add([made("d")])
    assert [(each.number, each.text) for each in log] == [(4, "d")]
