"""Where the control socket is, for the daemon and for those who look for it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

NAME: Final = "control.sock"
SYSTEM: Final = Path("/run/psfu")


def places(environment: Mapping[str, str]) -> list[Path]:
    """Return the folders a socket may be in, the best first; see psfu(1), FILES."""
    found = [Path(each) for each in environment.get("RUNTIME_DIRECTORY", "").split(":") if each]
    found.append(SYSTEM)
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        found.append(Path(runtime) / "psfu")
    return [*found, Path(f"/tmp/psfu-{os.getuid()}")]


def to_listen(environment: Mapping[str, str]) -> Path:
    """Return where a daemon with these rights puts its socket: the first folder that is there or can be made."""
    for folder in places(environment):
        there = folder if folder.exists() else folder.parent
        if os.access(there, os.W_OK | os.X_OK):
            return folder / NAME
    return places(environment)[-1] / NAME


def to_dial(environment: Mapping[str, str]) -> Path:
    """Return the first socket that exists, else where a daemon started here would put it."""
    for folder in places(environment):
        path = folder / NAME
        if path.is_socket():
            return path
    return to_listen(environment)
