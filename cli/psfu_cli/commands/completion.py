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


def script(shell: Shell) -> str:
    """Return the completion script of a shell."""
    from typer.completion import get_completion_script  # type: ignore[attr-defined]

    text: str = get_completion_script(prog_name="psfu", complete_var=VARIABLE, shell=shell)
    if shell is Shell.ZSH:
        # As a file that zsh loads at the first Tab it has to answer that one as well.
        text += '\nif [ "$funcstack[1]" = "_psfu" ]; then _psfu_completion "$@"; fi'
    return text + "\n"


def completion(shell: Annotated[Shell, typer.Argument(metavar="SHELL", help="bash, zsh or fish.")]) -> None:
    """Print the completion script of a shell: source <(psfu completion bash)."""
    write(script(shell))
