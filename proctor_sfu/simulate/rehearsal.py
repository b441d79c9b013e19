"""A dry run of an exam on the server it will take place on: a sample of its candidates, measured and scaled up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from proctor_sfu.control.client import Client
from proctor_sfu.errors import SimulationError
from proctor_sfu.simulate import capacity, coordinator, machine
from proctor_sfu.simulate.capacity import Limit, Server, Used
from proctor_sfu.simulate.limits import Limits, judged
from proctor_sfu.simulate.plan import Plan
from proctor_sfu.simulate.results import Now, Result
from proctor_sfu.simulate.venue import Venue

SHARE: Final = 0.4
"""Part of the cores the simulated peers may use themselves."""
CANDIDATE: Final = 0.005
WATCHED: Final = 0.002
"""Cores a simulated candidate costs, and watching one; see psfu-simulate(1), CAPACITY."""
IDLE: Final = 2.0
"""Seconds an empty server is measured."""
SETTLE: Final = 3.0
"""Seconds after the last arrival until the measurement begins."""
STEADY: Final = 5.0
"""Least seconds it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The verdict: whether this server carries the exam."""

    candidates: int
    proctors: int
    sample: int
    """Candidates that were simulated; the rest is scaled up from them."""
    holds: bool
    capacity: int
    """Candidates this server carries in one room with so many proctors."""
    first: str
    """What would break first."""
    limits: tuple[Limit, ...]
    datagrams_dropped: int
    """By the kernel of this machine meanwhile, since a process did not fetch them in time."""
    result: Result
    """Of the sample."""


def sample_of(candidates: int, proctors: int, cores: int) -> int:
    """Return how many candidates can be simulated without taking the cores away from what is measured."""
    affordable = int(SHARE * cores / (CANDIDATE + WATCHED * proctors))
    return max(1, min(candidates, affordable))


def rehearse(client: Client, place: Venue, plan: Plan, *, candidates: int, show: Callable[[Now], None]) -> Rehearsal:
    """Simulate ``plan``, a sample of an exam with ``candidates``, and return the verdict.

    Raises `SimulationError` when too little was measured, `coordinator.Interrupted` and what the control client raises.
    """
    daemon, worker = client.daemon.status().pid, client.rooms.get(place.room).worker
    if worker is None:
        raise SimulationError("the room is being moved to another worker; try again")
    pids = (daemon, worker)
    before = machine.read(pids, at=time.monotonic())
    time.sleep(IDLE)  # What an empty server uses in that time is measured.
    idle = machine.read(pids, at=time.monotonic())
    server = Server(
        cores=machine.cores(), memory=machine.memory_available(), files=machine.files_limit(daemon),
        network=machine.network_speed(),
    )  # fmt: skip
    dropped = machine.datagrams_dropped()
    readings: list[tuple[Now, machine.Reading]] = []

    def look(now: Now) -> None:
        readings.append((now, machine.read(pids, at=time.monotonic())))
        show(now)

    result = coordinator.run(plan, url=place.url, room=place.room, credentials=place.credentials, show=look)
    used = usage(plan, readings, before, idle, daemon, worker)
    found = capacity.limits(used, server, candidates)
    result = judged(result, Limits())
    return Rehearsal(
        candidates=candidates,
        proctors=plan.proctors,
        sample=plan.candidates,
        holds=result.ok and all(limit.holds for limit in found),
        capacity=found[0].capacity,
        first=capacity.first(found),
        limits=tuple(found),
        datagrams_dropped=machine.datagrams_dropped() - dropped,
        result=result,
    )


def usage(
    plan: Plan,
    readings: Sequence[tuple[Now, machine.Reading]],
    before: machine.Reading,
    idle: machine.Reading,
    daemon: int,
    worker: int,
) -> Used:
    """Return what the candidates used: from the empty server, ``before`` to ``idle``, and from when all were there.

    Raises `SimulationError` if they were not all there for long enough.
    """
    steady = [
        (now, reading)
        for now, reading in readings
        if now.seconds >= plan.ramp + SETTLE and now.candidates == plan.candidates and len(reading.processes) == 2
    ]
    if not steady or steady[-1][1].at - steady[0][1].at < STEADY:
        raise SimulationError(
            f"all {plan.candidates} candidates have to be there for {STEADY:.0f} s: rehearse for longer"
        )
    begin, end = steady[0][1], steady[-1][1]
    rest = _cores(before, idle, daemon)
    busy = _cores(begin, end, daemon)
    # While they arrive, the daemon already does half the work of when all are there.
    settling = steady[0][0].seconds - plan.ramp / 2
    arrival = begin.processes[daemon].cpu - idle.processes[daemon].cpu - busy * settling
    last, first = end.processes, idle.processes
    files = (last[daemon].files, first[daemon].files)
    return Used(
        candidates=plan.candidates,
        worker=max(0.0, _cores(begin, end, worker) - _cores(before, idle, worker)),
        daemon=max(0.0, busy - rest),
        join=max(0.0, arrival) / (plan.candidates + plan.proctors),
        memory=max(0, sum(last[pid].memory - first[pid].memory for pid in (daemon, worker))),
        files=None if files[0] is None or files[1] is None else files[0] - files[1],
        sent=sum(now.megabits for now, _ in steady) / len(steady) * 1e6,
    )


def _cores(begin: machine.Reading, end: machine.Reading, pid: int) -> float:
    return (end.processes[pid].cpu - begin.processes[pid].cpu) / (end.at - begin.at)
