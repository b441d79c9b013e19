"""A dry run of an exam on the server it will take place on: a sample of its candidates, measured and scaled up."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from proctor_sfu.control.api.recordings import Disk
from proctor_sfu.control.client import Client
from proctor_sfu.errors import SimulationError
from proctor_sfu.simulate import capacity, coordinator, machine
from proctor_sfu.simulate.capacity import Limit, Server, Used
from proctor_sfu.simulate.limits import Limits, judged
from proctor_sfu.simulate.plan import Plan
from proctor_sfu.simulate.results import Now, Result
from proctor_sfu.simulate.trust import Trust
from proctor_sfu.simulate.venue import Venue

SHARE: Final = 0.4
"""Part of the cores the simulated peers may use themselves."""
CANDIDATE: Final = 0.005
WATCHED: Final = 0.0025
"""Cores a simulated candidate costs, and watching one; see psfu-simulate(1), CAPACITY."""
IDLE: Final = 2.0
"""Seconds an empty server is measured."""
SETTLE: Final = 3.0
"""Seconds after the last arrival until the measurement begins."""
STEADY: Final = 5.0
"""Least seconds it lasts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exam:
    """What is rehearsed: the exam itself, not the sample."""

    candidates: int
    lasts: float
    """Seconds."""
    record: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """The verdict: whether this server carries the exam."""

    candidates: int
    proctors: int
    sample: int
    """Candidates that were simulated; the rest is scaled up from them."""
    recorded: bool
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What was seen in one second of the sample."""

    now: Now
    reading: machine.Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Pids:
    """Processes of the server."""

    daemon: int
    worker: int
    """Of the room."""
    workers: frozenset[int]
    """All."""
    recording: bool = True
    """Whether the sample is recorded; a recorder that runs since before has nothing to do with it otherwise."""

    def recorders(self, reading: machine.Reading) -> list[int]:
        """Return the other processes of the daemon: those that record, which begin when there is something to."""
        others = [pid for pid in reading.processes if pid != self.daemon and pid not in self.workers]
        return others if self.recording else []


def sample_of(candidates: int, proctors: int, cores: int) -> int:
    """Return how many candidates can be simulated without taking the cores away from what is measured."""
    affordable = int(SHARE * cores / (CANDIDATE + WATCHED * proctors))
    return max(1, min(candidates, affordable))


def rehearse(
    client: Client, place: Venue, exam: Exam, plan: Plan, *, show: Callable[[Now], None], trust: Trust | None = None
) -> Rehearsal:
    """Simulate ``plan``, a sample of an exam, and return the verdict.

    Raises `SimulationError` when too little was measured, `coordinator.Interrupted` and what the control client raises.
    """
    pids = _pids(client, place.room, recording=exam.record)
    before = _read(pids)
    time.sleep(IDLE)  # What an empty server uses in that time is measured.
    idle = _read(pids)
    server = _server(pids, client.recordings.disk() if exam.record else None)
    dropped = machine.datagrams_dropped()
    looks: list[Look] = []

    def look(now: Now) -> None:
        looks.append(Look(now=now, reading=_read(pids)))
        show(now)

    result = coordinator.run(
        plan, url=place.url, room=place.room, credentials=place.credentials, show=look, trust=trust
    )
    found = capacity.limits(usage(plan, looks, before, idle, pids), server, exam.candidates, lasts=exam.lasts)
    result = judged(result, Limits())
    return Rehearsal(
        candidates=exam.candidates,
        proctors=plan.proctors,
        sample=plan.candidates,
        recorded=exam.record,
        holds=result.ok and all(limit.holds for limit in found),
        capacity=found[0].capacity,
        first=capacity.first(found),
        limits=tuple(found),
        datagrams_dropped=machine.datagrams_dropped() - dropped,
        result=result,
    )


def usage(plan: Plan, looks: Sequence[Look], before: machine.Reading, idle: machine.Reading, pids: Pids) -> Used:
    """Return what the candidates used: from the empty server, ``before`` to ``idle``, and from when all were there.

    Raises `SimulationError` if they were not all there for long enough.
    """
    steady = [
        look
        for look in looks
        if look.now.seconds >= plan.ramp + SETTLE
        and look.now.candidates == plan.candidates
        and {pids.daemon, pids.worker} <= look.reading.processes.keys()
    ]
    if not steady or steady[-1].reading.at - steady[0].reading.at < STEADY:
        raise SimulationError(
            f"all {plan.candidates} candidates have to be there for {STEADY:.0f} s: rehearse for longer"
        )
    begin, end = steady[0].reading, steady[-1].reading
    busy = _cores(begin, end, pids.daemon)
    # While they arrive, the daemon already does half the work of when all are there.
    settling = steady[0].now.seconds - plan.ramp / 2
    arrival = begin.processes[pids.daemon].cpu - idle.processes[pids.daemon].cpu - busy * settling
    files = (end.processes[pids.daemon].files, idle.processes[pids.daemon].files)
    return Used(
        candidates=plan.candidates,
        worker=max(0.0, _cores(begin, end, pids.worker) - _cores(before, idle, pids.worker)),
        daemon=max(0.0, busy - _cores(before, idle, pids.daemon)),
        join=max(0.0, arrival) / (plan.candidates + plan.proctors),
        memory=max(0, _memory(end, pids) - _memory(idle, pids)),
        files=None if files[0] is None or files[1] is None else files[0] - files[1],
        sent=sum(look.now.megabits for look in steady) / len(steady) * 1e6,
        recorder=sum(_cores(begin, end, pid) for pid in pids.recorders(end)),
        written=sum(_written(begin, end, pid) for pid in pids.recorders(end)),
    )


def _pids(client: Client, room: str, *, recording: bool) -> Pids:
    daemon, worker = client.daemon.status().pid, client.rooms.get(room).worker
    if worker is None:
        raise SimulationError("the room is being moved to another worker; try again")
    workers = frozenset(each.pid for each in client.workers.list())
    return Pids(daemon=daemon, worker=worker, workers=workers, recording=recording)


def _server(pids: Pids, disk: Disk | None) -> Server:
    return Server(
        cores=machine.cores(),
        memory=machine.memory_available(),
        files=machine.files_limit(pids.daemon),
        network=machine.network_speed(),
        disk=0 if disk is None else max(0, disk.free_bytes - disk.reserve_bytes),
        disk_speed=None if disk is None else disk.speed,
    )


def _read(pids: Pids) -> machine.Reading:
    return machine.read((pids.daemon, *machine.children(pids.daemon)), at=time.monotonic())


def _cores(begin: machine.Reading, end: machine.Reading, pid: int) -> float:
    if pid not in begin.processes or pid not in end.processes:
        return 0.0
    return (end.processes[pid].cpu - begin.processes[pid].cpu) / (end.at - begin.at)


def _written(begin: machine.Reading, end: machine.Reading, pid: int) -> float:
    """Return bytes per second."""
    if pid not in begin.processes or pid not in end.processes:
        return 0.0
    first, last = begin.processes[pid].written, end.processes[pid].written
    if first is None or last is None:
        raise SimulationError(
            "this user may not know what the recorder writes: rehearse as root or as the daemon's user"
        )
    return (last - first) / (end.at - begin.at)


def _memory(reading: machine.Reading, pids: Pids) -> int:
    wanted = (pids.daemon, pids.worker, *pids.recorders(reading))
    return sum(reading.processes[pid].memory for pid in wanted if pid in reading.processes)
