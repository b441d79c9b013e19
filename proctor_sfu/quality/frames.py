"""Hands the newest frame to any number of readers: each frame is encoded once, and nobody's slowness makes a queue."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final, Literal, TypeAlias

import msgspec

from proctor_sfu.control.api import quality as api
from proctor_sfu.control.api import rows
from proctor_sfu.control.api.plain import plain

Form: TypeAlias = Literal["rows", "objects"]

EARLY: Final = 0.5
"""Seconds, half the time between two frames."""
HEADER: Final = rows.header(api.Frame)


class Frames:
    """The newest frame. ``watched`` while somebody follows."""

    def __init__(self) -> None:
        self.newest: api.Frame | None = None
        self._encoded: dict[tuple[Form, str | None], bytes] = {}
        self._waiting: set[asyncio.Future[None]] = set()
        self._followers = 0
        self._ended = asyncio.Event()

    @property
    def watched(self) -> bool:
        """Whether anybody looks."""
        return self._followers > 0

    def publish(self, frame: api.Frame) -> None:
        """Replace the newest frame and wake those who wait for it."""
        self.newest = frame
        self._encoded.clear()
        self._wake()

    def close(self) -> None:
        """End all followers."""
        self._ended.set()
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, set()
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def encoded(self, form: Form, room: str | None = None) -> bytes:
        """Return the newest frame as one line of JSON; with a room, only what is in it. There has to be a frame."""
        assert self.newest is not None
        key = form, room
        line = self._encoded.get(key)
        if line is None:
            shown = self.newest if room is None else api.only_room(self.newest, room)
            line = msgspec.json.encode(shown if form == "rows" else plain(shown)) + b"\n"
            self._encoded[key] = line
        return line

    async def follow(self, interval: float = 1.0) -> AsyncGenerator[int, None]:
        """Yield the number of each new frame, at most one each ``interval`` seconds; ends when the daemon does.

        Whoever takes its time with one misses those made meanwhile.
        """
        loop = asyncio.get_running_loop()
        self._followers += 1
        try:
            seen, due = 0, loop.time()
            while not self._ended.is_set():
                if self.newest is None or self.newest.seq == seen:
                    await self._next()
                    continue
                seen, due = self.newest.seq, loop.time() + interval
                yield seen
                # A little less than the interval, so that a frame that comes on time is not just missed.
                await self._rest(due - EARLY - loop.time())
        finally:
            self._followers -= 1

    async def _next(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    async def _rest(self, seconds: float) -> None:
        """Wait, but not beyond the end."""
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), seconds)
