"""The real ``psfu monitor`` in a real terminal, at a real daemon with real media."""

from __future__ import annotations

import os
import signal
import socket
import statistics
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from end_to_end.asking import until
from end_to_end.daemon import Daemon, running
from end_to_end.exam import Exam
from proctor_sfu.control.client import Client
from proctor_sfu.quality.archive import Archive
from support.guests import Guests
from support.serve import PSFU, psfu
from support.terminal import Terminal, terminal

ENVIRON = {"TERM": "tmux-256color", "LANG": "C.UTF-8", "PATH": os.environ["PATH"], "HOME": "/nonexistent"}
STOPPED = 6
"""Seconds a reader does not read."""
GUESTS = 100


@pytest.fixture
def screen(tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path) as made:
        yield made


def monitor(screen: Terminal, daemon: Daemon, *arguments: str, size: tuple[int, int] = (120, 32)) -> None:
    screen.start([str(PSFU), "monitor", "--socket", str(daemon.socket), *arguments], size, ENVIRON)


def test_it_shows_a_candidate_and_leaves_the_terminal_as_it_was(exam: Exam, screen: Terminal, tmp_path: Path) -> None:
    exam.candidate("ann")
    exam.proctor("pam")
    with terminal(tmp_path / "untouched") as untouched:
        untouched.start(["true"], (120, 32), ENVIRON)
        untouched.until("ended with 0")
        before = untouched.state()
    monitor(screen, exam.daemon, "--room", exam.room, "--columns", "hisclt")
    shown = screen.until("ann", "live", "0.0")
    row = next(line for line in shown.splitlines() if "ann" in line)
    assert row.startswith("●")
    assert "–" in row, "aiortc answers no RTCP XR: not known, which is not zero"
    assert screen.state() != before
    screen.type("Enter")
    things = ("camera", "VP8", "microphone", "opus", "pam", "could send", "enter", "nothing to complain of")
    screen.until(*things, hidden="sends – kb/s")
    screen.type("Escape", "6")
    screen.until("worker", exam.room, "pam")
    screen.resize(20, 5)
    screen.until("needs 60×10")
    screen.resize(80, 24)
    screen.until("worker", exam.room)
    screen.type("q")
    screen.until("ended with 0")
    assert screen.state() == before


def test_quitting_with_the_table_leaves_it_on_the_terminal(exam: Exam, screen: Terminal) -> None:
    exam.candidate("ann")
    monitor(screen, exam.daemon, "--room", exam.room, "--columns", "his", "--ascii")
    screen.until("ann", "live")
    screen.type("Q")
    shown = screen.until("ended with 0")
    assert "ann" in shown and "psfu " not in shown.splitlines()[0]


def test_what_is_shown_is_kept_and_can_be_replayed(exam: Exam, screen: Terminal, tmp_path: Path) -> None:
    exam.enter("candidate", "ann")
    path = tmp_path / "seen.psfurec"
    monitor(screen, exam.daemon, "--room", exam.room, "--record", str(path), "--mask", "--columns", "his")
    screen.until("P-", "keeping")
    until(lambda: _kept(path))
    screen.type("q")
    screen.until("ended with 0", "kept /")
    for shown in ("candidates", "events"):
        done = psfu("monitor", "--replay", path, "--once", "-s", shown)
        assert done.returncode == 0 and "P-" in done.stdout and "ann" not in done.stdout, done


def _kept(path: Path) -> bool:
    """Whether somebody and something that happened are on the disk: each comes there by a way of its own."""
    with Archive(path) as archive:
        return any(each.frame.candidates for each in archive.frames()) and bool(archive.events())


def test_a_kick_is_done_after_the_name_was_typed(exam: Exam, screen: Terminal) -> None:
    exam.enter("candidate", "ann")
    exam.enter("candidate", "bea")
    monitor(screen, exam.daemon, "--room", exam.room, "--allow-actions", "--filter", "id=bea")
    # The filter is on the screen before anybody is, and a key is for whom the cursor is on.
    screen.until("○ bea", "1 of 2")
    screen.type("K")
    screen.until("Kick bea out of")
    screen.type(*"bea", "Tab", *"late", "Enter")
    screen.until("bea was kicked out of")
    assert [each["id"] for each in exam.daemon.psfu("candidates", "list", "--room", exam.room)] == ["ann"]
    screen.type("q")
    screen.until("ended with 0")


def test_a_daemon_that_goes_and_comes_back(tmp_path: Path, screen: Terminal) -> None:
    folder = tmp_path / "psfu"
    folder.mkdir()
    with running(folder) as daemon:
        monitor(screen, daemon)
        screen.until("no candidates", hidden="DISCONNECTED")
        daemon.stop()
        screen.until("DISCONNECTED", "numbers are of")
        (folder / "notify.sock").unlink()
        daemon.start()
        screen.until("no candidates", hidden="DISCONNECTED")
        screen.type("C-c")
        screen.until("ended with 0")


def test_readers_that_stop_reading_hurt_nobody(tmp_path: Path, screen: Terminal, guests: Guests) -> None:
    """One has a full socket, one is a monitor that was stopped; the daemon and a third one do not notice."""
    folder = tmp_path / "psfu"
    folder.mkdir()
    with running(folder) as daemon:
        client = Client(daemon.socket)
        daemon.psfu("rooms", "create", "exam", "--open")
        for number in range(GUESTS):
            guests.join(daemon.url, "exam", f"guest-{number:03}")
        monitor(screen, daemon)
        screen.until(f"  {GUESTS}")
        with _deaf(daemon.socket) as deaf, closing(client.quality.stream()) as stream:
            os.kill(screen.program(), signal.SIGSTOP)
            first, memory = next(stream).seq, _resident(client)
            seen, took = [first], []
            while len(seen) <= STOPPED:
                seen.append(next(stream).seq)
                begun = time.monotonic()
                assert client.daemon.status().candidates == GUESTS
                took.append(time.monotonic() - begun)
            os.kill(screen.program(), signal.SIGCONT)
            assert seen == list(range(first, first + STOPPED + 1)), "the third reader missed something"
            # The median: that the machine was busy once is no reader's fault.
            assert statistics.median(took) < 1.0
            assert _resident(client) - memory < 20, "MiB"
            assert _full(deaf), "the first reader never held anybody up: nothing was shown"
        screen.until(f"  {GUESTS}", hidden="LATE")
        screen.type("q")
        screen.until("ended with 0")


@pytest.fixture
def guests() -> Iterator[Guests]:
    made = Guests()
    yield made
    made.end()


def _deaf(path: Path) -> socket.socket:
    """Return a connection that asked for the stream and reads nothing of it."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(str(path))
    connection.sendall(b"GET /v1/quality/stream HTTP/1.1\r\nHost: psfu\r\nPsfu-Api: 1\r\n\r\n")
    return connection


def _full(connection: socket.socket) -> bool:
    """Return whether more waits than a socket holds by itself, so that somebody had to wait on the other side."""
    waiting = 0
    connection.settimeout(0.5)
    while part := connection.recv(1 << 20):
        waiting += len(part)
        if waiting > 200_000:
            return True
    return False


def _resident(client: Client) -> float:
    """Return the resident memory of the daemon, in MiB."""
    pid = client.daemon.status().pid
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
