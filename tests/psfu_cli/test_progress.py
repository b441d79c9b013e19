"""Progress of slow work: lines now and then into a pipe, a bar on a terminal, never anything on standard output."""

from __future__ import annotations

import subprocess
import sys

import pytest

from psfu_cli import progress
from support.commands import on_terminal
from support.serve import environment

WORK = "from psfu_cli.progress import progress\nwith progress() as tell:\n"
STEPS = ["tell('fetching', None)", *(f"tell('building', {done / 100})" for done in range(100)), "tell('[ready]', 1.0)"]


def test_a_step_is_a_line_and_not_more_often_than_the_pace(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with progress.progress() as tell:
        tell("fetching", None)
        tell("fetching", None)
        for step in range(25):
            now = float(step)
            tell("building", step / 25)
        tell("done", 1.0)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["fetching", "building: 0%", "building: 40%", "building: 80%", "done: 100%"]


def test_a_pipe_gets_plain_lines() -> None:
    code = WORK + "".join(f"    {step}\n" for step in STEPS)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment(), check=True)
    assert done.stdout == "" and done.stderr.splitlines() == ["fetching", "building: 0%", "[ready]: 100%"]


def test_a_terminal_gets_bars() -> None:
    code = WORK + "".join(f"    {step}\n" for step in STEPS)
    ended, shown = on_terminal("-c", code, program=sys.executable)
    assert ended == 0
    # What stands in brackets is text and no markup.
    assert "\x1b[" in shown and "building" in shown and "[ready]" in shown
