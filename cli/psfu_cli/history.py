"""Where the daemon's history is, for the commands that read it."""

from __future__ import annotations

import os
from pathlib import Path

from proctor_sfu.errors import RefusedError, UnreachableError
from psfu_cli.options import Cli


def of_daemon(cli: Cli) -> Path:
    """Return the daemon's history; where it would be if none answers. Raises `RefusedError` if it keeps none."""
    # Only these commands read archives; the others start without it.
    from proctor_sfu.quality.archive import HISTORY
    from proctor_sfu.state import place

    try:
        path = cli.client.daemon.status().history
    except UnreachableError:
        return place(None, os.environ) / HISTORY
    if path is None:
        raise RefusedError("not_found", "the daemon keeps no history (history.enabled); name a file of one")
    return Path(path)
