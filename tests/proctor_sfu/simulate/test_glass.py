"""When a picture that was seen was due: by number, across rounds of the clip, jumps and late timers."""

from __future__ import annotations

import pytest

from proctor_sfu.simulate.glass import EARLY, Pace, Timeline

FPS, FRAMES = 20, 120


def timeline(*stretches: tuple[float, int]) -> Timeline:
    line = Timeline(fps=FPS, frames=FRAMES)
    for at, number in stretches:
        line.begin(at, number)
    return line


def test_numbers_count_up_from_the_beginning_of_a_stretch() -> None:
    line = timeline((10.0, 5))
    assert line.sent(5, 10.1) == 10.0
    assert line.sent(8, 10.2) == pytest.approx(10.15)


def test_a_number_belongs_to_the_latest_round() -> None:
    line = timeline((10.0, 0))
    assert line.sent(0, 15.9) == 10.0
    assert line.sent(0, 16.1) == pytest.approx(16.0)
    assert line.sent(119, 16.1) == pytest.approx(15.95)


def test_what_was_not_due_yet_is_of_the_round_before_or_of_nothing() -> None:
    line = timeline((10.0, 0))
    assert line.sent(10, 10.4) is None
    assert line.sent(10, 16.4) == pytest.approx(10.5)
    assert line.sent(3, 9.0) is None
    assert Timeline(fps=FPS, frames=FRAMES).sent(0, 5.0) is None


def test_a_timer_may_be_a_little_early() -> None:
    assert timeline((10.0, 0)).sent(1, 10.05 - EARLY / 2) == pytest.approx(10.05)


def test_a_jump_cuts_a_stretch_off() -> None:
    line = timeline((10.0, 0), (10.2, 20))
    assert line.sent(20, 10.3) == 10.2
    assert line.sent(3, 10.3) == pytest.approx(10.15)
    assert line.sent(6, 10.3) is None, "the jump came before its turn"


def test_a_pace_tells_beginnings_jumps_and_stalls_only() -> None:
    pace = Pace(fps=FPS, frames=FRAMES)
    dues = [(0, 1.0), (1, 1.05), (2, 1.1), (20, 1.15), (21, 1.2), (22, 5.0), (23, 5.05)]
    assert [pace.sent(number, due) for number, due in dues] == [True, False, False, True, False, True, False]


def test_a_pace_goes_on_across_the_end_of_the_clip_for_hours() -> None:
    pace = Pace(fps=FPS, frames=FRAMES)
    beginnings = [pace.sent(count % FRAMES, 7.3 + count / FPS) for count in range(3 * 3600 * FPS)]
    assert beginnings.index(True) == 0
    assert beginnings.count(True) == 1
