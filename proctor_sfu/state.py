"""The state directory: where it is, that it is private, and that one daemon at a time uses it."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from proctor_sfu.errors import StateError

SYSTEM: Final = Path("/var/lib/psfu")
_LOCK: Final = "lock"


def place(configured: Path | None, environment: Mapping[str, str]) -> Path:
    """Return where a daemon keeps its state; see psfu(1), FILES."""
    if configured is not None:
        return configured
    # systemd(1) says in STATE_DIRECTORY what it made for StateDirectory=.
    if given := environment.get("STATE_DIRECTORY", "").split(":")[0]:
        return Path(given)
    if home := environment.get("XDG_STATE_HOME"):
        return Path(home) / "psfu"
    return SYSTEM if os.getuid() == 0 else Path.home() / ".local" / "state" / "psfu"


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Make the directory if it is not there and keep other daemons out of it. Raises `StateError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StateError(f"{folder}: {(error.strerror or str(error)).lower()}") from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateError(f"{folder}: another daemon uses it") from None
        yield folder
    finally:
        os.close(lock)
