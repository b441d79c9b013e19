"""One daemon for all tests of the command line, people in a room of it, and a way to run commands."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator

import pytest

from proctor_sfu.control.client import Client
from proctor_sfu.mediasoup.install import WorkerBinary
from support.commands import NAME, ROOM, Run
from support.guests import Guests
from support.serve import Serve, psfu


@pytest.fixture(scope="session")
def daemon(worker_binary: WorkerBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    assert worker_binary.path.exists()
    running = Serve(tmp_path_factory.mktemp("psfu"))
    yield running.start()
    running.running.terminate()
    try:
        code = running.running.wait(90)  # What psfu.service grants it.
    except subprocess.TimeoutExpired:
        code = None
    log = running.log.read_text()
    running.end()
    assert code == 0, log[-3000:]
    assert "Traceback" not in log, log


@pytest.fixture(scope="session")
def guests() -> Iterator[Guests]:
    made = Guests()
    yield made
    made.end()


@pytest.fixture
def run(daemon: Serve) -> Run:
    def run(*arguments: object, given: str | None = None, **added: str) -> subprocess.CompletedProcess[str]:
        return psfu(*arguments, given=given, **{"PSFU_SOCKET": str(daemon.socket)} | added)

    return run


@pytest.fixture(scope="session")
def url(daemon: Serve) -> str:
    found: str = json.loads(psfu("status", "--json", "--socket", daemon.socket).stdout)["signaling"]["url"]
    return found


@pytest.fixture(scope="session")
def people(daemon: Serve, guests: Guests, url: str) -> str:
    """Two candidates and a proctor in a room; returns its id."""
    assert psfu("rooms", "create", ROOM, "--open", "--socket", daemon.socket).returncode == 0
    guests.join(url, ROOM, "ana", name=NAME)
    guests.join(url, ROOM, "bob")
    guests.join(url, ROOM, "eve", role="proctor")
    return ROOM


@pytest.fixture
def elsewhere(daemon: Serve, request: pytest.FixtureRequest) -> Iterator[str]:
    """A room of the test's own, for people who leave: the room of `people` would remember them."""
    name = "".join(each if each.isalnum() else "-" for each in request.node.name)[:60].strip("-")
    control = Client(daemon.socket)
    control.rooms.create(name, open_to_all=True)
    yield name
    control.rooms.close(name, reason="")
