"""Lengths and moments as people type them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
import typer

from psfu_cli import times

NOW = datetime(2026, 6, 1, 12, 0, tzinfo=timezone(timedelta(hours=2)))


@pytest.mark.parametrize(
    ("text", "expected"), [("45s", 45), ("90m", 5400), ("1h30m", 5400), ("7d", 604_800), ("0.5h", 1800)]
)
def test_lengths(text: str, expected: float) -> None:
    assert times.seconds(text) == expected


@pytest.mark.parametrize("text", ["", "5", "h", "-5m", "5 m", "1y", "５m", "1h30", "nan"])
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="a length such as"):
        times.seconds(text)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("+2h", 7200), ("-90m", -5400), ("2026-06-01T12:00:30+02:00", 30), ("2026-06-01T10:00:00Z", 0)],
)
def test_moments(text: str, seconds: float) -> None:
    assert times.moment(text, NOW) == NOW.timestamp() + seconds


def test_a_clock_time_is_the_next_one_here() -> None:
    local = NOW.astimezone()
    soon, past = local + timedelta(minutes=5), local - timedelta(minutes=5)
    assert times.moment(f"{soon:%H:%M}", NOW) == soon.timestamp()
    assert times.moment(f"{past:%H:%M}", NOW) == (past + timedelta(days=1)).timestamp()


@pytest.mark.parametrize("text", ["", "soon", "25:00", "12:60", "+", "+5", "2026-13-01", "12:3"])
def test_what_is_no_moment(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="a time such as"):
        times.moment(text, NOW)
