"""What of a room a proctor's page has in sight: a page of tiles, and a candidate in focus that is another one soon."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from proctor_sfu.simulate.formats import Source

FOCUS: Final = 10.0
"""Seconds a candidate stays in focus."""
WIDTH: Final = 1920
"""Device pixels of the page."""
LARGE: Final = (1280, 720)
"""Device pixels of a picture in focus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """A source and how large it is shown; sound has no size."""

    peer: str
    source: Source
    width: int = 0
    height: int = 0
    focus: bool = False


class Wall:
    """Follows who is there with what. ``tiles``: of a page; ``ahead``: candidates before the first in focus."""

    def __init__(self, tiles: int, ahead: int = 0) -> None:
        self._tiles = tiles
        self._ahead = ahead
        self._people: dict[str, set[Source]] = {}
        width = WIDTH // math.ceil(math.sqrt(tiles))
        self._small = width, width * 9 // 16

    def meet(self, people: Iterable[tuple[str, Iterable[Source]]]) -> None:
        """Take everybody who is there, in place of those before."""
        self._people = {peer: set(sources) for peer, sources in people}

    def begin(self, peer: str, source: Source) -> None:
        """Somebody publishes something."""
        self._people.setdefault(peer, set()).add(source)

    def end(self, peer: str, source: Source | None = None) -> None:
        """It is no more; None: the candidate is gone."""
        if source is None:
            self._people.pop(peer, None)
        else:
            self._people.get(peer, set()).discard(source)

    def tiles(self, seconds: float) -> tuple[Tile, ...]:
        """Return what is in sight ``seconds`` after the page was opened."""
        present = sorted(peer for peer, sources in self._people.items() if sources)
        if not present:
            return ()
        place = (int(seconds // FOCUS) + self._ahead) % len(present)
        first = place - place % self._tiles
        page = present[first : first + self._tiles]
        found = {(each.peer, each.source): each for peer in page for each in self._tile(peer)}
        found |= {(each.peer, each.source): each for each in self._focus(present[place])}
        return tuple(found.values())

    def _tile(self, peer: str) -> Sequence[Tile]:
        """Return what a tile shows: the camera, without one the screen, and how loud it is."""
        sources = self._people[peer]
        shown: Sequence[Source] = ("camera",) if "camera" in sources else ("screen",)
        width, height = self._small
        pictures = [Tile(peer=peer, source=each, width=width, height=height) for each in shown if each in sources]
        return [*pictures, *([Tile(peer=peer, source="microphone")] if "microphone" in sources else [])]

    def _focus(self, peer: str) -> Sequence[Tile]:
        width, height = LARGE
        return [
            Tile(peer=peer, source=each, focus=True)
            if each == "microphone"
            else Tile(peer=peer, source=each, width=width, height=height, focus=True)
            for each in sorted(self._people[peer])
        ]
