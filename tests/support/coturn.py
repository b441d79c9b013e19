"""A real coturn on loopback, which asks for credentials of the REST kind."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from support.ports import free_port

READY_LIMIT: Final = 15.0
"""Seconds."""

_SETTINGS: Final = """\
listening-ip=127.0.0.1
listening-port={port}
relay-ip=127.0.0.1
realm=psfu
use-auth-secret
static-auth-secret={secret}
allow-loopback-peers
no-tls
no-dtls
no-cli
log-file=stdout
simple-log
verbose
pidfile={folder}/turn.pid
userdb={folder}/turn.db
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Coturn:
    """A running TURN server."""

    port: int
    log: Path

    @property
    def urls(self) -> list[str]:
        """Its URLs, over UDP and over TCP."""
        return [f"turn:127.0.0.1:{self.port}?transport={protocol}" for protocol in ("udp", "tcp")]

    def logged(self) -> str:
        """Return what it logged so far."""
        return self.log.read_text(errors="replace")


@contextmanager
def coturn(folder: Path, secret: str) -> Iterator[Coturn]:
    """Start one; it is ended in any case."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    settings, log = folder / "turnserver.conf", folder / "turnserver.log"
    settings.write_text(_SETTINGS.format(port=port, secret=secret, folder=folder))
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["turnserver", "-c", settings], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
        )
        try:
            _wait_listening(port, process, log)
            yield Coturn(port=port, log=log)
        finally:
            process.terminate()
            process.wait(timeout=10)


def _wait_listening(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + READY_LIMIT
    while time.monotonic() < end and process.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # It has no way to say that it listens.
    raise AssertionError(f"coturn does not listen: {log.read_text(errors='replace')[-2000:]}")
