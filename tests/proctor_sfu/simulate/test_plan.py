"""Who comes and goes when: everybody is there in the end, departures are spread out, and chance repeats itself."""

from __future__ import annotations

from itertools import pairwise

import pytest

from proctor_sfu.simulate.impairment import Impairment
from proctor_sfu.simulate.plan import AWAY, PER_PROCESS, Part, Plan, cast, share_out


def plan(**given: object) -> Plan:
    return Plan(**{"candidates": 10, "proctors": 2, "duration": 60.0, **given})  # type: ignore[arg-type]


def test_proctors_are_there_before_candidates_arrive_evenly() -> None:
    parts = cast(plan(ramp=5.0))
    assert [part.peer for part in parts[:3]] == ["sim-proctor-1", "sim-proctor-2", "sim-01"]
    arrivals = [part.visits[0].arrive for part in parts if part.role == "candidate"]
    assert arrivals == pytest.approx([0.5 * number for number in range(10)])
    assert {(part.visits[-1].depart, part.visits[-1].how) for part in parts} == {(60.0, "end")}


def test_nobody_at_all() -> None:
    assert cast(plan(candidates=0, proctors=0)) == []
    assert share_out([]) == []


def test_only_the_first_suffer_and_only_if_there_is_something_to_suffer() -> None:
    bad = [part.peer for part in cast(plan(impaired=3, impairment=Impairment(loss=0.1))) if part.impaired]
    assert bad == ["sim-01", "sim-02", "sim-03"]
    assert not any(part.impaired for part in cast(plan(impaired=3)))


def test_whoever_goes_comes_back() -> None:
    parts = cast(plan(ramp=5.0, churn=30.0))
    departures = [visit for part in parts for visit in part.visits[:-1]]
    assert len(departures) == 26
    assert {visit.how for visit in departures} == {"leave", "vanish"}
    assert all(part.visits == part.visits[:1] for part in parts if part.role == "proctor")
    for part in parts:
        for before, after in pairwise(part.visits):
            assert before.arrive < before.depart
            assert AWAY[0] <= after.arrive - before.depart <= AWAY[1]
            assert after.arrive < after.depart <= 60.0
    times = sorted(visit.depart for visit in departures)
    assert all(later - sooner < 2 * (60 - 5 - AWAY[1]) / 26 for sooner, later in pairwise(times))


def test_more_departures_than_there_are_candidates_to_depart() -> None:
    parts = cast(plan(candidates=1, churn=600.0))
    assert len(parts[-1].visits) > 5
    assert all(before.depart < after.arrive for before, after in pairwise(parts[-1].visits))


@pytest.mark.parametrize("duration", [1.0, 3.0])
def test_too_short_for_departures(duration: float) -> None:
    assert all(len(part.visits) == 1 for part in cast(plan(duration=duration, churn=600.0)))


def test_the_seed_decides() -> None:
    assert cast(plan(churn=30.0, seed=1)) == cast(plan(churn=30.0, seed=1))
    assert cast(plan(churn=30.0, seed=1)) != cast(plan(churn=30.0, seed=2))


def sizes(candidates: int, proctors: int) -> list[tuple[str, int]]:
    shares = share_out(cast(plan(candidates=candidates, proctors=proctors)))
    assert all({part.role for part in share} == {share[0].role} for share in shares)
    return [(share[0].role, len(share)) for share in shares]


def test_processes_carry_what_they_can() -> None:
    assert sizes(6, 2) == [("proctor", 2), ("candidate", 6)]
    assert sizes(PER_PROCESS + 1, 0) == [("candidate", PER_PROCESS), ("candidate", 1)]
    assert sizes(100, 5) == [("proctor", 3), ("proctor", 2), ("candidate", 100)]
    assert sizes(1000, 2)[:2] == [("proctor", 1)] * 2, "one that is too much still needs a process"


def test_nobody_is_forgotten() -> None:
    parts = cast(plan(candidates=777, proctors=7))
    flat: list[Part] = [part for share in share_out(parts) for part in share]
    assert flat == parts
