"""Values with units on a command line: what is understood, and that everything else is refused with a hint."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import typer

from psfu_cli import quantities


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (quantities.share, "5%", 0.05),
        (quantities.share, "0.05", 0.05),
        (quantities.share, ".5 %", 0.005),
        (quantities.share, "100%", 1.0),
        (quantities.percent, "95", 95.0),
        (quantities.percent, "99.5%", 99.5),
        (quantities.seconds, "80ms", 0.08),
        (quantities.seconds, "5", 5.0),
        (quantities.seconds, "1.5s", 1.5),
        (quantities.seconds, "2m", 120.0),
        (quantities.seconds, "1h", 3600.0),
        (quantities.bits, "300k", 300_000.0),
        (quantities.bits, "1.5Mbps", 1_500_000.0),
        (quantities.bits, "64000", 64_000.0),
        (quantities.per_minute, "6", 6.0),
        (quantities.per_minute, "6/min", 6.0),
        (quantities.per_minute, "1/s", 60.0),
        (quantities.per_minute, "30/h", 0.5),
        (quantities.outage, "5s@20s", (20.0, 25.0)),
        (quantities.outage, "500ms@1m", (60.0, 60.5)),
    ],
)
def test_what_is_understood(parse: Callable[[str], Any], text: str, value: object) -> None:
    assert parse(text) == pytest.approx(value)


@pytest.mark.parametrize(
    "parse",
    [
        quantities.share, quantities.percent, quantities.seconds, quantities.bits, quantities.per_minute,
        quantities.outage,
    ],
)  # fmt: skip
@pytest.mark.parametrize("text", ["", "x", "-5", "5 apples", "5,0", "nan", "inf", "1e9", "5%%", "@", "5s@", "٥"])
def test_what_is_refused(parse: Callable[[str], Any], text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse(text)


@pytest.mark.parametrize(
    ("parse", "text"), [(quantities.share, "101%"), (quantities.per_minute, "6/year"), (quantities.outage, "5s")]
)
def test_what_is_understood_but_makes_no_sense(parse: Callable[[str], Any], text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parse(text)
