"""Events in the order they happened, for tests that wait for one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from proctor_sfu.mediasoup.emitter import Emitter


class Log:
    """``Log((consumer, "score"), …)`` collects; `until` gives the arguments of the next event that is wanted."""

    def __init__(self, *sources: tuple[Emitter, str]) -> None:
        self._seen: asyncio.Queue[tuple[str, tuple[object, ...]]] = asyncio.Queue()
        for emitter, event in sources:
            emitter.on(event, lambda *args, event=event: self._seen.put_nowait((event, args)))

    async def until(self, wanted: Callable[[str, tuple[object, ...]], bool], seconds: float = 10) -> tuple[object, ...]:
        """Return the arguments of the next event ``wanted`` says yes to; those before it are gone."""
        async with asyncio.timeout(seconds):
            while True:
                event, args = await self._seen.get()
                if wanted(event, args):
                    return args
