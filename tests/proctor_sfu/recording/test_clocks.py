"""How far a candidate's clock is from ours, by reports of a producer that a test makes."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any, cast

import pytest

from proctor_sfu.mediasoup.dumps import TraceEvent
from proctor_sfu.mediasoup.emitter import Emitter
from proctor_sfu.recording.clocks import EVERY, PATIENCE, Clock, offset_ms

NTP = 2_208_988_800
NOW = 1_790_000_000.25
"""Unix time."""


@pytest.mark.parametrize(
    ("seconds", "fraction", "arrived", "offset"),
    [
        (int(NOW) + NTP, 1 << 30, NOW, 0),
        (int(NOW) + NTP + 3600, 1 << 30, NOW, 3_600_000),
        (int(NOW) + NTP - 86_400, 3 << 30, NOW, -86_399_500),
        # NTP time begins anew on 7 February 2036.
        (1, 0, 2_085_978_495.0, 2000),
        (0xFFFFFFFF, 0, 2_085_978_497.0, -2000),
        (0, 0, NOW, None),
    ],
)
def test_the_offset_is_of_the_sender_s_clock(seconds: int, fraction: int, arrived: float, offset: int | None) -> None:
    assert offset_ms(seconds, fraction, arrived) == offset


class FakeProducer(Emitter):
    """Says what it is asked to trace, and reports as told."""

    closed = paused = False

    def __init__(self) -> None:
        super().__init__()
        self.traced: list[str] = []

    def enable_trace_event(self, types: list[str]) -> asyncio.Future[None]:
        self.traced = types
        done = asyncio.get_running_loop().create_future()
        done.set_result(None)
        return done

    def report(self, ahead: float) -> None:
        if "sr" in self.traced:
            at = int((time.time() + NTP + ahead) * (1 << 32))
            self._tell(
                TraceEvent(
                    type="sr", timestamp=int(time.monotonic() * 1000), direction="in",
                    info={"ntp_sec": at >> 32, "ntp_frac": at & 0xFFFFFFFF},
                )
            )  # fmt: skip

    def _tell(self, event: TraceEvent) -> None:
        self.emit("trace", event)


@pytest.fixture
def told() -> list[int]:
    return []


async def test_it_is_told_at_first_and_when_it_moved(told: list[int]) -> None:
    producer = FakeProducer()
    clock = Clock(cast(Any, producer), told.append)
    began = time.monotonic()
    for reading, ahead in enumerate((5.0, 5.05, 4.96, 5.2, 5.2, -7.0)):
        clock.look(began + reading * (EVERY + 1))
        producer.report(ahead)
        assert producer.traced == [], "it is asked for one report at a time"
        producer.report(100.0)
        clock.look(began + EVERY / 2)
        assert producer.traced == []
    assert told == [pytest.approx(each, abs=20) for each in (5000, 5200, -7000)]


async def test_a_sender_without_reports_or_clock_is_given_up_for_a_while(told: list[int]) -> None:
    producer = FakeProducer()
    clock = Clock(cast(Any, producer), told.append)
    clock.look(1.0)
    assert producer.traced == ["sr"]
    clock.look(1.0 + PATIENCE)
    assert (producer.traced, producer.listener_count("trace")) == ([], 0)
    clock.look(1.0 + PATIENCE + EVERY)
    producer.report(2.0)
    assert told == [pytest.approx(2000, abs=20)]


async def test_whoever_else_traces_is_not_disturbed(told: list[int]) -> None:
    producer = FakeProducer()
    clock = Clock(cast(Any, producer), told.append)
    producer.traced = ["rtp"]
    other = producer.on("trace", lambda event: None)
    clock.look(1.0)
    assert producer.traced == ["rtp"]
    producer.off("trace", other)
    clock.look(2.0)
    assert producer.traced == ["sr"]
    # What others asked for comes late, which is no report.
    producer._tell(TraceEvent(type="rtp", timestamp=0, direction="in", info={"rtp_packet": {}}))
    clock.close()
    assert (told, producer.traced, producer.listener_count("trace")) == ([], [], 0)


async def test_a_clock_that_jumps_to_and_fro_is_told_ever_more_rarely(told: list[int]) -> None:
    producer = FakeProducer()
    clock = Clock(cast(Any, producer), told.append)
    began = time.monotonic()
    noise = random.Random(1)
    hours = 8
    for reading in range(hours * 120):
        clock.look(began + reading * (EVERY + 1))
        producer.report(noise.uniform(-0.5, 0.5))
    # Once in ten minutes at most, but for the first times.
    assert 3 <= len(told) <= 6 * hours + 5
    count = len(told)
    clock.look(began + hours * 120 * (EVERY + 1))
    producer.report(3600.0)
    assert told[count:] == [pytest.approx(3_600_000, abs=20)], "a jump that is one is told at once"
    quiet = len(told)
    for reading in range(hours * 120 + 1, hours * 120 + 400):
        clock.look(began + reading * (EVERY + 1))
        producer.report(3600.0)
    clock.look(began + (hours * 120 + 401) * (EVERY + 1))
    producer.report(3600.15)
    assert len(told) == quiet + 1, "one that is calm again is believed again"
