"""``psfu completion``: what a shell needs to complete psfu."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from psfu_cli.complete import VARIABLE
from psfu_cli.output import write


class Shell(StrEnum):
    """Shells with completion."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="Which shell.")]) -> None:
    """Print the completion script of a shell: source <(psfu completion bash)."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    write(get_completion_script(prog_name="psfu", complete_var=VARIABLE, shell=shell) + "\n")
