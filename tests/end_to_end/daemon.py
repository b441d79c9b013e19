"""A real ``psfu serve`` in a process of its own, driven by the real command line.

It listens on loopback and ephemeral ports, says that it is ready through ``NOTIFY_SOCKET`` as it would to systemd, and
must end well: exit code 0 on SIGTERM, no worker left, no socket left, no traceback in its log.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

import tomli_w

from support import warm
from support.warm import PSFU

READY_LIMIT: Final = 60.0
STOP_LIMIT: Final = 20.0
"""Seconds."""

Settings: TypeAlias = Mapping[str, Mapping[str, Any]]
_SETTINGS: Final[Settings] = {
    "signaling": {"host": "127.0.0.1", "port": 0, "authenticate_seconds": 3},
    "rtc": {"listen_ip": "127.0.0.1", "port": 0},
    "workers": {"count": 2},
    "log": {"format": "json"},
}


class Daemon:
    """Started by `start`, ended by `stop`, which checks that it ended well."""

    def __init__(self, folder: Path, settings: Settings | None = None, *, flags: Sequence[str] = ()) -> None:
        """``settings`` are changes to those of all tests, by table; ``flags`` of ``psfu serve``."""
        self.socket = folder / "control.sock"
        self.log = folder / "psfu.log"
        self.state = folder / "state"
        self.url = ""
        """Of the signaling WebSocket, known when it is ready."""
        own = {**(settings or {}), "state": {"directory": str(self.state)}}
        self._settings = {table: {**_SETTINGS.get(table, {}), **own.get(table, {})} for table in {**_SETTINGS, **own}}
        self._flags = flags
        self._config = folder / "psfu.toml"
        self._notify = folder / "notify.sock"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, perhaps again after `abandon`, and return when it is ready."""
        self._config.write_text(tomli_w.dumps(self._settings))
        self._notify.unlink(missing_ok=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PSFU_")}
        environment["NOTIFY_SOCKET"] = str(self._notify)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify, self.log.open("ab") as log:
            notify.bind(str(self._notify))
            self._process = subprocess.Popen(
                [PSFU, "serve", "--config", self._config, "--socket", self.socket, *self._flags],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )
            self._wait_ready(notify)
        self.url = str(self.psfu("status")["signaling"]["url"])

    def stop(self) -> None:
        """End it with SIGTERM; raises AssertionError for whatever it left behind."""
        process = self._running()
        workers = self.children()
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(timeout=STOP_LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        assert code == 0, f"psfu serve ended with {code}: {self.log.read_text()[-3000:]}"
        assert workers, "it had no workers"
        assert [pid for pid in workers if Path(f"/proc/{pid}").exists()] == [], "workers outlived the daemon"
        assert not self.socket.exists(), "the control socket was left behind"
        assert self.tracebacks() == []

    def kill(self) -> None:
        """Kill it with SIGKILL, as a crash would; it can be started again with the same state."""
        process = self._running()
        process.kill()
        process.wait()
        self._notify.unlink()

    def abandon(self) -> None:
        """Kill it, if it still runs."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def psfu(self, *arguments: str) -> Any:
        """Run ``psfu ARGUMENTS --json`` and return what it printed, parsed; raises AssertionError if it fails."""
        done = warm.psfu([*arguments, "--socket", str(self.socket), "--json"], os.environ, limit=30)
        assert done.returncode == 0, f"psfu {' '.join(arguments)}: exit {done.returncode}: {done.stderr}{self.tail()}"
        return json.loads(done.stdout) if done.stdout.strip() else None

    def children(self) -> list[int]:
        """Return the process ids of its workers."""
        process = self._running()
        found = []
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                parent = int(stat.read_text().rpartition(")")[2].split()[1])
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == process.pid:
                found.append(int(stat.parent.name))
        return found

    def mark(self) -> int:
        """Return how much was logged so far."""
        return self.log.stat().st_size

    def logged(self, *, after: int = 0) -> str:
        """Return what was logged after a mark."""
        return self.log.read_bytes()[after:].decode()

    def tracebacks(self, *, after: int = 0) -> list[str]:
        """Return the lines of the log that show a failure nobody foresaw."""
        return [line for line in self.logged(after=after).splitlines() if re.search(r"Traceback|exc_info", line)]

    def tail(self) -> str:
        """Return the end of the log, for a failure's text."""
        return f"\npsfu.log ends with: {self.log.read_text()[-2000:]}"

    def _wait_ready(self, notify: socket.socket) -> None:
        end = time.monotonic() + READY_LIMIT
        notify.settimeout(0.5)
        while time.monotonic() < end:
            try:
                if b"READY=1" in notify.recv(4096).split(b"\n"):
                    return
            except TimeoutError:
                if self._running().poll() is not None:
                    break
        raise AssertionError(f"psfu serve did not become ready: {self.tail()}")

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("not started")
        return self._process


@contextmanager
def running(folder: Path, settings: Settings | None = None) -> Iterator[Daemon]:
    """A daemon that must start and end well."""
    daemon = Daemon(folder, settings)
    try:
        daemon.start()
        yield daemon
        daemon.stop()
    finally:
        daemon.abandon()
