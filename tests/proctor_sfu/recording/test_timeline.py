"""RTP timestamps on the server's clock: by reports, by arrivals, with clocks that drift."""

from __future__ import annotations

import pytest

from proctor_sfu.recording.timeline import Arrivals, Timeline

START = 1_767_258_000_000_000.0


def test_one_report_is_enough() -> None:
    timeline = Timeline(90_000, [(1000, START)])
    assert timeline.at(1000) == START
    assert timeline.at(1000 + 90_000) == pytest.approx(START + 1_000_000)
    assert timeline.at(1000 - 9000) == pytest.approx(START - 100_000)


def test_a_clock_that_drifts_is_followed() -> None:
    # 100 ppm fast: after an hour the timestamps are 0.36 s ahead.
    points = [(n * 900_090, START + n * 10_000_000) for n in range(360)]
    timeline = Timeline(90_000, points)
    for n in range(5, 350):
        assert timeline.at(n * 900_090 + 45_000) == pytest.approx(START + n * 10_000_000 + 499_950, abs=300)


def test_a_rough_report_does_not_count() -> None:
    points = [(n * 900_000, START + n * 10_000_000) for n in range(20)]
    points[0] = (0, START + 80_000)
    points[9] = (points[9][0], points[9][1] - 300_000)
    timeline = Timeline(90_000, points)
    for n in range(20):
        assert timeline.at(n * 900_000) == pytest.approx(START + n * 10_000_000, abs=1)


def test_without_reports_the_least_delayed_packets_tell() -> None:
    arrivals = Arrivals(48_000)
    for n in range(3000):
        delay = 5_000 + (n * 7919 % 40_000)
        arrivals.take(960 * n, int(START) + 20_000 * n + delay)
    timeline = Timeline(48_000, arrivals.points())
    for n in range(0, 3000, 100):
        assert timeline.at(960 * n) == pytest.approx(START + 20_000 * n + 5_000, abs=1000)
