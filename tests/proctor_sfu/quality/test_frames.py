"""The newest frame for everybody: encoded once, never queued, and nobody is held up by somebody else."""

from __future__ import annotations

import asyncio
import json
from contextlib import aclosing

from proctor_sfu.control.api import base
from proctor_sfu.control.api.quality import Frame
from proctor_sfu.control.api.unpacker import Unpacker
from proctor_sfu.quality.frames import HEADER, Frames
from support.frames import candidate, frame, room


async def test_whoever_follows_gets_each_new_frame() -> None:
    frames, seen = Frames(), []

    async def follow() -> None:
        async with aclosing(frames.follow(0.0)) as numbers:
            async for number in numbers:
                seen.append(number)

    assert not frames.watched
    following = asyncio.get_running_loop().create_task(follow())
    await asyncio.sleep(0)
    assert frames.watched
    for number in (1, 2, 3):
        frames.publish(frame(number))
        while seen[-1:] != [number]:
            await asyncio.sleep(0)
    frames.close()
    await following
    assert seen == [1, 2, 3] and not frames.watched


async def test_whoever_takes_its_time_gets_the_newest_only() -> None:
    frames = Frames()
    frames.publish(frame(1))
    async with aclosing(frames.follow(0.0)) as numbers:
        assert await anext(numbers) == 1
        for number in range(2, 50):
            frames.publish(frame(number))
        assert await anext(numbers) == 49
        waiting = asyncio.get_running_loop().create_task(anext(numbers))
        await asyncio.sleep(0)
        assert not waiting.done()
        frames.publish(frame(50))
        assert await waiting == 50
    assert not frames.watched


async def test_an_interval_is_kept_and_the_end_does_not_wait_for_it() -> None:
    frames = Frames()
    frames.publish(frame(1))
    async with aclosing(frames.follow(3600.0)) as numbers:
        assert await anext(numbers) == 1
        frames.publish(frame(2))
        waiting = asyncio.get_running_loop().create_task(anext(numbers, None))
        await asyncio.sleep(0)
        assert not waiting.done()
        frames.close()
        assert await waiting is None


def test_a_frame_is_encoded_once_for_all() -> None:
    frames = Frames()
    frames.publish(frame(1))
    line = frames.encoded("rows")
    assert frames.encoded("rows") is line and line.endswith(b"\n") and line.count(b"\n") == 1
    assert Unpacker(Frame, HEADER).unpack(json.loads(line)) == frame(1)
    assert base.decode(Frame, json.loads(frames.encoded("objects"))) == frame(1)
    frames.publish(frame(2))
    assert json.loads(frames.encoded("rows"))[0] == 2


def test_a_room_of_it() -> None:
    frames = Frames()
    frames.publish(
        frame(1, rooms=(room("a"), room("b")), candidates=(candidate(1, room="a"), candidate(2, room="b")))
    )  # fmt: skip
    found = base.decode(Frame, json.loads(frames.encoded("objects", "b")))
    assert [each.id for each in found.rooms] == ["b"] and [each.room for each in found.candidates] == ["b"]
    assert found.daemon == frame(1).daemon and found.workers == frame(1).workers
