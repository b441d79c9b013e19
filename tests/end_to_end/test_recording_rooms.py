"""Simulated candidates are recorded, and what a disk without room does to that and does not do to the exam."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from end_to_end.asking import LIMIT, until
from end_to_end.daemon import PSFU, Daemon
from end_to_end.exam import Report
from support.disks import memory_disk
from support.started import started

MIB: Final = 1 << 20
RESERVE: Final = 24 * MIB


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 MiB."""
    with memory_disk(tmp_path / "disk", "64m") as folder:
        yield folder


@pytest.fixture
def daemon(disk: Path, tmp_path: Path) -> Iterator[Daemon]:
    recording = {"directory": str(disk / "recordings"), "reserve_bytes": RESERVE, "reserve_hours": 0.0}
    running = Daemon(tmp_path, {"recording": recording, "workers": {"count": 1}})
    running.start()
    yield running
    running.stop()
    assert running.tracebacks() == []


@pytest.fixture
def ballast(disk: Path) -> Path:
    """What takes nearly all of the disk."""
    file = disk / "ballast"
    file.write_bytes(bytes(60 * MIB))
    return file


@pytest.fixture
def simulation(daemon: Daemon, ballast: Path) -> Iterator[subprocess.Popen[str]]:
    """An exam that begins when there is no room, and lasts as long as it is needed."""
    del ballast
    arguments = ("--candidates", "1", "--proctors", "1", "--duration", "10m", "--record", "camera,microphone")
    with started(
        [PSFU, "simulate", "--socket", daemon.socket, "--json", *arguments],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        yield process


def interrupted(process: subprocess.Popen[str]) -> dict[str, Any]:
    """End a simulation and return its result."""
    process.send_signal(signal.SIGINT)
    out, said = process.communicate(timeout=LIMIT)
    assert process.returncode == 130, said + out
    found: dict[str, Any] = json.loads(out)
    return found


@pytest.mark.usefixtures("worker_binary")
def test_an_exam_on_a_disk_without_room(
    daemon: Daemon, disk: Path, ballast: Path, simulation: subprocess.Popen[str], report: Report
) -> None:
    until(lambda: daemon.psfu("recordings", "disk")["refused"] == 1)
    assert daemon.psfu("recordings", "list") == []
    (why,) = daemon.psfu("recordings", "disk")["refusals"]
    assert (why["code"], len(why["candidates"])) == ("disk_full", 1) and "reserve_bytes" in why["reason"]
    refused = [each for each in told(daemon) if each["kind"] == "recording_refused"]
    assert [each["details"]["code"] for each in refused] == ["disk_full"]

    # There is room again, and nobody has to say so.
    ballast.unlink()
    (running,) = until(lambda: [each for each in daemon.psfu("recordings", "list") if each["bytes"]])
    assert daemon.psfu("recordings", "disk")["refused"] == 0

    # Another fills it to the last byte, below the reserve, while somebody is recorded.
    fill(ballast)
    until(lambda: daemon.psfu("recordings", "disk")["trouble"] == "disk-full")
    ballast.unlink()
    until(lambda: not daemon.psfu("recordings", "disk")["trouble"])

    # The exam has not suffered, and what was written is what was received, but for the gap the ledger names.
    seen = interrupted(simulation)["clean"]
    report(
        f"while the disk of recordings was full: {seen['pictures_percent']:.1f} % of the pictures reached the proctor"
    )
    finished = until(lambda: (got := daemon.psfu("recordings", "get", running["id"]))["state"] == "finished" and got)
    (verified,) = daemon.psfu("recordings", "verify", finished["folder"])
    assert (verified["state"], verified["findings"]) == ("ok", [])
    exported = daemon.psfu("recordings", "export", running["id"], "--to", str(disk.parent / "export.webm"))
    assert exported[0]["tracks"]


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(MIB)):
                pass
        except OSError:
            return


def told(daemon: Daemon) -> list[dict[str, Any]]:
    """Return the events so far."""
    found: list[dict[str, Any]] = daemon.psfu("events", "--since", "1h")
    return found
