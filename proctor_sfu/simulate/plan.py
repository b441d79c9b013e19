"""The plan of a simulation: who comes and goes when. Pure: the same plan and seed give the same simulation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final, Literal, TypeAlias

from proctor_sfu.simulate.formats import FULL, LIGHT, Kit, Source, VideoCodec
from proctor_sfu.simulate.impairment import Impairment

PER_PROCESS: Final = 150
"""Candidates one process carries with clean timing; see psfu-simulate(1), CAPACITY."""
WATCHED: Final = 0.4
"""What watching a candidate costs, in candidates."""
TILES: Final = 20
"""As many as a proctor's page has until it is set to another size."""
AWAY: Final = (1.0, 3.0)
"""Least and most seconds somebody who left stays away."""

Role: TypeAlias = Literal["candidate", "proctor"]
Departure: TypeAlias = Literal["leave", "vanish", "end"]
"""``leave``: says so. ``vanish``: the connection is cut. ``end``: stays until the simulation is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to simulate. Times are seconds."""

    candidates: int
    proctors: int
    duration: float
    ramp: float = 0.0
    """Time over which the candidates arrive; proctors are there before them."""
    churn: float = 0.0
    """Departures of candidates in a minute; each comes back."""
    sources: tuple[Source, ...] = ("camera", "microphone", "screen")
    codec: VideoCodec = "vp8"
    simulcast: bool = False
    light: bool = False
    """Few and small packets."""
    impairment: Impairment = field(default_factory=Impairment)
    """Outages are counted from the beginning of the simulation."""
    impaired: int = 0
    """Candidates, the first ones, that suffer the impairment."""
    tiles: int = TILES
    """Candidates a proctor sees at once, see `wall`; 0: everything of everybody, whole."""
    relayed: bool = False
    """All media goes through the TURN server."""
    decode: bool = False
    """Proctors decode what they see, which tells the delay from glass to glass."""
    seed: int = 0
    prefix: str = "sim"

    @property
    def kit(self) -> Kit:
        """What a candidate publishes."""
        return LIGHT if self.light else FULL


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A stay in the room, in seconds of the simulation."""

    arrive: float
    depart: float
    how: Departure


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One simulated peer: who it is and when it is there."""

    peer: str
    role: Role
    visits: tuple[Visit, ...]
    impaired: bool = False


def cast(plan: Plan) -> list[Part]:
    """Return everybody who takes part, proctors first."""
    width = len(str(plan.candidates))
    stay = (Visit(arrive=0.0, depart=plan.duration, how="end"),)
    proctors = [
        Part(peer=f"{plan.prefix}-proctor-{number}", role="proctor", visits=stay)
        for number in range(1, plan.proctors + 1)
    ]
    step = plan.ramp / plan.candidates if plan.candidates else 0.0
    departures = _departures(plan)
    candidates = [
        Part(
            peer=f"{plan.prefix}-{index + 1:0{width}}",
            role="candidate",
            visits=_visits(plan, index * step, departures.get(index, [])),
            impaired=index < plan.impaired and not plan.impairment.harmless,
        )
        for index in range(plan.candidates)
    ]
    return proctors + candidates


def share_out(parts: Sequence[Part]) -> list[list[Part]]:
    """Return who goes into which process, as if proctors watched all candidates."""
    candidates = sum(part.role == "candidate" for part in parts)
    weight = {"candidate": 1.0, "proctor": max(1.0, WATCHED * candidates)}
    shares: list[tuple[float, list[Part]]] = []
    for part in parts:
        cost = weight[part.role]
        load, share = shares[-1] if shares else (PER_PROCESS, [])
        if share and share[0].role == part.role and load + cost <= PER_PROCESS:
            share.append(part)
            shares[-1] = (load + cost, share)
        else:
            shares.append((cost, [part]))
    return [share for _, share in shares]


def _departures(plan: Plan) -> dict[int, list[tuple[float, float, Departure]]]:
    """Return for each candidate that goes, when, for how long and how, spread evenly over the time all are there."""
    random = Random(plan.seed)
    first, last = plan.ramp, plan.duration - AWAY[1]
    count = math.floor(plan.churn * (last - first) / 60) if plan.churn and last > first else 0
    found: dict[int, list[tuple[float, float, Departure]]] = {}
    for number in range(count):
        at = first + (number + random.random()) * (last - first) / count
        present = [
            index
            for index in range(plan.candidates)
            if not found.get(index) or found[index][-1][0] + found[index][-1][1] + AWAY[0] < at
        ]
        if present:
            how: Departure = "leave" if number % 2 == 0 else "vanish"
            found.setdefault(random.choice(present), []).append((at, random.uniform(*AWAY), how))
    return found


def _visits(plan: Plan, arrive: float, departures: list[tuple[float, float, Departure]]) -> tuple[Visit, ...]:
    visits = []
    for at, away, how in departures:
        visits.append(Visit(arrive=arrive, depart=at, how=how))
        arrive = at + away
    return (*visits, Visit(arrive=arrive, depart=plan.duration, how="end"))
