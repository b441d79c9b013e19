"""A simulated proctor keeps its wall up to date with what the server tells it, and with nothing else."""

from __future__ import annotations

import time

import pytest

from proctor_sfu.simulate import events
from proctor_sfu.simulate.feed import Feed
from proctor_sfu.simulate.proctor import Proctor
from proctor_sfu.simulate.protoo import Data


def peer(name: str, *sources: str, role: str = "candidate") -> Data:
    return {"id": name, "role": role, "sources": [{"source": each} for each in sources]}


def shown(proctor: Proctor) -> set[tuple[str, str]]:
    assert proctor._wall is not None
    return {(each.peer, each.source) for each in proctor._wall.tiles(0.0)}


@pytest.fixture
def proctor() -> Proctor:
    made = Proctor("eve", lambda event: None, tiles=4)
    made.met([peer("ann", "camera"), peer("pam", "voice", role="proctor")])
    return made


def test_it_begins_with_the_candidates_that_are_there(proctor: Proctor) -> None:
    assert shown(proctor) == {("ann", "camera")}


@pytest.mark.parametrize(
    ("method", "data", "after"),
    [
        ("newPeer", peer("bea", "camera"), {("ann", "camera"), ("bea", "camera")}),
        ("newPeer", peer("zoe", "voice", role="lead"), {("ann", "camera")}),
        ("newProducer", {"peerId": "ann", "appData": {"source": "screen"}}, {("ann", "camera"), ("ann", "screen")}),
        ("producerClosed", {"peerId": "ann", "source": "camera"}, set()),
        ("peerClosed", {"peerId": "ann", "reason": "left"}, set()),
        ("peerState", {"peerId": "ann", "state": "lost"}, {("ann", "camera")}),
        ("consumerClosed", {"consumerId": "unknown"}, {("ann", "camera")}),
    ],
)
def test_it_follows_who_comes_and_goes(proctor: Proctor, method: str, data: Data, after: set[tuple[str, str]]) -> None:
    proctor._changed.clear()
    proctor.told(method, data)
    assert shown(proctor) == after
    assert proctor._changed.is_set() == (after != {("ann", "camera")}), "the server is told of what is in sight"


def test_without_a_wall_there_is_nothing_to_follow() -> None:
    whole = Proctor("eve", lambda event: None)
    whole.met([peer("ann", "camera")])
    whole.told("peerClosed", {"peerId": "ann"})
    assert whole._wall is None


def offer(number: str, *, kind: str = "video", source: str = "camera") -> Data:
    codec = {"mimeType": f"{kind}/{'VP8' if kind == 'video' else 'opus'}", "clockRate": 90000}
    parameters = {"codecs": [codec], "encodings": [{"ssrc": 1}]}
    return {
        "id": number, "peerId": "ann", "kind": kind, "rtpParameters": parameters, "appData": {"source": source},
        "producerPaused": False,
    }  # fmt: skip


def test_what_is_over_or_paused_when_it_has_its_seat_again_is_not_waited_for() -> None:
    told: list[events.Event] = []
    eve = Proctor("eve", told.append)
    for number, source in (("c1", "camera"), ("c2", "screen")):
        eve.feeds[number] = Feed(offer(number, source=source), "eve", told.append, None)
    screen, now = eve.feeds["c2"].view, time.monotonic()
    screen.take(now)
    ann = peer("ann", "camera", "screen")
    ann["sources"] = [{"source": "camera", "paused": False}, {"source": "screen", "paused": True}]
    eve.stands({"consumers": [{"id": "c2"}], "peers": [ann]})
    assert [(each.source, each.began) for each in told if isinstance(each, events.Watched)] == [("camera", False)]
    assert list(eve.feeds) == ["c2"]
    assert screen.take(now + 100) is None, "what is paused has no gap"
    ann["sources"] = [{"source": "screen", "paused": False}]
    eve.stands({"consumers": [{"id": "c2"}], "peers": [ann]})
    assert screen.take(now + 200) is not None, "what goes on has"
