from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from proctor_sfu.control.api.quality import Frame, Incident
from psfu_tui.changes import changes
from support import frames

EMPTY = replace(frames.frame(), candidates=(), proctors=(), workers=(), rooms=(), incidents=())


def world(**changed: Any) -> Frame:
    return replace(EMPTY, **changed)


def told(before: Frame, after: Frame) -> list[tuple[str, str, str]]:
    return [(each.kind, each.level, each.text) for each in changes(before, after)]


def of_candidate(before: dict[str, Any], after: dict[str, Any]) -> list[tuple[str, str, str]]:
    return told(world(candidates=(frames.candidate(**before),)), world(candidates=(frames.candidate(**after),)))


def test_numbers_alone_are_no_change() -> None:
    assert of_candidate({"loss": 0.1, "rtt_ms": 10.0}, {"loss": 0.2, "rtt_ms": None}) == []


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        ({"level": "ok", "loss": 0.4}, {"level": "bad", "reasons": ("loss",), "loss": 6.2},
         ("level_changed", "bad", "loss 6.2 % (was 0.4) bad (was ok)")),
        ({"level": "bad", "reasons": ("loss", "frozen"), "loss": 6.2}, {"level": "ok", "loss": 0.0},
         ("level_changed", "ok", "loss 0.0 % (was 6.2) ok (was bad)")),
        ({"level": "ok"}, {"level": "warn", "reasons": ("frozen",)}, ("level_changed", "warn", "frozen warn (was ok)")),
        ({"level": "ok", "rtt_ms": None}, {"level": "warn", "reasons": ("rtt",), "rtt_ms": 250.0},
         ("level_changed", "warn", "rtt 250 ms warn (was ok)")),
        ({"state": "live"}, {"state": "lost"}, ("peer_state_changed", "bad", "lost (was live)")),
        ({"state": "lost"}, {"state": "live"}, ("peer_state_changed", "ok", "live (was lost)")),
        ({}, {"missing": ("screen",)}, ("source_missing", "bad", "screen is missing")),
        ({"missing": ("screen",)}, {}, ("source_back", "ok", "screen is back")),
        ({"recording": "on"}, {"recording": "error"}, ("recording_changed", "bad", "recording error")),
        ({"recording": "on"}, {"recording": None}, ("recording_changed", "ok", "recording off")),
    ],
)  # fmt: skip
def test_what_changes_of_a_candidate_is_told(
    before: dict[str, Any], after: dict[str, Any], change: tuple[str, str, str]
) -> None:
    assert of_candidate(before, after) == [change]


def test_people_come_and_go() -> None:
    some = world(candidates=(frames.candidate(1),), proctors=(frames.proctor(1),))
    assert [kind for kind, _, _ in told(EMPTY, some)] == ["peer_entered", "peer_entered"]
    assert [kind for kind, _, _ in told(some, EMPTY)] == ["peer_left", "peer_left"]


def test_a_proctor_with_a_bad_downlink_is_told() -> None:
    before = world(proctors=(frames.proctor(1),))
    after = world(proctors=(frames.proctor(1, level="warn", reasons=("downlink",), state="degraded"),))
    assert told(before, after) == [
        ("peer_state_changed", "ok", "proctor degraded (was live)"),
        ("level_changed", "warn", "proctor warn: downlink"),
    ]  # fmt: skip


def test_workers_and_rooms_are_told_first() -> None:
    before = world(workers=(frames.worker(1),), rooms=(frames.room("a"), frames.room("b", worker=1)))
    after = world(
        workers=(frames.worker(2, level="bad"),),
        rooms=(frames.room("b", worker=None, state="moving"), frames.room("c")), candidates=(frames.candidate(1),),
    )  # fmt: skip
    assert told(before, after) == [
        ("worker_started", "ok", "worker 2 started"), ("worker_died", "bad", "worker 1 is gone"),
        ("room_moved", "bad", "its worker is gone, moving"), ("room_created", "ok", "room created"),
        ("room_closed", "warn", "room closed"), ("peer_entered", "ok", "entered, live"),
    ]  # fmt: skip
    moved = world(rooms=(frames.room("b", worker=2),))
    assert told(world(rooms=(frames.room("b", worker=None, state="moving"),)), moved) == [
        ("room_moved", "ok", "on worker 2")
    ]
    warned = world(workers=(frames.worker(2, level="warn", reasons=("cpu",)),))
    assert told(world(workers=(frames.worker(2),)), warned) == [("worker_level_changed", "warn", "worker 2 warn: cpu")]


def test_an_incident_is_told_once() -> None:
    incident = Incident(id=3, at="2026-11-23T13:00:00Z", room=None, candidates=("a/b",), shared="network",
                        value="192.0.2.0/24", others=0, summary="3 share a network")  # fmt: skip
    assert told(EMPTY, world(incidents=(incident,))) == [("incident_found", "bad", "3 share a network")]
    assert told(world(incidents=(incident,)), world(incidents=(incident,))) == []
