"""A daemon that is killed in the middle of an exam and started again: the pages are back by themselves."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from end_to_end.browser import face
from end_to_end.browser.conftest import Launch
from end_to_end.browser.people import Candidate, Proctor
from end_to_end.daemon import Daemon
from end_to_end.exam import Report
from proctor_sfu.mediasoup.install import WorkerBinary
from support.ports import free_port

BROWSER_TELLS = r"WebSocket connection to .* failed|ERR_CONNECTION"


@pytest.fixture
def own_daemon(worker_binary: WorkerBinary, tmp_path: Path) -> Iterator[Daemon]:
    """One that comes back at the same port."""
    assert worker_binary.path.exists()
    running = Daemon(tmp_path, {"signaling": {"port": free_port()}})
    try:
        running.start()
        yield running
        running.stop()
    finally:
        running.abandon()


def test_rooms_tokens_and_people_are_back_after_the_daemon_was_killed(
    own_daemon: Daemon, launch: Launch, report: Report
) -> None:
    own_daemon.psfu("rooms", "create", "exam")
    browser = launch(face.ANN, own_daemon.url.replace("ws://", "http://").removesuffix("/ws"))
    people = []
    for role, sub in (("candidate", "ann"), ("proctor", "pam")):
        made = own_daemon.psfu("rooms", "token", "exam", "--role", role, "--sub", sub)
        people.append(str((made[0] if isinstance(made, list) else made)["link"]))
    ann = Candidate.at(browser, people[0]).join()
    pam = Proctor.at(browser, people[1])
    pam.sees("ann", face.ANN.wall)
    for each in (ann, pam):
        each.window.expects(BROWSER_TELLS)
    before = pam.track("ann")

    own_daemon.abandon()
    ann.until_says("Connection lost")
    own_daemon.start()
    started = time.monotonic()
    pam.until_begun_anew("ann", before, limit=40)
    pam.until_moves("ann")
    pam.sees("ann", face.ANN.wall)
    report(f"pictures are back {time.monotonic() - started:.1f} s after a daemon that was killed runs again")
    ann.until_says("Connected")
    browser.close_windows()
