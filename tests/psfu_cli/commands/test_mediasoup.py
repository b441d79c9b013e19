"""psfu mediasoup: what the command line adds to installing; installing itself is tested with the host."""

from __future__ import annotations

import json
from pathlib import Path

from proctor_sfu.mediasoup.install import VERSION, WorkerBinary
from support.commands import result
from support.serve import psfu


def test_the_worker_is_shown(worker_binary: WorkerBinary) -> None:
    found = result(psfu("mediasoup", "show", "--json"))
    assert (found["path"], found["version"], found["sha256"]) == (
        str(worker_binary.path), VERSION, worker_binary.sha256,
    )  # fmt: skip
    assert f"version: {VERSION}" in psfu("mediasoup", "show").stdout
    assert psfu("mediasoup", "show", "-o", "name").stdout == f"{worker_binary.path}\n"


def test_an_installed_worker_is_found_at_once(worker_binary: WorkerBinary) -> None:
    assert result(psfu("mediasoup", "install", "--offline", "--json"))["sha256"] == worker_binary.sha256


def test_without_a_worker_it_is_said_what_to_do(tmp_path: Path) -> None:
    done = psfu("mediasoup", "show", XDG_CACHE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (78, "") and "psfu mediasoup install" in done.stderr
    done = psfu("mediasoup", "install", "--offline", "--json", XDG_CACHE_HOME=str(tmp_path))
    assert (done.returncode, done.stdout) == (78, "")
    assert json.loads(done.stderr)["error"]["code"] == "worker_not_found"


def test_a_worker_can_be_named(tmp_path: Path) -> None:
    done = psfu("mediasoup", "show", "--binary", tmp_path / "none")
    assert done.returncode == 78 and "which is no file" in done.stderr
