"""psfu status and psfu version."""

from __future__ import annotations

import json
from pathlib import Path

from proctor_sfu import __version__
from proctor_sfu.mediasoup.install import VERSION
from support.commands import Run, result
from support.serve import Serve, psfu


def test_the_daemon_at_a_glance(run: Run, daemon: Serve, people: str) -> None:
    found = result(run("status", "--json"))
    assert (found["pid"], found["ready"], found["version"]) == (daemon.running.pid, True, __version__)
    assert found["workers"]["running"] == found["workers"]["target"] == 1
    assert found["candidates"] >= 2 and found["proctors"] >= 1 and found["open_rooms"] >= 1
    shown = run("status").stdout
    assert "state:      ready" in shown and "OPEN)" in shown and found["signaling"]["url"] in shown
    assert run("status", "-q").stdout == f"{daemon.running.pid}\n"


def test_the_versions(run: Run) -> None:
    found = result(run("version", "--json"))
    assert found["client"] == __version__ and found["daemon"]["mediasoup"] == VERSION
    assert f"mediasoup: {VERSION}" in run("version").stdout


def test_the_version_without_a_daemon_is_no_failure(tmp_path: Path) -> None:
    nowhere = tmp_path / "none"
    done = psfu("version", "--socket", nowhere)
    assert done.returncode == 0 and f"client:    {__version__}" in done.stdout and "no daemon at" in done.stderr
    done = psfu("version", "--socket", nowhere, "--json")
    assert (json.loads(done.stdout), done.stderr) == ({"client": __version__, "daemon": None}, "")
