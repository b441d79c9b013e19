"""Small asyncio helpers; the only file that may create a task by hand.

``spawn`` keeps a reference (a task nobody holds may be collected while it runs) and reports a failure instead of
letting it vanish.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Coroutine, Iterable
from typing import Any, Final, TypeVar

_T = TypeVar("_T")
_log = logging.getLogger("psfu.aio")
_tasks: set[asyncio.Task[Any]] = set()


SLICE: Final = 0.001
"""Seconds of work after which others have the event loop: a request that comes meanwhile waits for several slices."""


def spawn(coro: Coroutine[Any, Any, _T], *, name: str) -> asyncio.Task[_T]:
    """Run ``coro`` as a named background task that is kept alive and whose failure is logged."""
    task = asyncio.get_running_loop().create_task(coro, name=name)
    _tasks.add(task)
    task.add_done_callback(_done)
    return task


def _done(task: asyncio.Task[Any]) -> None:
    _tasks.discard(task)
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.error("background task failed: %s", task.get_name(), exc_info=error)


async def gently(items: Iterable[_T]) -> AsyncIterator[_T]:
    """Yield items, and let others have the event loop every `SLICE`."""
    until = time.perf_counter() + SLICE
    for item in items:
        yield item
        if time.perf_counter() >= until:
            await asyncio.sleep(0)
            until = time.perf_counter() + SLICE
