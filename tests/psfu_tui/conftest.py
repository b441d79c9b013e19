"""What all tests of the screens need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import textual._wait


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look four times as often whether the screens have come to rest; every key waits for that several times."""
    monkeypatch.setattr(textual._wait, "SLEEP_GRANULARITY", 1 / 200)
    monkeypatch.setattr(textual._wait, "SLEEP_IDLE", 1 / 200 / 20)
    yield


@pytest.fixture(autouse=True)
def set_zone() -> Iterator[Callable[[str], None]]:
    """Show times of UTC wherever the tests run; a test may call for another zone, as TZ has it."""
    with pytest.MonkeyPatch.context() as patch:

        def change(zone: str) -> None:
            patch.setenv("TZ", zone)
            time.tzset()

        change("UTC0")
        yield change
    time.tzset()
