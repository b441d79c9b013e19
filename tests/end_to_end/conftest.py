"""One daemon and a few client processes for the whole folder; every test gets a room of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from end_to_end.daemon import Daemon, running
from end_to_end.exam import Crew, Exam
from proctor_sfu.mediasoup.install import WorkerBinary

_LINES = pytest.StashKey[list[str]]()


@pytest.fixture(scope="session")
def daemon(worker_binary: WorkerBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    assert worker_binary.path.exists()
    with running(tmp_path_factory.mktemp("psfu")) as started:
        yield started


@pytest.fixture(scope="session")
def crew(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    clients = Crew(folder=tmp_path_factory.mktemp("clients"))
    yield clients
    for actor in clients.started:
        actor.end()


@pytest.fixture
def exam(daemon: Daemon, crew: Crew, request: pytest.FixtureRequest) -> Iterator[Exam]:
    name = "".join(letter if letter.isalnum() else "-" for letter in request.node.name)[:60].strip("-")
    daemon.psfu("rooms", "create", name, "--open")
    room = Exam(daemon=daemon, crew=crew, room=name)
    yield room
    for actor in room.present:
        crew.give_back(actor)
    daemon.psfu("rooms", "close", name, "--yes")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes lines that are shown at the end of the run."""
    lines = request.config.stash.setdefault(_LINES, [])
    return lines.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    lines = config.stash.get(_LINES, [])
    if lines:
        terminalreporter.section("real media through a real worker")
        for line in lines:
            terminalreporter.write_line(line)
