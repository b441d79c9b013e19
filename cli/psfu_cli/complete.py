"""Values the shell completes: ids asked of the daemon, or nothing if it does not answer at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import typer

from proctor_sfu.control.client import Client
from proctor_sfu.control.place import to_dial
from proctor_sfu.errors import PsfuError
from proctor_sfu.text import ID

VARIABLE: Final = "_PSFU_COMPLETE"
"""Set by the shell's script when it asks for completions."""
PATIENCE: Final = 1.0
"""Seconds somebody who pressed Tab waits at most."""


def typed(environment: Mapping[str, str]) -> list[str]:
    """Return the words on a shell's line that stand before the one it completes, after the program's name."""
    if bash := environment.get("COMP_WORDS"):
        return bash.split()[1 : int(environment["COMP_CWORD"])]
    line = environment.get("_TYPER_COMPLETE_ARGS", "")
    return f"{line}…".split()[1:-1]  # What is completed may be nothing yet.


def rooms(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Complete room ids."""
    return _ask(ctx, incomplete, lambda client: (room.id for room in client.rooms.list()))


def candidates(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Complete candidate ids, of one room if it is named before."""
    room = ctx.params.get("room")
    return _ask(ctx, incomplete, lambda client: {each.id for each in client.candidates.list(room)})


def recordings(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Complete ids of recordings."""
    return _ask(ctx, incomplete, lambda client: (each.id for each in client.recordings.list()))


def workers(ctx: typer.Context, incomplete: str) -> Iterator[str]:
    """Complete process ids of workers."""
    return _ask(ctx, incomplete, lambda client: (str(each.pid) for each in client.workers.list()))


def roles(incomplete: str) -> Iterator[str]:
    """Complete roles."""
    yield from (each for each in ("candidate", "proctor", "lead", "observer") if each.startswith(incomplete))


def _ask(ctx: typer.Context, incomplete: str, ids: Callable[[Client], Iterable[str]]) -> Iterator[str]:
    given = ctx.params.get("socket") or ctx.find_root().params.get("socket") or os.environ.get("PSFU_SOCKET")
    client = Client(Path(given) if given else to_dial(os.environ), timeout=PATIENCE)
    try:
        # Shells evaluate what they are given, so nothing but an id gets there, whoever answers at the socket.
        yield from sorted(each for each in ids(client) if each.startswith(incomplete) and _is_id(each))
    except PsfuError:
        return  # There is nobody to show an error to: the shell is in the middle of a line.


def _is_id(text: str) -> bool:
    return all(ID.fullmatch(part) for part in text.split("/"))
