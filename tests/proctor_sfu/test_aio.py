"""Work in pieces: others have the event loop in between."""

from __future__ import annotations

import asyncio
import time

from proctor_sfu.aio import SLICE, gently, spawn


async def test_others_have_the_loop_after_each_slice_of_work() -> None:
    turns, seen = 0, []

    async def other() -> None:
        nonlocal turns
        while len(seen) < 5:
            turns += 1
            await asyncio.sleep(0)

    task = spawn(other(), name="other")
    async for item in gently(range(5)):
        seen.append(item)
        end = time.perf_counter() + SLICE
        while time.perf_counter() < end:
            pass  # Work.
    await task
    assert seen == [0, 1, 2, 3, 4]
    assert turns >= 4


async def test_little_work_is_done_at_once() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        turns += 1

    task = spawn(other(), name="other")
    assert [item async for item in gently("ab")] == ["a", "b"]
    assert turns == 0
    await task
