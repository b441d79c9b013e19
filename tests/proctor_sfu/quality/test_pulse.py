"""The pulse: what it counts of events, whatever the clock of the machine does."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from proctor_sfu.events import Bus, PeerEntered, PeerStateChanged
from proctor_sfu.quality.pulse import Pulse
from proctor_sfu.settings import Settings


@pytest.mark.parametrize("step", [-7200.0, 7200.0])
async def test_a_clock_that_is_set_makes_no_long_and_no_negative_joins(step: float) -> None:
    times = iter([1.8e9, 1.8e9 + step])
    bus = Bus(clock=lambda: next(times))
    registry: Any = SimpleNamespace(rooms={})
    pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
    pulse = Pulse(registry, pool, Settings(), bus, ready=lambda: True)
    pulse.start()
    try:
        bus.publish(PeerEntered(room="exam-1", peer="ana", role="candidate", name="Ana", address="192.0.2.1"))
        bus.publish(PeerStateChanged(room="exam-1", peer="ana", before="joining", state="live"))
    finally:
        await pulse.close()
    joins = pulse.overview.counters.join
    assert sum(joins.counts) == 1 and 0 <= joins.total < 5
