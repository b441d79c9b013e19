"""Waits for what only the control API tells: it is asked again and again, as an operator would."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final

LIMIT: Final = 30.0
"""Seconds after which a test stops waiting."""


def until(condition: Callable[[], Any]) -> Any:
    """Wait until ``condition`` returns something true and return it."""
    end = time.monotonic() + LIMIT
    while not (found := condition()):
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.1)  # The daemon cannot be waited for; nothing is judged by this pace.
    return found
