"""Programs a test starts and must not wait for for ever: what still runs when the test is through with it is killed.

`subprocess.Popen` as a context waits at its end without a limit, so that a failed assertion within would hang the run.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


@contextmanager
def started(command: Sequence[object], **options: Any) -> Iterator[subprocess.Popen[Any]]:
    """Start a command, with the options of `subprocess.Popen`."""
    with subprocess.Popen([str(each) for each in command], **options) as process:
        try:
            yield process
        finally:
            process.kill()
