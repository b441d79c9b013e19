"""Verdicts on a track, second by second, and on the disk."""

from __future__ import annotations

import pytest

from proctor_sfu.recording.space import Limits, Space, expected
from proctor_sfu.recording.watch import Verdict, Watch

MIB = 1 << 20


def verdicts(counts: list[tuple[int, int]], *, paused: set[int] = frozenset()) -> list[Verdict | None]:  # type: ignore[assignment]
    """One look a second at (received, written)."""
    watch = Watch(patience=3.0, since=0.0)
    found = []
    for second, (received, written) in enumerate(counts, start=1):
        watch.take(received, written, float(second))
        found.append(watch.judge(float(second), paused=second in paused))
    return found


def test_what_flows_is_not_worth_a_word() -> None:
    assert verdicts([(n, n) for n in range(1, 10)]) == [None] * 9


def test_what_never_begins_is_stalled_after_the_patience() -> None:
    assert verdicts([(0, 0)] * 6) == [None, None, None, "stalled", None, None]


def test_silence_is_told_once_and_its_end_once() -> None:
    counts = [(1, 1), (2, 2), *[(2, 2)] * 6, (3, 3), (4, 4)]
    assert verdicts(counts) == [None] * 5 + ["stalled", None, None, "flows", None]


def test_silence_on_purpose_is_none() -> None:
    counts = [(1, 1), (2, 2), *[(2, 2)] * 6, *[(2, 2)] * 4]
    assert verdicts(counts, paused=set(range(3, 9))) == [None] * 11 + ["stalled"]


def test_what_is_received_and_not_written_is_told() -> None:
    counts = [(10, 10), (20, 12), (30, 12), (40, 12), (50, 12), (60, 12), (70, 70)]
    assert verdicts(counts) == [None] * 5 + ["unwritten", "flows"]


def test_what_is_on_its_way_to_the_disk_is_no_trouble() -> None:
    assert verdicts([(10 * n, 10 * n - 3) for n in range(1, 20)]) == [None] * 19


def test_another_recorder_counts_anew() -> None:
    watch = Watch(patience=3.0, since=0.0)
    watch.take(100, 100, 1.0)
    watch.judge(1.0, paused=False)
    watch.restart(10.0)
    watch.take(0, 0, 11.0)
    assert watch.judge(11.0, paused=False) is None
    watch.take(5, 5, 12.0)
    assert watch.judge(12.0, paused=False) is None


def space(**known: object) -> Space:
    found = Space(limits=Limits(reserve_bytes=100 * MIB, reserve_hours=2.0), free=10_000 * MIB, size=20_000 * MIB)
    for name, value in known.items():
        setattr(found, name, value)
    return found


def measured(rate: int, busy: float, seconds: int = 120, free: int = 10_000 * MIB) -> Space:
    found = space()
    for second in range(seconds):
        found.take(free=free, size=20_000 * MIB, written=rate * second, busy=busy, behind=0.5, now=float(second))
    return found


def test_the_forecast_is_of_the_present_rate() -> None:
    found = measured(1 * MIB, 0.1)
    assert found.rate == pytest.approx(MIB, rel=0.05)
    assert found.hours_left == pytest.approx(9900 / 3600, rel=0.05)
    assert found.speed == pytest.approx(10 * MIB, rel=0.1)
    assert found.refusal() is None
    # Nor is it too good at the beginning.
    assert measured(1 * MIB, 0.1, seconds=3).rate == pytest.approx(MIB)
    assert space().hours_left is None
    assert space().speed is None


def test_a_disk_that_refuses_suffices_for_nothing_however_much_of_it_is_free() -> None:
    found = measured(1 * MIB, 0.1)
    found.trouble = "disk-failed"
    assert found.hours_left == 0.0


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (space(free=99 * MIB), "disk_full"),
        (space(trouble="disk-full"), "disk_full"),
        (space(trouble="disk-failed", reason="read-only file system"), "disk_failed"),
        (space(trouble="disk-slow"), "disk_slow"),
        (space(behind=4.0), "disk_slow"),
        (measured(1 * MIB, 0.95), "disk_slow"),
        (measured(5 * MIB, 0.1), "disk_full"),
        (space(free=0, size=0), "disk_full"),
    ],
)
def test_no_recording_begins_where_it_would_not_end_well(found: Space, code: str) -> None:
    refusal = found.refusal()
    assert refusal is not None
    assert refusal.code == code


def test_a_recorder_that_begins_anew_does_not_upset_the_rate() -> None:
    found = measured(1 * MIB, 0.1)
    before = found.rate
    found.take(free=10_000 * MIB, size=20_000 * MIB, written=0, busy=0.0, behind=0.0, now=121.0)
    assert found.rate == before


ALL = ("camera", "screen", "microphone")


def admitted(found: Space, count: int) -> int:
    """Let as many as there is room for begin in one moment."""
    begun = 0
    for _ in range(count):
        if found.refusal(ALL) is None:
            found.reserve(ALL)
            begun += 1
    return begun


def test_of_many_who_come_at_once_as_many_are_recorded_as_the_disk_is_good_for() -> None:
    hours = Limits(reserve_bytes=100 * MIB, reserve_hours=2.0)
    found = space(free=100 * MIB + int(50.5 * expected(ALL) * 2 * 3600))
    assert found.limits == hours
    assert admitted(found, 300) == 50
    written = 0
    for second in range(121):
        # Their packets come after a second, and while they do there is never room for more.
        written += 0 if second < 2 else int(50 * expected(ALL))
        found.take(free=found.free, size=found.size, written=written, busy=0.1, behind=0.5, now=float(second))
        assert admitted(found, 300) == 0, second
    assert found.to_come == pytest.approx(50 * expected(ALL), rel=0.02)


@pytest.mark.parametrize("before", [0, 10, 300])
def test_what_was_reserved_passes_into_what_is_measured(before: int) -> None:
    rate = int(expected(ALL))
    found = space()
    written = 0
    for second in range(before):
        written += rate
        found.take(free=found.free, size=found.size, written=written, busy=0.1, behind=0.5, now=float(second))
    alone = found.rate
    found.reserve(ALL)
    assert found.to_come == pytest.approx(alone + rate)
    for second in range(before, before + 200):
        # It sends half of what was expected.
        written += rate + (rate // 2 if before else -rate // 2)
        found.take(free=found.free, size=found.size, written=written, busy=0.1, behind=0.5, now=float(second))
        assert found.to_come < alone + 1.6 * rate
    assert found.to_come == pytest.approx(1.5 * rate if before else 0.5 * rate, rel=0.03)


def test_what_the_disk_takes_at_most_is_not_promised_to_more() -> None:
    # It is busy half of the time with 2 MiB/s, so that 3.2 MiB/s are what it is good for.
    found = measured(2 * MIB, 0.5, free=1 << 40)
    assert admitted(found, 300) == int((3.2 - 2) * MIB / expected(ALL))
    refusal = found.refusal(ALL)
    assert refusal is not None and refusal.code == "disk_slow" and "4.0 MiB/s" in refusal.reason


def test_a_disk_with_little_to_do_has_not_shown_what_it_takes() -> None:
    # Most of what little it does is syncing, which many do together.
    assert admitted(measured(20_000, 0.2, free=1 << 40), 100) == 100
