"""Running commands the way people and programs do."""

from __future__ import annotations

import json
import os
import pty
import subprocess
from typing import Any, Protocol

from support.serve import LIMIT, PSFU, environment
from support.started import started

ROOM = "exam-101"
"""The room people are in."""
NAME = "Ana \x1b[2J\u202e Žukauskienė 日本"
SHOWN_NAME = "Ana [2J Žukauskienė 日本"


class Run(Protocol):
    """Runs ``psfu ARGUMENTS`` at the daemon."""

    def __call__(
        self, *arguments: object, given: str | None = None, **added: str
    ) -> subprocess.CompletedProcess[str]: ...


def result(done: subprocess.CompletedProcess[str]) -> Any:
    """Return what a command that went well printed as JSON, and nothing else."""
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    return json.loads(done.stdout)


def on_terminal(*arguments: str, typed: str = "", program: str = str(PSFU), **added: str) -> tuple[int, str]:
    """Run a command on a terminal of its own and type; returns its exit code and all it showed."""
    master, slave = pty.openpty()
    with started(
        [program, *arguments], stdin=slave, stdout=slave, stderr=slave, env=environment(**added), start_new_session=True
    ) as running:
        os.close(slave)
        os.write(master, typed.encode())
        shown = b""
        while True:
            try:
                part = os.read(master, 65536)
            except OSError:  # The terminal's end: nobody has it open any more.
                break
            if not part:
                break
            shown += part
        code = running.wait(LIMIT)
    os.close(master)
    return code, shown.decode()
