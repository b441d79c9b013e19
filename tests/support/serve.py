"""A real ``psfu serve`` process that is started in whatever way a test wants, and a service manager it talks to."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from support import warm
from support.warm import PSFU

LIMIT: Final = 30.0
"""Seconds after which a test stops waiting for an event."""
QUIET: Final = '[signaling]\nport = 0\n[workers]\ncount = 1\n[log]\nformat = "json"\n'
"""Settings that keep out of the way of other daemons."""


def environment(**added: str) -> dict[str, str]:
    """Return the environment of a process: ours, but nothing that steers psfu or its output."""
    ours = {name: value for name, value in os.environ.items() if not name.startswith(("PSFU_", "NO_COLOR"))}
    return ours | {"TERM": "xterm"} | added


def psfu(*arguments: object, given: str | None = None, **added: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end. Without ``given`` its standard input is closed."""
    return warm.psfu([*map(str, arguments)], environment(**added), given=given, limit=LIMIT)


class Serve:
    """A daemon with a folder of its own. ``notify``: the service manager's address, ``@`` for an abstract socket."""

    def __init__(self, folder: Path, notify: str | None = None, program: Path = PSFU) -> None:
        self._program = program
        self.socket = folder / "control.sock"
        self.config = folder / "psfu.toml"
        self.log = folder / "psfu.log"
        self.told: list[str] = []
        """Lines told to the service manager."""
        self.process: subprocess.Popen[bytes] | None = None
        self._notify = notify or str(folder / "notify.sock")
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._manager.bind("\0" + self._notify[1:] if self._notify.startswith("@") else self._notify)

    def start(
        self, config: str = QUIET, added: Mapping[str, str] | None = None, before: Callable[[], None] | None = None
    ) -> Serve:
        """Start it and return when it says that it is ready.

        ``{log}`` in a variable that is ``added`` stands for what journald calls the log; ``before`` runs in the new
        process.
        """
        self.config.write_text(config)
        with self.log.open("ab") as log:
            found = os.fstat(log.fileno())
            state = str(self.config.with_name("state"))
            more = {name: text.format(log=f"{found.st_dev}:{found.st_ino}") for name, text in (added or {}).items()}
            given = environment(NOTIFY_SOCKET=self._notify, XDG_STATE_HOME=state, **more)
            self.process = subprocess.Popen(
                [self._program, "serve", "--config", self.config, "--socket", self.socket],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=given, preexec_fn=before,
            )  # fmt: skip
        self.wait_told("READY=1")
        return self

    def wait_told(self, line: str) -> None:
        """Wait until the service manager is told ``line``."""
        end = time.monotonic() + LIMIT
        self._manager.settimeout(0.2)
        while time.monotonic() < end:
            try:
                lines = self._manager.recv(4096).decode().split("\n")
            except TimeoutError:
                assert self.running.poll() is None, f"it ended: {self.log.read_text()[-3000:]}"
                continue
            self.told += lines
            if line in lines:
                return
        raise AssertionError(f"{line} was not told; {self.told}; {self.log.read_text()[-3000:]}")

    def wait_logged(self, text: str, *, after: int = 0) -> None:
        """Wait until the log has ``text`` after a size it had."""
        end = time.monotonic() + LIMIT
        while text not in self.log.read_bytes()[after:].decode():
            assert time.monotonic() < end and self.running.poll() is None, f"{text}: {self.log.read_text()[-3000:]}"
            # A file cannot be waited for; nothing is judged by this pace.
            time.sleep(0.02)

    def forget_told(self) -> None:
        """Take what was told so far from the socket and forget it."""
        self._manager.settimeout(0.0)
        try:
            while self._manager.recv(4096):
                pass
        except BlockingIOError:
            self.told.clear()

    def told_meanwhile(self) -> list[str]:
        """Return what was told since `forget_told`."""
        self._manager.settimeout(0.0)
        try:
            while True:
                self.told += self._manager.recv(4096).decode().split("\n")
        except BlockingIOError:
            return self.told

    @property
    def running(self) -> subprocess.Popen[bytes]:
        """The process."""
        assert self.process is not None, "not started"
        return self.process

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        return [
            int(pid) for pid in Path(f"/proc/{self.running.pid}/task/{self.running.pid}/children").read_text().split()
        ]

    def end(self) -> None:
        """Kill it if it still runs."""
        self._manager.close()
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
