"""A bad network is as bad as it was told to be, the same for the same seed, and keeps the order."""

from __future__ import annotations

import math
from itertools import groupby, pairwise
from random import Random

import pytest

from proctor_sfu.simulate.impairment import QUEUE, Impairment, Line


def fates(impairment: Impairment, count: int, *, spacing: float = 0.01, size: int = 1000, seed: int = 1) -> list[float]:
    """Return the seconds each datagram takes, -1 for what is lost."""
    line = Line(impairment, Random(seed))
    found = []
    for number in range(count):
        now = 100 + number * spacing
        out = line.admit(now, size)
        found.append(-1.0 if out is None else out - now)
    assert (line.passed, line.dropped) == (count - found.count(-1.0), found.count(-1.0))
    return found


def test_a_good_network_does_nothing() -> None:
    assert set(fates(Impairment(), 100)) == {0.0}
    assert Impairment().harmless
    assert not Impairment(outages=((1.0, 2.0),)).harmless


@pytest.mark.parametrize("loss", [0.01, 0.05, 0.2, 1.0])
@pytest.mark.parametrize("burst", [1, 4, 20])
def test_loss_has_its_share_and_its_length(loss: float, burst: float) -> None:
    lost = [fate < 0 for fate in fates(Impairment(loss=loss, burst=burst), 200_000)]
    runs = [len(list(run)) for gone, run in groupby(lost) if gone]
    chance = 4 / math.sqrt(len(runs)) if loss < 1 else 0
    assert sum(lost) / len(lost) == pytest.approx(loss, rel=chance)
    if loss < 1:
        expected = burst if burst > 1 else 1 / (1 - loss)
        assert sum(runs) / len(runs) == pytest.approx(expected, rel=chance)


def test_so_much_loss_takes_longer_bursts_than_asked_for() -> None:
    lost = [fate < 0 for fate in fates(Impairment(loss=0.95, burst=2), 200_000)]
    assert sum(lost) / len(lost) == pytest.approx(0.95, rel=0.01)


def test_the_same_seed_makes_the_same_network() -> None:
    bad = Impairment(loss=0.1, burst=3, jitter=0.02)
    assert fates(bad, 1000, seed=5) == fates(bad, 1000, seed=5)
    assert fates(bad, 1000, seed=5) != fates(bad, 1000, seed=6)


def test_delay_and_jitter_keep_the_order() -> None:
    taken = fates(Impairment(delay=0.08, jitter=0.05), 5000)
    assert 0.08 <= min(taken) < 0.082
    assert 0.12 < max(taken) <= 0.13
    outs = [number * 0.01 + seconds for number, seconds in enumerate(taken)]
    assert all(later - sooner > -1e-9 for sooner, later in pairwise(outs))


def test_a_slow_link_lets_its_rate_through_and_holds_as_much_as_its_queue() -> None:
    # 800 kb/s arrive, 200 kb/s get through.
    taken = fates(Impairment(rate=200_000), 1000)
    passed = [seconds for seconds in taken if seconds >= 0]
    assert len(passed) * 8000 / 10 == pytest.approx(200_000, rel=0.05)
    assert QUEUE < max(passed) <= QUEUE + 0.04 + 1e-6


def test_a_link_that_is_fast_enough_adds_only_the_time_on_the_wire() -> None:
    assert fates(Impairment(rate=1_000_000), 10) == pytest.approx([0.008] * 10)


def test_nothing_gets_through_in_an_outage() -> None:
    taken = fates(Impairment(outages=((100.5, 101.0), (102.0, 102.1))), 300)
    lost = [number for number, seconds in enumerate(taken) if seconds < 0]
    assert lost == [*range(50, 100), *range(200, 210)]
