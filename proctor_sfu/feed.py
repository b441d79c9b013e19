"""A numbered stream with a ring of its latest items: whoever follows it never slows down whoever adds to it."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Generic, TypeVar

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Missed:
    """So many items were pushed out of the ring before a follower came to them."""

    count: int


class Feed(Generic[_T]):
    """The latest ``size`` items. Numbers begin behind ``last`` and never repeat."""

    def __init__(self, size: int, *, last: int = 0) -> None:
        self.last = last
        """Number of the newest item."""
        self._ring: deque[_T] = deque(maxlen=size)
        self._followers: set[asyncio.Future[None]] = set()

    def add(self, item: _T) -> int:
        """Append an item and return its number."""
        self._ring.append(item)
        self.last += 1
        followers, self._followers = self._followers, set()
        for follower in followers:
            if not follower.done():
                follower.set_result(None)
        return self.last

    def after(self, number: int) -> list[_T | Missed]:
        """Return what came after item ``number``, oldest first."""
        behind = max(0, self.last - number)
        kept = list(itertools.islice(reversed(self._ring), behind))[::-1]
        missed = behind - len(kept)
        return [Missed(missed), *kept] if missed else [*kept]

    async def follow(self, number: int) -> AsyncIterator[_T | Missed]:
        """Yield what came after item ``number`` and then whatever comes, without end."""
        while True:
            if number < self.last:
                items = self.after(number)
                number = self.last
                for item in items:
                    yield item
                continue
            waiting = asyncio.get_running_loop().create_future()
            self._followers.add(waiting)
            try:
                await waiting
            finally:
                self._followers.discard(waiting)
