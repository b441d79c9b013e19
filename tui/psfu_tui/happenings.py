"""What happened, as one line for people: the record every list of events is made of."""

from __future__ import annotations

import dataclasses
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from proctor_sfu.control.api.quality import Level

REMEMBERED: Final = 5000


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Something that happened."""

    at: str
    level: Level
    kind: str
    """Stable code."""
    room: str | None
    peer: str | None
    """Id."""
    text: str
    """For people, without the time, the room and the peer."""
    note: str = ""
    """What somebody typed, which may name anybody."""
    people: tuple[str, ...] = ()
    """Ids the text names."""
    number: int = 0
    """Of its place in a `Log`."""


class Log:
    """The latest things that happened, oldest first."""

    def __init__(self, size: int = REMEMBERED) -> None:
        self._entries: deque[Happening] = deque(maxlen=size)
        self._number = 0

    def __iter__(self) -> Iterator[Happening]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, happenings: Iterable[Happening]) -> None:
        """Append."""
        for happening in happenings:
            self._number += 1
            self._entries.append(dataclasses.replace(happening, number=self._number))

    def clear(self) -> None:
        """Forget all."""
        self._entries.clear()
