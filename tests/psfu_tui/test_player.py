from __future__ import annotations

import contextlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.errors import RefusedError
from psfu_tui.player import SPEEDS, Player, position

BEGIN = datetime(2026, 11, 23, 22, 0, tzinfo=UTC).timestamp()
END = BEGIN + 4 * 3600


def test_it_moves_with_the_clock_at_its_speed_and_stops_at_the_end() -> None:
    player = Player(100.0, 160.0, speed=4.0, now=1000.0)
    assert [player.at(now) for now in (1000.0, 1005.0, 1015.0, 2000.0)] == [100.0, 120.0, 160.0, 160.0]
    assert player.at(900.0) == 100.0, "a clock that steps back stops nothing"


def test_standing_still_and_going_on() -> None:
    player = Player(100.0, 160.0, now=0.0)
    player.toggle(10.0)
    assert (player.at(50.0), player.playing) == (110.0, False)
    player.toggle(60.0)
    assert player.at(61.0) == 111.0
    player.toggle(200.0)
    assert player.at(300.0) == 160.0
    player.toggle(300.0)
    assert player.at(300.0) == 100.0, "from its end it begins anew"


def test_winding_stays_within() -> None:
    player = Player(100.0, 160.0, at=130.0, now=0.0)
    player.move(-5.0, 2.0)
    assert player.at(2.0) == 127.0
    player.move(1000.0, 3.0)
    assert player.at(3.0) == 160.0
    player.seek(-1.0, 4.0)
    assert player.at(4.0) == 100.0


def test_speeds_change_without_a_jump() -> None:
    player = Player(0.0, 1000.0, now=0.0)
    player.faster(2, 10.0)
    assert (player.speed, player.at(10.0), player.at(11.0)) == (4.0, 10.0, 14.0)
    player.faster(99, 11.0)
    assert player.speed == SPEEDS[-1]
    player.faster(-99, 11.0)
    assert (player.speed, player.at(11.0)) == (SPEEDS[0], 14.0)


@given(st.lists(st.tuples(st.sampled_from(["toggle", "move", "seek", "faster"]), st.floats(-500, 500)), max_size=20))
def test_whatever_is_done_it_stays_within(steps: list[tuple[str, float]]) -> None:
    player, now = Player(100.0, 160.0, now=0.0), 0.0
    for name, value in steps:
        now += abs(value)
        match name:
            case "toggle":
                player.toggle(now)
            case "faster":
                player.faster(int(value) % 5 - 2, now)
            case _:
                getattr(player, name)(value, now)
        assert 100.0 <= player.at(now) <= 160.0


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("22:30", BEGIN + 1800),
        ("22:30:07", BEGIN + 1807),
        (" 1:15 ", BEGIN + 3.25 * 3600),
        ("2026-11-23T23:00:00Z", BEGIN + 3600),
        ("2026-11-23T23:00:00+01:00", BEGIN),
        ("2026-11-23 23:00", BEGIN + 3600),
    ],
)
def test_times_are_read(text: str, at: float) -> None:
    assert position(text, BEGIN, END) == at


def test_a_minute_that_began_before_the_first_second_is_its_beginning() -> None:
    assert position("2026-11-23T22:00", BEGIN + 7, END) == BEGIN + 7


@pytest.mark.parametrize("text", ["", "noon", "25:00", "12:61", "21:00", "2:01", "2020-01-01T00:00", "9" * 400])
def test_what_is_no_time_or_outside_is_refused_with_what_there_is(text: str) -> None:
    with pytest.raises(RefusedError) as error:
        position(text, BEGIN, END)
    assert error.value.reason == "bad_time"
    assert "2026-11-23 22:00:00 to 2026-11-24 02:00:00" in str(error.value)


@given(st.text(max_size=30))
def test_any_text_is_a_time_or_refused(text: str) -> None:
    with contextlib.suppress(RefusedError):
        assert BEGIN <= position(text, BEGIN, END) <= END
