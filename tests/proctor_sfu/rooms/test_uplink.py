"""A thin uplink: what is kept, when something is given up, and when it comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.rooms.roles import CANDIDATE_SOURCES, Source
from proctor_sfu.rooms.uplink import LEAST, LONGEST_RETRY, ORDER, PATIENCE, RELIEF, RETRY, Uplink

CAPS = {Source.CAMERA: 1_000_000, Source.SCREEN: 1_500_000, Source.MICROPHONE: 64_000}


def thin(uplink: Uplink, available: int, *, start: float = 0.0, seconds: float = 60.0) -> dict[Source, int]:
    """Report once a second that less than wanted gets through."""
    limits: dict[Source, int] = {}
    for second in range(int(seconds)):
        limits = uplink.report(start + second, available=available, limited=True, publishing=CANDIDATE_SOURCES)
    return limits


def test_a_good_uplink_holds_nothing_back() -> None:
    limits = Uplink(CAPS).report(0, available=300_000, limited=False, publishing=CANDIDATE_SOURCES)
    assert limits == CAPS


def test_the_first_thing_given_up_is_the_camera_and_only_after_a_while() -> None:
    uplink = Uplink(CAPS)
    limits = thin(uplink, 250_000, seconds=PATIENCE)
    assert uplink.absent == () and all(limits.values())
    limits = thin(uplink, 250_000, start=PATIENCE, seconds=1)
    assert uplink.absent == (Source.CAMERA,)
    assert limits[Source.CAMERA] == 0
    assert limits[Source.MICROPHONE] == 64_000
    assert limits[Source.SCREEN] >= LEAST[Source.SCREEN]


def test_a_screen_of_which_little_gets_through_is_kept_since_it_rests_most_of_the_time() -> None:
    uplink = Uplink(CAPS)
    limits = thin(uplink, 100_000, seconds=600)
    assert uplink.absent == (Source.CAMERA,)
    assert limits[Source.SCREEN] > 0


def test_the_microphone_is_never_given_up() -> None:
    uplink = Uplink(CAPS)
    limits = thin(uplink, 10_000, seconds=14)
    assert uplink.absent == (Source.SCREEN, Source.CAMERA)
    assert limits[Source.MICROPHONE] >= LEAST[Source.MICROPHONE]


def test_a_short_dip_changes_nothing() -> None:
    uplink = Uplink(CAPS)
    for second in range(60):
        dips = second % 4 != 3
        uplink.report(second, available=100_000 if dips else 4_000_000, limited=dips, publishing=CANDIDATE_SOURCES)
    assert uplink.absent == ()


def test_want_that_was_long_ago_does_not_count() -> None:
    uplink = Uplink(CAPS)
    for second in range(60):
        limited = second % (RELIEF + 2) == 0
        uplink.report(second, available=100_000, limited=limited, publishing=CANDIDATE_SOURCES)
    assert uplink.absent == ()


def test_a_client_that_is_told_to_send_less_is_in_want_all_the_same() -> None:
    """Browsers report no want while they send as little as they were told, and want again once they may send more."""
    uplink = Uplink(CAPS)
    for report in range(4):
        uplink.report(3.0 * report, available=200_000, limited=report % 2 == 0, publishing=CANDIDATE_SOURCES)
    assert uplink.absent == (Source.CAMERA,)


def test_what_was_given_up_is_tried_again_later_and_later() -> None:
    uplink = Uplink(CAPS)
    absences = []
    since: float | None = None
    for second in range(1000):
        uplink.report(second, available=250_000, limited=True, publishing=CANDIDATE_SOURCES)
        if uplink.absent and since is None:
            since = second
        elif not uplink.absent and since is not None:
            absences.append(second - since)
            since = None
    assert absences[:4] == [RETRY, 2 * RETRY, 4 * RETRY, LONGEST_RETRY]
    assert set(absences[4:]) == {LONGEST_RETRY}


def test_it_stays_back_when_there_is_room_again() -> None:
    uplink = Uplink(CAPS)
    thin(uplink, 250_000, seconds=6)
    for second in range(6, 6 + int(RETRY) + 1):
        limits = uplink.report(second, available=4_000_000, limited=False, publishing=CANDIDATE_SOURCES)
    assert limits == CAPS
    assert uplink.absent == ()


def test_a_source_that_is_not_published_any_more_is_forgotten() -> None:
    uplink = Uplink(CAPS)
    thin(uplink, 250_000, seconds=6)
    assert uplink.report(7, available=250_000, limited=True, publishing=[Source.MICROPHONE]) == {
        Source.MICROPHONE: 64_000
    }
    assert uplink.absent == ()


@given(
    st.lists(st.tuples(st.integers(0, 5_000_000), st.booleans(), st.floats(0.1, 30)), max_size=60),
    st.sets(st.sampled_from(CANDIDATE_SOURCES)),
)
def test_limits_are_within_the_caps_and_the_microphone_is_always_sent(
    reports: list[tuple[int, bool, float]], publishing: set[Source]
) -> None:
    uplink = Uplink(CAPS)
    now = 0.0
    for available, limited, pause in reports:
        now += pause
        limits = uplink.report(now, available=available, limited=limited, publishing=publishing)
        assert limits.keys() == publishing
        assert all(limit == 0 or LEAST[source] <= limit <= CAPS[source] for source, limit in limits.items())
        assert limits.get(Source.MICROPHONE, 1) > 0


@pytest.mark.parametrize("source", ORDER)
def test_each_source_can_be_published_alone(source: Source) -> None:
    limits = Uplink(CAPS).report(0, available=10_000, limited=True, publishing=[source])
    assert limits == {source: LEAST[source]}
