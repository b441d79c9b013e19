"""Which settings file a command reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

SYSTEM_FILE: Final = Path("/etc/psfu/psfu.toml")

ConfigOption = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", envvar="PSFU_CONFIG", metavar="FILE", help=f"Settings, else {SYSTEM_FILE} if there."
    ),
]


def chosen(config: Path | None) -> Path | None:
    """Return the settings file to read: the one given, else the system's if there is one."""
    return config if config is not None else SYSTEM_FILE if SYSTEM_FILE.exists() else None
