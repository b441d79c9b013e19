"""Gaps of a view: between arrivals, at pauses, at the end; and the time in which something should have come."""

from __future__ import annotations

import pytest

from proctor_sfu.simulate.view import GAP, Gap, View


def watched(*arrivals: float, offered: float = 0.0) -> tuple[View, list[Gap]]:
    view = View(offered)
    return view, [gap for at in arrivals if (gap := view.take(at)) is not None]


def test_a_steady_stream_has_no_gap() -> None:
    view, gaps = watched(0.5, 1.0, 1.9)
    assert gaps == []
    assert (view.first, view.arrived) == (0.5, 3)
    assert view.end(2.0) is None
    assert view.active(2.0) == 1.5


def test_waiting_for_the_first_is_no_gap() -> None:
    assert watched(7.0)[1] == []


def test_a_gap_ends_with_what_comes_next() -> None:
    assert watched(1.0, 1.0 + GAP)[1] == [Gap(at=1.0, seconds=GAP)]
    assert watched(1.0, 4.5)[1] == [Gap(at=1.0, seconds=3.5)]


def test_a_gap_ends_with_the_view() -> None:
    view, _ = watched(1.0)
    assert view.end(4.0) == Gap(at=1.0, seconds=3.0)


def test_what_never_came_has_no_gap_and_no_time() -> None:
    view = View(0.0)
    assert view.end(9.0) is None
    assert view.active(9.0) == 0.0


def test_a_pause_is_no_gap_and_does_not_count() -> None:
    view, _ = watched(1.0)
    assert view.pause(1.5) is None
    assert view.pause(1.6) is None
    assert view.take(1.7) is None
    view.resume(6.5)
    view.resume(7.0)
    assert view.take(7.0) is None
    assert view.end(7.5) is None
    assert view.active(7.5) == pytest.approx(1.5)


def test_a_gap_before_a_pause_counts() -> None:
    view, _ = watched(1.0)
    assert view.pause(3.0) == Gap(at=1.0, seconds=2.0)
    assert view.end(9.0) is None
    assert view.active(9.0) == pytest.approx(2.0)


def test_a_view_that_begins_paused() -> None:
    view = View(0.0, paused=True)
    view.resume(5.0)
    assert view.take(5.2) is None
    assert view.end(6.0) is None
    assert view.active(6.0) == pytest.approx(0.8)


def test_the_first_may_arrive_during_a_pause() -> None:
    view = View(0.0, paused=True)
    view.take(1.0)
    view.resume(4.0)
    view.take(4.5)
    assert view.active(5.0) == pytest.approx(1.0)
