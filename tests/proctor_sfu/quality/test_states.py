"""Which changes of a connection's state interrupt it."""

from __future__ import annotations

import pytest

from proctor_sfu.quality.states import interrupts


@pytest.mark.parametrize(
    ("before", "state", "interrupted"),
    [
        ("live", "reconnecting", True),
        ("live", "lost", True),
        ("degraded", "lost", True),
        ("reconnecting", "lost", False),
        ("joining", "lost", False),
        (None, "lost", False),
        ("live", "left", False),
        ("live", "degraded", False),
    ],
)
def test_an_interruption_is_counted_once(before: str | None, state: str, interrupted: bool) -> None:
    assert interrupts(before, state) is interrupted
