"""The pulse: what it counts of events, whatever the clock of the machine does."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from proctor_sfu.aio import spawn
from proctor_sfu.events import Bus, LevelChanged, PeerEntered, PeerLeft, PeerStateChanged
from proctor_sfu.quality.pulse import Pulse
from proctor_sfu.rooms.roles import Source
from proctor_sfu.settings import Settings
from support import watched


@pytest.mark.parametrize("step", [-7200.0, 7200.0])
async def test_a_clock_that_is_set_makes_no_long_and_no_negative_joins(step: float) -> None:
    times = iter([1.8e9, 1.8e9 + step])
    bus = Bus(clock=lambda: next(times))
    registry: Any = SimpleNamespace(rooms={})
    pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
    pulse = Pulse(registry, pool, Settings(), bus, ready=lambda: True)
    pulse.start()
    try:
        bus.publish(PeerEntered(room="exam-1", peer="ana", role="candidate", name="Ana", address="192.0.2.1"))
        bus.publish(PeerStateChanged(room="exam-1", peer="ana", before="joining", state="live"))
    finally:
        await pulse.close()
    joins = pulse.overview.counters.join
    assert sum(joins.counts) == 1 and 0 <= joins.total < 5


async def test_that_somebody_left_is_no_news_of_their_level() -> None:
    room = watched.room("exam-1", [watched.candidate(1, sources=[Source.MICROPHONE])])
    registry: Any = SimpleNamespace(rooms={room.id: room})
    pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
    bus = Bus()
    told: list[str] = []
    bus.subscribe(lambda record: told.append(record.event.level) if isinstance(record.event, LevelChanged) else None)
    pulse = Pulse(registry, pool, Settings(), bus, ready=lambda: True)
    room.judged = lambda *_, **__: None
    peer = room.peers["candidate-0001"]
    peer.light, peer.reasons, peer.interrupted, peer.away = "grey", (), False, object()
    await pulse.beat()
    assert told == ["bad"]
    room.peers.clear()
    frame = await pulse.beat()
    assert [(each.state, each.level) for each in frame.candidates] == [("left", "none")]
    assert told == ["bad"]


async def test_who_is_lost_without_a_time_to_come_back_was_interrupted_once() -> None:
    room = watched.room("exam-1", [watched.candidate(1, sources=[Source.MICROPHONE])])
    registry: Any = SimpleNamespace(rooms={room.id: room})
    pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
    pulse = Pulse(registry, pool, Settings(), Bus(), ready=lambda: True)
    room.judged = lambda *_, **__: None
    peer = room.peers["candidate-0001"]
    peer.light, peer.reasons, peer.interrupted = "green", (), False
    peer.away = None
    await pulse.beat()
    room.peers.clear()
    pulse.overview.lost.add((room.id, peer.id))
    for _ in range(3):
        await pulse.beat()
    assert pulse.overview.counters.interruptions == {"signaling": 1, "media": 0}


async def test_nothing_is_kept_of_staff_whose_connection_was_lost() -> None:
    bus = Bus()
    registry: Any = SimpleNamespace(rooms={})
    pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
    pulse = Pulse(registry, pool, Settings(), bus, ready=lambda: True)
    pulse.start()
    try:
        bus.publish(PeerLeft(room="exam-1", peer="proctor-1", reason="lost"))
    finally:
        await pulse.close()
    assert pulse.overview.lost == set()


async def test_followers_have_a_frame_before_the_history_takes_it() -> None:
    registry: Any = SimpleNamespace(rooms={})
    pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
    pulse = Pulse(registry, pool, Settings(), Bus(), ready=lambda: True)
    order: list[str] = []

    async def follow() -> None:
        async for _ in pulse.frames.follow():
            order.append("sent" if pulse.frames.encoded("rows") else "")

    pulse.each(lambda frame: order.append("taken"))
    follower = spawn(follow(), name="follower")
    await asyncio.sleep(0)  # It waits for a frame.
    await pulse.beat()
    await pulse.close()
    await follower
    assert order == ["sent", "taken"]
