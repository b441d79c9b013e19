"""The feed and the bus on it: order, what a slow follower is told, and that a bad subscriber harms nobody."""

from __future__ import annotations

import asyncio
import json

import pytest

from proctor_sfu import events
from proctor_sfu.events import Bus, Event, PeerLeft, Record, RoomClosed, RoomCreated
from proctor_sfu.feed import Feed, Missed


def test_what_came_after_a_number() -> None:
    feed: Feed[str] = Feed(3, last=10)
    assert feed.after(10) == [] and feed.after(99) == []
    assert [feed.add(each) for each in "abc"] == [11, 12, 13]
    assert feed.after(10) == ["a", "b", "c"]
    assert feed.after(12) == ["c"]
    feed.add("d")
    feed.add("e")
    assert feed.after(12) == ["c", "d", "e"]
    assert feed.after(10) == [Missed(2), "c", "d", "e"]


async def test_followers_get_everything_in_order_and_never_wait_for_each_other() -> None:
    feed: Feed[int] = Feed(100)
    got: list[list[int | Missed]] = [[], []]

    async def follow(mine: list[int | Missed]) -> None:
        async for item in feed.follow(0):
            mine.append(item)
            if item == 299:
                return

    followers = [asyncio.create_task(follow(mine)) for mine in got]  # noqa: TID251  # The test waits for both itself.
    feed.add(0)
    await asyncio.sleep(0)
    for number in range(1, 200):
        feed.add(number)
    await asyncio.sleep(0)
    for number in range(200, 300):
        feed.add(number)
    await asyncio.gather(*followers)
    for mine in got:
        told = [item for item in mine if isinstance(item, int)]
        assert told == sorted(set(told)) and told[-1] == 299
        assert len(told) + sum(item.count for item in mine if isinstance(item, Missed)) == 300


async def test_a_follower_that_is_cancelled_leaves_nothing_behind() -> None:
    feed: Feed[int] = Feed(10)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            async for _ in feed.follow(0):
                pass
    assert feed._followers == set()


def test_events_are_numbered_stamped_and_plain() -> None:
    times = iter([5.0, 6.5])
    bus = Bus(clock=lambda: next(times))
    heard: list[Record] = []
    end = bus.subscribe(heard.append)
    bus.publish(PeerLeft(room="exam", peer="ana", reason="left"))
    end()
    bus.publish(RoomClosed(room="exam", reason="over"))
    assert [record.plain() for record in heard] == [
        {"number": 1, "at": 5.0, "kind": "peer_left", "room": "exam", "peer": "ana", "reason": "left", "note": ""}
    ]
    assert [record.at for record in bus.after(0) if isinstance(record, Record)] == [5.0, 6.5]


def test_a_subscriber_that_fails_harms_nobody() -> None:
    bus = Bus()
    heard: list[Record] = []

    def fail(record: Record) -> None:
        raise RuntimeError("no")

    bus.subscribe(fail)
    bus.subscribe(heard.append)
    bus.publish(RoomCreated(room="exam"))
    assert len(heard) == 1


def test_kinds_are_unique_and_every_event_is_json() -> None:
    classes = [each for each in vars(events).values() if isinstance(each, type) and issubclass(each, Event)]
    kinds = [each.kind for each in classes if "kind" in vars(each)]
    assert len(kinds) == len(set(kinds)) > 10
    sample = Record(number=1, at=0.0, event=events.PeerStateChanged(
        room="r", peer="p", before="live", state="lost", reasons=("no packets",)))  # fmt: skip
    assert json.loads(json.dumps(sample.plain()))["reasons"] == ["no packets"]
