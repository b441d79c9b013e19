"""Scalability modes of simulcast and SVC."""

from __future__ import annotations

import pytest

from proctor_sfu.mediasoup.scalability import ScalabilityMode, parse_scalability_mode

NOTHING = ScalabilityMode(1, 1, False)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("L1T1", NOTHING),
        ("L1T3", ScalabilityMode(1, 3, False)),
        ("L3T2_KEY", ScalabilityMode(3, 2, True)),
        ("S2T3", ScalabilityMode(2, 3, False)),
        ("L20T30", ScalabilityMode(20, 30, False)),
        ("L3T3_KEY_SHIFT", ScalabilityMode(3, 3, True)),
        ("L2T3h", ScalabilityMode(2, 3, False)),
        (None, NOTHING),
        ("", NOTHING),
        ("L0T3", NOTHING),
        ("L3T0", NOTHING),
        ("l3t3", NOTHING),
        ("xL3T3", NOTHING),
        ("L٣T٣", NOTHING),
    ],
)
def test_a_mode_says(mode: str | None, expected: ScalabilityMode) -> None:
    assert parse_scalability_mode(mode) == expected
