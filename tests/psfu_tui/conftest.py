"""What all tests of the screens need."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import textual._wait


@pytest.fixture(autouse=True)
def brisk(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Look four times as often whether the screens have come to rest; every key waits for that several times."""
    monkeypatch.setattr(textual._wait, "SLEEP_GRANULARITY", 1 / 200)
    monkeypatch.setattr(textual._wait, "SLEEP_IDLE", 1 / 200 / 20)
    yield
