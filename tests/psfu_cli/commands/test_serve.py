"""psfu serve as people see it: where clients connect, and what to type next."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from proctor_sfu.mediasoup.install import WorkerBinary
from support.serve import LIMIT, PSFU, environment, psfu
from support.started import started

QUICK = ["serve", "--port", "0", "--workers", "1", "--log-format", "json"]


def lines(count: int, *command: object, **added: str) -> list[str]:
    """Start a daemon, read lines of its standard output, end it."""
    with started(
        [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(**added)
    ) as running:
        assert running.stdout is not None
        found = [running.stdout.readline().rstrip("\n") for _ in range(count)]
        running.send_signal(signal.SIGINT)
        _, err = running.communicate(timeout=LIMIT)
    assert running.returncode == 0 and "Traceback" not in err, err
    return found


def test_it_says_where_to_point_a_client_also_without_a_terminal(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    first, *pages, create, status = lines(5, PSFU, *QUICK, "--socket", tmp_path / "control.sock")
    found = re.fullmatch(r"psfu is ready: clients connect to ws://(127\.0\.0\.1:\d+)/ws", first)
    assert found
    assert pages == [f"  http://{found[1]}/{role}/#room=exam-101&peer=NAME" for role in ("candidate", "proctor")]
    # The next commands are given as they have to be typed, since the program is not on the path and the socket is
    # not where commands look by themselves.
    assert create == f"  {PSFU} rooms create exam-101 --open --socket {tmp_path}/control.sock"
    assert status == f"  {PSFU} status --socket {tmp_path}/control.sock"


def test_what_to_type_is_no_longer_than_needed(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    path = f"{PSFU.parent}:/usr/bin:/bin"
    *_, create = lines(4, PSFU, *QUICK, PATH=path, RUNTIME_DIRECTORY=str(tmp_path))
    assert create == "  psfu rooms create exam-101 --open"


def test_that_nobody_reads_it_is_no_reason_to_stop(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [str(PSFU), *QUICK, "--socket", str(tmp_path / "control.sock")]
    with started(command, stdout=writer, stderr=subprocess.PIPE, text=True, env=environment()) as running:
        os.close(writer)
        assert running.stderr is not None
        while '"ready"' not in (line := running.stderr.readline()):
            assert line, "it ended before it was ready"
        done = subprocess.run(
            [PSFU, "status", "--socket", tmp_path / "control.sock"], capture_output=True, timeout=LIMIT
        )
        assert done.returncode == 0
        running.terminate()
        _, err = running.communicate(timeout=LIMIT)
    assert running.returncode == 0 and "Traceback" not in err and "Exception" not in err


@pytest.mark.parametrize("option", ["--host", "--port", "--listen-ip", "--announced-address", "--workers", "--config"])
def test_its_options_are_settings(option: str) -> None:
    assert option in psfu("serve", "--help").stdout
