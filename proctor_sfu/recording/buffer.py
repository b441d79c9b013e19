"""Memory for what came of a track since it was handed over last."""

from __future__ import annotations

from typing import Final

PAGE: Final = 4096


class Buffer:
    """Grows by doubling and begins anew as large as it was needed last; to append packet by packet would move it often.

    ``memory`` up to ``used`` is what is in it. Whoever writes behind that calls `grow` first if ``room`` is too small.
    """

    __slots__ = ("memory", "room", "used")

    def __init__(self) -> None:
        self._begin(PAGE)

    def _begin(self, room: int) -> None:
        self.memory = memoryview(bytearray(room))
        self.room = room
        self.used = 0

    def grow(self, needed: int) -> None:
        """Make room for ``needed`` bytes at least, in all."""
        before, used = self.memory, self.used
        self._begin(max(2 * self.room, _pages(needed)))
        self.memory[:used] = before[:used]
        self.used = used

    def take(self) -> memoryview:
        """Return what is in it, which nobody writes to any more, and begin anew."""
        taken = self.memory[: self.used]
        self._begin(_pages(self.used + self.used // 4))
        return taken

    def clear(self) -> None:
        """Forget what is in it."""
        self.used = 0


def _pages(size: int) -> int:
    return -(-size // PAGE) * PAGE or PAGE
