"""``psfu plan``: what is scaled from a table, and a real measurement when there is none."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from proctor_sfu.errors import SizingError
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.recording.sizing import measuring
from proctor_sfu.recording.sizing.rung import Rung
from proctor_sfu.recording.sizing.table import Table
from psfu_cli.app import called
from psfu_cli.commands.plan import TABLE
from support.commands import Run

PLAIN = Rung(
    candidates=100, recorded=False, rate=305, worker=0.1, recorder=0.0, memory=0, written=0, busy=0, lost=0, late=0.02,
)  # fmt: skip
FULL = replace(PLAIN, recorded=True, worker=0.25, recorder=0.15, memory=30_000_000, written=29e6, busy=0.3)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    state = tmp_path / "state"
    state.mkdir()
    found = Table(
        machine=measuring.machine(state / "recordings"), measured_at="2026-01-01T08:00:00.000Z", disk_speed=2e12,
        rungs=(PLAIN, FULL),
    )  # fmt: skip
    (state / TABLE).write_text(found.encode())
    file = tmp_path / "psfu.toml"
    file.write_text(f'[state]\ndirectory = "{state}"\n[recording]\nreserve_bytes = 0\n')
    return file


def plan(config: Path, *arguments: str) -> Result:
    command = ["plan", "--config", str(config), "--socket", str(config.parent / "none"), *arguments]
    return CliRunner().invoke(called(command), command)


def test_an_exam_that_fits(config: Path) -> None:
    done = plan(config, "--candidates", "10", "--lasts", "1m", "--json")
    assert (done.exit_code, done.stderr) == (0, "")
    found = json.loads(done.stdout)
    assert found["fits"] and found["recorded"] == ["camera", "microphone", "screen"]
    assert found["worker_cores"] == pytest.approx(0.025) and found["recorder_cores"] == pytest.approx(0.015)
    assert found["per_core"] == 250
    assert found["stored_bytes"] == pytest.approx(60 * found["written_bytes"], rel=0.001)
    names = {each["name"] for each in found["limits"]}
    assert {"worker", "cores", "memory", "recorder", "disk", "disk-speed"} <= names
    assert not names & {"daemon", "arrival", "files"}, "nobody measured those"
    assert found["capacity"] == found["limits"][0]["capacity"]


def test_one_that_does_not(config: Path) -> None:
    done = plan(config, "-c", "5000", "--record", "camera,screen,microphone")
    assert done.exit_code == 1
    assert "IT DOES NOT FIT" in done.stdout and "12.50 cores" in done.stdout
    assert "250 recorded candidates per core" in done.stdout


def test_what_is_not_recorded_needs_no_disk(config: Path) -> None:
    found = json.loads(plan(config, "-c", "10", "--record", "", "--json").stdout)
    assert (found["recorded"], found["written_bytes"], found["recorder_cores"]) == ([], 0, 0)
    assert not {"recorder", "disk"} & {each["name"] for each in found["limits"]}


@pytest.mark.parametrize("arguments", ["--record smell", "--sources camera --record screen", "--sources ,", "-c -1"])
def test_nonsense_is_refused(config: Path, arguments: str) -> None:
    done = plan(config, *arguments.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    """The command sends what is logged to the standard error of a process that it takes for its own."""
    root, configured = logging.getLogger(), structlog.get_config()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**configured)


@pytest.mark.usefixtures("logging_as_before")
def test_a_machine_is_measured_once(config: Path, worker_binary: WorkerBinary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measuring, "LADDER", (10,))
    monkeypatch.setattr(measuring, "SECONDS", 1.0)
    file = config.parent / "state" / TABLE
    file.unlink()
    done = plan(config, "-c", "1", "--lasts", "1s", "--json")
    assert done.exit_code == 0, done.stderr
    assert json.loads(done.stdout)["measured_with"] == 10
    assert "10 candidates, recorded" in done.stderr
    kept = file.read_text()
    assert Table.decode(kept).machine == measuring.machine(config.parent / "state" / "recordings")
    again = plan(config, "-c", "1", "--lasts", "1s", "--json")
    assert json.loads(again.stdout)["measured_at"] == json.loads(done.stdout)["measured_at"]
    assert (again.stderr, file.read_text()) == ("", kept)


@pytest.mark.usefixtures("logging_as_before")
@pytest.mark.parametrize("kept", ["", "{}", "another machine"])
def test_a_table_that_is_of_no_use_is_measured_again(
    config: Path, worker_binary: WorkerBinary, monkeypatch: pytest.MonkeyPatch, kept: str
) -> None:
    def begin(*_: object, **__: object) -> Table:
        raise SizingError("it was begun")

    monkeypatch.setattr(measuring, "table", begin)
    file = config.parent / "state" / TABLE
    if kept == "another machine":
        found = Table.decode(file.read_text())
        kept = replace(found, machine=replace(found.machine, cores=1000)).encode()
    file.write_text(kept)
    done = plan(config, "-c", "1", "--lasts", "1s", "--json")
    assert (done.exit_code, done.stdout) == (1, "") and "it was begun" in done.stderr
    assert file.read_text() == kept


def test_nothing_is_measured_while_candidates_are_there(config: Path, run: Run, people: str) -> None:
    done = run("plan", "--config", config, "--measure")
    assert done.returncode == 6 and people and "candidates are here" in done.stderr
