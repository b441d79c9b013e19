"""``psfu completion``: what a shell needs to complete psfu."""

from __future__ import annotations

import os
import subprocess
import sys
from enum import StrEnum
from typing import Annotated

import typer


class Shell(StrEnum):
    """Shells with completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="Which shell.")]) -> None:
    """Print the completion script of a shell: source <(psfu completion bash)."""
    # Typer prints it when asked through the environment, which is its public way.
    environment = {**os.environ, "_PSFU_COMPLETE": f"source_{shell}"}
    done = subprocess.run(
        [sys.executable, "-c", "from psfu_cli.app import app; app(prog_name='psfu')"],
        env=environment, stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    sys.stdout.write(done.stdout)
