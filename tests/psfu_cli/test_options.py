"""The options every client command takes, in both positions, and repetition until interrupted."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from support.commands import Run, on_terminal, result
from support.impostor import impostor, impostor_room
from support.serve import LIMIT, PSFU, Serve, environment, psfu
from support.started import started


@pytest.mark.parametrize(
    "line",
    [
        "rooms list --socket {s} -o json", "--socket {s} -o json rooms list", "--socket {s} rooms list -o json",
        "-o json rooms list --socket {s}", "rooms --help", "--socket /nowhere rooms list --socket {s} --json",
        "-o csv rooms list --socket {s} -o json", "-o csv --json rooms list --socket {s}",
    ],
)  # fmt: skip
def test_options_stand_before_or_after_the_command(daemon: Serve, people: str, line: str) -> None:
    done = psfu(*line.format(s=daemon.socket).split())
    if "--help" in line:
        assert done.returncode == 0 and done.stdout.startswith("Usage: psfu rooms")
        return
    assert people in [room["id"] for room in result(done)]


def test_the_environment_names_the_socket_unless_the_command_line_does(daemon: Serve, tmp_path: Path) -> None:
    assert psfu("status", PSFU_SOCKET=str(daemon.socket)).returncode == 0
    assert psfu("status", "--socket", tmp_path / "none", PSFU_SOCKET=str(daemon.socket)).returncode == 3
    assert psfu("status", "--socket", daemon.socket, PSFU_SOCKET=str(tmp_path / "none")).returncode == 0


def test_without_a_name_the_socket_is_where_a_daemon_puts_it(tmp_path: Path) -> None:
    folder = tmp_path / "psfu"
    folder.mkdir()
    with impostor(folder / "control.sock", {"items": []}):
        # Where systemd would have it comes first, so this machine must not run psfu as a service.
        done = psfu("rooms", "list", "--json", RUNTIME_DIRECTORY=str(folder))
    assert result(done) == []


@pytest.mark.parametrize("quiet", ["-q", "--quiet", "-oname"])
def test_quiet_is_names_only(run: Run, people: str, quiet: str) -> None:
    assert people in run("rooms", "list", quiet).stdout.splitlines()
    assert run("candidates", "list", "--room", people, quiet).stdout == "ana\nbob\n"
    assert run("rooms", "get", people, quiet).stdout == f"{people}\n"


def test_watching_repeats_and_json_becomes_lines(daemon: Serve) -> None:
    command = [PSFU, "status", "-w", "--json", "--interval", "0.1", "--socket", daemon.socket]
    with started(command, stdout=subprocess.PIPE, text=True, env=environment()) as watching:
        assert watching.stdout is not None
        seen = [json.loads(watching.stdout.readline()) for _ in range(3)]
        watching.send_signal(signal.SIGINT)
        watching.communicate(timeout=LIMIT)
    uptimes = [each["uptime_s"] for each in seen]
    assert uptimes == sorted(uptimes) and uptimes[0] < uptimes[2]


def test_watching_a_table_on_a_terminal_paints_over_it(daemon: Serve, tmp_path: Path) -> None:
    answers = iter([{"items": []}, {"items": []}])

    def answer(method: str, path: str) -> tuple[int, bytes]:
        # When there is nothing more to show, the daemon is gone, which ends the watch.
        return (200, json.dumps(each).encode()) if (each := next(answers, None)) is not None else (0, b"")

    with impostor(tmp_path / "s", answer) as path:
        code, shown = on_terminal("rooms", "list", "--watch", "--interval", "0.1", "--socket", str(path))
    assert code == 3
    assert shown.count("\x1b[H\x1b[2J") == 3 and "error: " in shown


def test_watching_into_a_pipe_has_no_control_characters(tmp_path: Path) -> None:
    answers = iter([{"items": []}])

    def answer(method: str, path: str) -> tuple[int, bytes]:
        return (200, json.dumps(each).encode()) if (each := next(answers, None)) is not None else (0, b"")

    with impostor(tmp_path / "s", answer) as path:
        done = psfu("rooms", "list", "--watch", "--interval", "0.1", "--socket", path)
    assert done.returncode == 3 and "\x1b" not in done.stdout + done.stderr


def test_a_question_shows_no_control_characters(tmp_path: Path) -> None:
    room = impostor_room("r", candidates=2, proctors=1)
    with impostor(tmp_path / "s", room) as path:
        code, shown = on_terminal("rooms", "close", "r\x1b[2J", "--socket", str(path), typed="n\n")
    assert code == 1 and "Close r[2J with 3 people in?" in shown and "\x1b[2J" not in shown


def test_the_shared_environment_is_clean() -> None:
    """Other tests would prove nothing if ours leaked in."""
    assert not {name for name in environment() if name.startswith("PSFU_")} and "PATH" in os.environ
