"""What a receiver reports: loss by interval and in all, jitter, and the sender's report it answers."""

from __future__ import annotations

import pytest

from proctor_sfu.simulate.reception import Reception
from proctor_sfu.simulate.rtp import Packet


def packet(sequence: int, timestamp: int = 0) -> Packet:
    return Packet(96, False, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, 7, b"x")


def test_nothing_came() -> None:
    assert Reception(90_000).report(1.0) == (0, 0, 0, 0, 0, 0)


def test_loss_of_the_interval_and_of_all() -> None:
    reception = Reception(90_000)
    for sequence in (65_534, 65_535, 0, 1):
        reception.take(packet(sequence), 0.0)
    assert reception.report(1.0)[:3] == (0, 0, 65_537)
    for sequence in (3, 5):
        reception.take(packet(sequence), 0.0)
    assert reception.report(2.0)[:2] == (128, 2)
    assert reception.report(3.0)[:2] == (0, 2)
    assert (reception.packets, reception.lost) == (6, 2)


def test_a_late_packet_is_not_lost() -> None:
    reception = Reception(90_000)
    for sequence in (10, 12, 11):
        reception.take(packet(sequence), 0.0)
    assert reception.report(1.0)[:3] == (0, 0, 12)


def test_jitter_is_that_of_the_arrivals_even_where_timestamps_wrap() -> None:
    steady, shaky = Reception(90_000), Reception(90_000)
    for number in range(200):
        timestamp = 2**32 - 90_000 + number * 1800
        steady.take(packet(number, timestamp), number * 0.02)
        shaky.take(packet(number, timestamp), number * 0.02 + (0.01 if number % 2 else 0.0))
    assert steady.report(5.0).jitter <= 1
    assert shaky.report(5.0).jitter == pytest.approx(900, rel=0.05)


def test_the_senders_report_is_answered() -> None:
    reception = Reception(90_000)
    reception.take(packet(1), 0.0)
    reception.sender_report(0x1122334455667788, 10.0)
    report = reception.report(10.5)
    assert (report.last_report, report.delay) == (0x33445566, 32_768)
