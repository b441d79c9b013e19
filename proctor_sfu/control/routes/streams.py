"""Answers without an end: a line of JSON for each thing that happens, until either side goes."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Any, Final

from aiohttp import web

from proctor_sfu.aio import spawn

NDJSON: Final = "application/x-ndjson"
BEAT: Final = 10.0
"""Seconds between two empty lines, which tell a reader that the daemon is alive."""


class Streams:
    """The streams of an application; they end with it."""

    def __init__(self) -> None:
        self._open: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def close(self) -> None:
        """End all streams, those too that are still asked for, so that nobody waits for them."""
        self._closed = True
        for task in self._open:
            task.cancel()

    async def answer(self, request: web.Request, lines: AsyncGenerator[bytes, None]) -> web.StreamResponse:
        """Send lines as they come. A reader that is slow is waited for; ``lines`` decides what it misses."""
        response = web.StreamResponse(headers={"Content-Type": NDJSON, "Cache-Control": "no-store"})
        try:
            await response.prepare(request)
        except ConnectionError:
            # The reader went away before it got an answer.
            await lines.aclose()
            return response
        task = asyncio.current_task()
        assert task is not None
        if self._closed:
            await lines.aclose()
            return response
        self._open.add(task)
        beat = spawn(_beat(response, task), name="stream beat")
        try:
            # The reader goes away, as readers do, or the daemon does.
            with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                async for line in lines:
                    await response.write(line)
        finally:
            beat.cancel()
            self._open.discard(task)
            await lines.aclose()
        return response


async def _beat(response: web.StreamResponse, task: asyncio.Task[Any]) -> None:
    try:
        while True:
            await asyncio.sleep(BEAT)
            await response.write(b"\n")
    except ConnectionError:
        task.cancel()  # It may wait for long for something to send.
