"""How long to wait before a worker is replaced: nothing at first, ever longer if deaths repeat, and forgotten."""

from __future__ import annotations

from proctor_sfu.pool.backoff import FREE, LONGEST, WINDOW, Backoff


def test_the_first_deaths_cost_nothing_then_each_doubles_the_wait() -> None:
    backoff = Backoff()
    waits = [backoff.died(float(second)) for second in range(12)]
    assert waits[:FREE] == [0.0] * FREE
    assert waits[FREE : FREE + 4] == [0.5, 1.0, 2.0, 4.0]
    assert waits[-1] == LONGEST and waits == sorted(waits)


def test_old_deaths_are_forgotten() -> None:
    backoff = Backoff()
    for second in range(10):
        backoff.died(float(second))
    assert backoff.died(10.0 + WINDOW) == 0.0


def test_a_death_every_now_and_then_never_costs_anything() -> None:
    backoff = Backoff()
    assert {backoff.died(number * WINDOW / FREE * 1.1) for number in range(50)} == {0.0}
