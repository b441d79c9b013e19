"""From a sample to a verdict: what was used is told from what an empty server uses, and scaled up."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace

import pytest

from proctor_sfu.errors import SimulationError
from proctor_sfu.simulate import capacity, machine
from proctor_sfu.simulate.capacity import Server, Used
from proctor_sfu.simulate.machine import Process, Reading
from proctor_sfu.simulate.plan import Plan
from proctor_sfu.simulate.rehearsal import Look, Pids, sample_of, usage
from proctor_sfu.simulate.results import Now
from support.started import started

DAEMON, WORKER, RECORDER = 10, 20, 30
PIDS = Pids(daemon=DAEMON, worker=WORKER, workers=frozenset({WORKER, 21}))
MB = 2**20
SERVER = Server(cores=4, memory=1000 * MB, files=1000, network=1e9)
USED = Used(candidates=10, worker=0.1, daemon=0.02, join=0.05, memory=10 * MB, files=20, sent=20e6)


def limits(candidates: int, used: Used = USED, server: Server = SERVER) -> Mapping[str, capacity.Limit]:
    return {limit.name: limit for limit in capacity.limits(used, server, candidates)}


def test_everything_is_scaled_up_to_all_candidates() -> None:
    found = limits(80)
    assert {name: limit.capacity for name, limit in found.items()} == {
        "worker": 85, "daemon": 350, "arrival": 247, "cores": 283, "memory": 800, "files": 450, "network": 350,
    }  # fmt: skip
    assert all(limit.holds for limit in found.values())
    assert found["worker"].needed == pytest.approx(0.8)
    assert (found["memory"].needed, found["memory"].usable) == (80 * MB, 800 * MB)


def test_the_first_to_break_comes_first_and_is_named() -> None:
    found = capacity.limits(USED, SERVER, 100)
    assert [limit.holds for limit in found] == [False, True, True, True, True, True, True]
    assert [limit.capacity for limit in found] == sorted(limit.capacity for limit in found)
    assert capacity.first(found) == "the room's worker, which has one core, with 85 candidates"


def test_recordings_have_to_fit_on_the_disk_and_through_the_recorder() -> None:
    recorded = replace(USED, recorder=0.02, written=1e6)
    server = replace(SERVER, disk=100 * 10**9, disk_speed=50e6)
    found = {limit.name: limit for limit in capacity.limits(recorded, server, 100, lasts=3 * 3600)}
    assert {name: found[name].capacity for name in ("recorder", "disk", "disk-speed")} == {
        "recorder": 425, "disk": 92, "disk-speed": 350,
    }  # fmt: skip
    assert found["disk"].needed == pytest.approx(108e9)
    assert not found["disk"].holds
    assert "disk" not in limits(100, server=server), "nothing is recorded"


def test_what_costs_nothing_and_what_is_not_known_limits_nothing() -> None:
    free = Used(candidates=10, worker=0.1, daemon=0.0, join=0.0, memory=0, files=None, sent=0.0)
    found = limits(500, free, Server(cores=1, memory=MB, files=None, network=None))
    assert found.keys() == {"worker", "daemon", "arrival", "cores", "memory"}
    assert found["daemon"].holds and found["memory"].holds


@pytest.mark.parametrize(("candidates", "proctors", "cores", "sample"), [(5, 2, 2, 5), (500, 2, 2, 80), (1, 9, 1, 1)])
def test_the_sample_leaves_the_cores_to_what_is_measured(
    candidates: int, proctors: int, cores: int, sample: int
) -> None:
    assert sample_of(candidates, proctors, cores) == sample


def reading(at: float, daemon: float, worker: float, *, memory: int = 100 * MB, files: int | None = 50) -> Reading:
    processes = {
        DAEMON: Process(cpu=daemon, memory=memory, files=files, written=0),
        WORKER: Process(cpu=worker, memory=memory, files=None, written=None),
        RECORDER: Process(cpu=worker / 4, memory=memory, files=None, written=int(5e6 * worker)),
    }
    return Reading(at=at, processes=processes)


def now(seconds: float, candidates: int = 10) -> Now:
    return Now(
        seconds=seconds, candidates=candidates, proctors=2, megabits=20.0, arrived=0.0, gaps=0, troubles=0, lag_ms=0.0,
        cpu=0.0,
    )  # fmt: skip


PLAN = Plan(candidates=10, proctors=2, duration=20.0, ramp=4.0)
BEFORE, IDLE = reading(100.0, 5.0, 1.0), reading(102.0, 5.02, 1.0)


def test_what_the_sample_used_is_what_it_used_beyond_an_empty_server() -> None:
    # The simulation begins at 103; a join costs the daemon 0.06 s, afterwards it is 3 % busy, the worker 20 %.
    seen = [
        Look(
            now=now(second),
            reading=reading(103.0 + second, 5.74 + 0.03 * second, 0.2 * second, memory=130 * MB, files=74),
        )
        for second in range(4, 20)
    ]
    used = usage(PLAN, seen, BEFORE, IDLE, PIDS)
    assert (used.candidates, used.memory, used.files) == (10, 90 * MB, 24)
    assert (used.recorder, used.written) == pytest.approx((0.05, 1e6))
    assert used.worker == pytest.approx(0.2)
    assert used.daemon == pytest.approx(0.02)
    assert used.join == pytest.approx(0.065, abs=0.005)
    assert used.sent == pytest.approx(20e6)
    # A recorder that runs since before limits no exam that is not recorded.
    used = usage(PLAN, seen, BEFORE, IDLE, replace(PIDS, recording=False))
    assert (used.recorder, used.written, used.memory) == (0, 0, 60 * MB)
    assert "disk" not in limits(100, used)


@pytest.mark.parametrize("seconds", [range(0), range(8), range(12)])
def test_too_short_a_time_is_no_measurement(seconds: range) -> None:
    seen = [Look(now=now(second), reading=reading(103.0 + second, 6.0, 1.0)) for second in seconds]
    with pytest.raises(SimulationError, match="rehearse for longer"):
        usage(PLAN, seen, BEFORE, IDLE, PIDS)


def test_a_time_when_some_were_missing_is_no_measurement() -> None:
    seen = [Look(now=now(second, candidates=9), reading=reading(103.0 + second, 6.0, 1.0)) for second in range(20)]
    with pytest.raises(SimulationError, match="all 10 candidates"):
        usage(PLAN, seen, BEFORE, IDLE, PIDS)


def test_this_very_process_is_read() -> None:
    before = machine.read([os.getpid(), 2**22 + 1], at=1.0)
    assert before.processes.keys() == {os.getpid()}
    sum(number * number for number in range(2_000_000))
    after = machine.read([os.getpid()], at=2.0).processes[os.getpid()]
    assert after.cpu > before.processes[os.getpid()].cpu
    assert 5 * MB < after.memory < 10_000 * MB
    assert after.files is not None and after.files >= 3


def test_children_are_found() -> None:
    with started([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert child.pid in machine.children(os.getpid())
        assert machine.children(child.pid) == []
    assert child.pid not in machine.children(os.getpid())


def test_the_machine_is_read() -> None:
    assert machine.cores() >= 1
    assert machine.memory_available() > 10 * MB
    assert machine.datagrams_dropped() >= 0
    assert (machine.files_limit(os.getpid()) or 10**9) > 10
    assert machine.files_limit(2**22 + 1) is None
    assert machine.network_speed() is None or (machine.network_speed() or 0) > 1e6
