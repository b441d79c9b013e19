"""How bad a number is: levels, patience with them, and the health that a number leaves; pure.

A level gets worse when three of the last five one-second samples were, and better after five that were.
"""

from __future__ import annotations

import itertools
from enum import IntEnum
from typing import Literal, Self


class Level(IntEnum):
    """How bad; a higher one is worse."""

    word: Literal["none", "ok", "warn", "bad"]
    """The level as the control API names it."""

    def __new__(cls, number: int, word: Literal["none", "ok", "warn", "bad"]) -> Self:
        """Make a member; its word is kept with it, since it is asked for all the time."""
        made = int.__new__(cls, number)
        made._value_, made.word = number, word
        return made

    NONE = 0, "none"
    OK = 1, "ok"
    WARN = 2, "warn"
    BAD = 3, "bad"


class Debounce:
    """A level that follows what is measured with patience."""

    __slots__ = ("_recent", "level")

    def __init__(self) -> None:
        self.level = Level.OK
        self._recent: tuple[Level, ...] = ()

    def feed(self, measured: Level) -> Level:
        """Take the level of one sample."""
        if measured is Level.OK and not self._recent:
            return self.level
        recent = (*self._recent[-4:], measured)
        ordered = sorted(recent)
        if len(recent) >= 3 and ordered[-3] > self.level:
            self.level = ordered[-3]
        elif len(recent) == 5 and ordered[-1] < self.level:
            self.level = ordered[-1]
        well = self.level is Level.OK and ordered[-1] is Level.OK
        self._recent = () if well else recent
        return self.level

    @property
    def settled(self) -> bool:
        """Whether it is well and has been so all the time it remembers."""
        return self.level is Level.OK and not self._recent


def above(value: float | None, warn: float, bad: float) -> Level:
    """Judge a number of which more is worse."""
    if value is None or value < warn:
        return Level.OK
    return Level.WARN if value < bad else Level.BAD


def below(value: float | None, warn: float, bad: float) -> Level:
    """Judge a number of which less is worse."""
    if value is None or value >= warn:
        return Level.OK
    return Level.WARN if value >= bad else Level.BAD


def grade(value: float | None, warn: float, bad: float, worst: float) -> float:
    """Return 100 at best, 80 at ``warn``, 40 at ``bad``, 0 at ``worst``, straight lines between."""
    if value is None or value == 0.0 < warn < worst:
        return 100.0
    best = 0.0 if worst > warn else 1.0
    edges = ((best, 100.0), (warn, 80.0), (bad, 40.0), (worst, 0.0))
    rising = worst > warn
    for (x0, y0), (x1, y1) in itertools.pairwise(edges):
        if (value <= x1) if rising else (value >= x1):
            share = 0.0 if x1 == x0 else (value - x0) / (x1 - x0)
            return min(100.0, y0 + (y1 - y0) * share)
    return 0.0
