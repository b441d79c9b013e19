"""Every exit code by a real case, and errors: one line on standard error, or JSON there, with standard output empty."""

from __future__ import annotations

import inspect
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from proctor_sfu import errors
from psfu_cli.exits import Exit, exit_code, wants_json
from support.commands import Run, on_terminal
from support.impostor import impostor, impostor_room
from support.serve import LIMIT, PSFU, Serve, environment, psfu
from support.started import started


@pytest.fixture(scope="session", autouse=True)
def unanswered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], tuple[int, str, str, float]]]:
    """Start a command at a daemon that never answers early, since its patience is long; returns how it ended."""
    path = tmp_path_factory.mktemp("silent") / "control.sock"
    with closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.bind(str(path))
        silent.listen(1)
        began = time.monotonic()
        command = [PSFU, "status", "--socket", path]
        with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()) as waiting:

            def ended() -> tuple[int, str, str, float]:
                out, err = waiting.communicate(timeout=LIMIT)
                return waiting.returncode, out, err, time.monotonic() - began

            yield ended


def fails(done: subprocess.CompletedProcess[str], code: int, *parts: str) -> None:
    assert done.returncode == code, done.stderr
    assert done.stdout == ""
    line, *more = done.stderr.splitlines()
    assert line.startswith("error: ") and not [each for each in more if each.startswith("error: ")]
    assert "Traceback" not in done.stderr
    for part in parts:
        assert part in done.stderr


def test_0_is_success(run: Run) -> None:
    assert run("status").returncode == Exit.OK


def test_1_is_a_no(run: Run, daemon: Serve) -> None:
    assert run("rooms", "create", "kept", "--open").returncode == 0
    code, shown = on_terminal("rooms", "close", "kept", "--socket", str(daemon.socket), typed="n\n")
    assert code == Exit.FAILED
    assert "Close kept with 0 people in? [y/N]" in shown and "nothing was done" in shown
    assert run("rooms", "get", "kept").returncode == 0
    code, shown = on_terminal("rooms", "close", "kept", "--socket", str(daemon.socket), typed="y\n")
    assert code == 0
    assert run("rooms", "get", "kept").returncode == Exit.NOT_FOUND


def test_1_is_an_answer_nobody_understands(tmp_path: Path) -> None:
    with impostor(tmp_path / "s", lambda method, path: (200, b"<html>")) as path:
        fails(psfu("status", "--socket", path), Exit.FAILED, "not an answer of psfu")
    with impostor(tmp_path / "t", {"items": [{"id": 5}]}) as path:
        fails(psfu("rooms", "list", "--socket", path), Exit.FAILED, "not an answer of psfu")
    with impostor(tmp_path / "u", lambda method, path: (500, b'{"error": {"code": "x", "message": "y"}}')) as path:
        fails(psfu("rooms", "list", "--socket", path), Exit.FAILED, "error: y")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rooms", "get"], "Missing argument 'ROOM'"),
        (["rooms", "lst"], "No such command 'lst'. Did you mean 'list'"),
        (["roms"], "No such command 'roms'. Did you mean 'rooms'"),
        (["--nope"], "No such option: --nope"),
        (["rooms", "list", "--outptu", "json"], "Possible options: --output"),
        (["rooms", "list", "-o", "xml"], "'xml' is not one of 'table', 'wide'"),
        (["rooms", "list", "--interval", "0"], "Invalid value for '--interval'"),
        (["workers", "scale", "0"], "Invalid value for 'N'"),
        (["rooms", "create", "no good", "--open"], "1 to 64 letters, digits"),
        (["rooms", "create", "ends-early", "--expires", "-1h"], "would expire before anybody can join"),
        (["rooms", "create", "odd", "--require", "mind"], "required.0"),
        (["rooms", "create", "odd", "--expires", "soon"], "expected a time such as +2h, 14:30"),
        (["rooms", "create", "\x1b[2J"], "error: "),
        (["completion", "tcsh"], "'bash', 'zsh', 'fish'"),
    ],
)
def test_2_is_a_wrong_command_line(run: Run, arguments: list[str], said: str) -> None:
    done = run(*arguments)
    fails(done, Exit.USAGE, said)
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("noun", [(), ("rooms",), ("candidates",), ("workers",), ("config",), ("mediasoup",)])
def test_2_a_noun_alone_is_answered_with_help(noun: tuple[str, ...]) -> None:
    done = psfu(*noun)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert done.stderr.startswith(f"Usage: {' '.join(('psfu', *noun))} ")


@pytest.mark.parametrize("command", [("rooms", "close", "r"), ("candidates", "kick", "c", "--room", "r")])
def test_2_nothing_is_asked_without_a_terminal(tmp_path: Path, command: tuple[str, ...]) -> None:
    room = impostor_room("r")
    person = {
        "id": "c", "room": "r", "name": "c", "role": "candidate", "state": "live", "address": "", "transport": None,
        "connected_at": "2026-01-01T00:00:00Z", "sources": [], "consumers": 0,
    }  # fmt: skip
    done: list[str] = []

    def answer(method: str, path: str) -> tuple[int, bytes]:
        if method == "DELETE" and "dry_run=true" not in path:
            done.append(path)
        return 200, json.dumps(person if "candidates" in path else room).encode()

    with impostor(tmp_path / "s", answer) as path:
        fails(psfu(*command, "--socket", path), Exit.USAGE, "--yes")
        # Not even somebody at the other end of a pipe is asked.
        fails(psfu(*command, "--socket", path, given="y\n"), Exit.USAGE, "--yes")
        assert done == []
        assert psfu(*command, "--socket", path, "--yes").returncode == 0
    assert len(done) == 1


@pytest.mark.parametrize(
    "command",
    [
        "status", "rooms list", "rooms get r", "rooms create r --open", "rooms close r --yes", "candidates list",
        "candidates get c", "candidates kick c --yes", "workers list", "workers get 1", "workers scale 1",
    ],
)  # fmt: skip
def test_3_is_no_daemon(tmp_path: Path, command: str) -> None:
    nowhere = tmp_path / "none.sock"
    fails(psfu(*command.split(), "--socket", nowhere), Exit.UNREACHABLE, f"no daemon at {nowhere}", "psfu serve")
    done = psfu(*command.split(), "--socket", nowhere, "--json")
    assert (done.returncode, done.stdout) == (Exit.UNREACHABLE, "")
    assert json.loads(done.stderr)["error"]["code"] == "unreachable"


def test_3_is_a_daemon_that_hangs_up(tmp_path: Path) -> None:
    with impostor(tmp_path / "s", lambda method, path: (0, b"")) as path:
        fails(psfu("status", "--socket", path), Exit.UNREACHABLE)


def test_3_is_a_socket_nobody_listens_at(tmp_path: Path) -> None:
    with closing(socket.socket(socket.AF_UNIX)) as dead:
        dead.bind(str(tmp_path / "dead.sock"))
    fails(psfu("status", "--socket", tmp_path / "dead.sock"), Exit.UNREACHABLE)


@pytest.mark.parametrize(
    ("command", "code", "said"),
    [
        ("rooms get none", "room_not_found", 'room "none" not found (rooms: '),
        ("rooms close none --yes", "room_not_found", 'room "none" not found'),
        ("candidates get none", "not_found", 'nobody called "none" is in any room'),
        ("candidates get none --room {room}", "candidate_not_found", 'nobody called "none" is in room "{room}"'),
        ("candidates list --room none", "room_not_found", 'room "none" not found'),
        ("candidates kick none --room {room} --yes", "candidate_not_found", "nobody called"),
        ("workers get 1", "worker_not_found", "no worker 1 (workers: "),
    ],
)
def test_4_is_not_found(run: Run, people: str, command: str, code: str, said: str) -> None:
    arguments = command.format(room=people).split()
    fails(run(*arguments), Exit.NOT_FOUND, said.format(room=people))
    done = run(*arguments, "--json")
    assert (done.returncode, done.stdout) == (Exit.NOT_FOUND, "")
    error = json.loads(done.stderr)["error"]
    assert error["code"] == code and said.format(room=people) in error["message"]


def test_5_is_denied(daemon: Serve) -> None:
    command = [str(PSFU), "status", "--socket", str(daemon.socket)]
    if os.getuid() == 0:  # Nothing is denied to root but what it gives up.
        command = ["setpriv", "--bounding-set=-dac_override", *command]
    mode = daemon.socket.stat().st_mode
    daemon.socket.chmod(0)
    try:
        done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=LIMIT)
    finally:
        daemon.socket.chmod(mode)
    fails(done, Exit.DENIED, f"not allowed to talk to the daemon at {daemon.socket}")


def test_6_is_a_conflict(run: Run, people: str) -> None:
    fails(run("rooms", "create", people, "--open"), Exit.CONFLICT, f'room "{people}" exists already')


def test_6_is_a_name_that_is_in_several_rooms(tmp_path: Path) -> None:
    person = {
        "id": "c", "name": "c", "role": "candidate", "state": "live", "address": "", "transport": None,
        "connected_at": "2026-01-01T00:00:00Z", "sources": [], "consumers": 0,
    }  # fmt: skip
    with impostor(tmp_path / "s", {"items": [person | {"room": "a"}, person | {"room": "b"}]}) as path:
        fails(psfu("candidates", "get", "c", "--socket", path), Exit.CONFLICT, "is in several rooms: a, b; say --room")


def test_7_is_no_answer_in_time(unanswered: Callable[[], tuple[int, str, str, float]]) -> None:
    code, out, err, seconds = unanswered()
    assert (code, out) == (Exit.TIMEOUT, "")
    assert "did not answer within 10 s" in err and seconds >= 10


def test_78_is_a_bad_configuration(tmp_path: Path) -> None:
    file = tmp_path / "psfu.toml"
    file.write_text("[rtc]\nprot = 1\n[log]\nlevel = 1\n")
    done = psfu("config", "check", "--config", file)
    assert (done.returncode, done.stdout) == (Exit.CONFIGURATION, "")
    assert len(done.stderr.splitlines()) == 2
    done = psfu("config", "check", "--config", file, "--json")
    assert (done.returncode, done.stdout) == (Exit.CONFIGURATION, "")
    assert json.loads(done.stderr)["error"]["code"] == "bad_settings"


@pytest.mark.parametrize("form", ["table", "json"])
def test_130_is_an_interrupt(daemon: Serve, form: str) -> None:
    command = [PSFU, "rooms", "list", "--watch", "-o", form, "--socket", daemon.socket, "--interval", "0.1"]
    assert psfu("rooms", "create", f"watched-{form}", "--open", "--socket", daemon.socket).returncode == 0
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment()) as watching:
        assert watching.stdout is not None
        watching.stdout.readline()  # It is at work.
        watching.send_signal(signal.SIGINT)
        _, err = watching.communicate(timeout=LIMIT)
    assert watching.returncode == Exit.INTERRUPTED
    assert "Traceback" not in err and "error" not in err


def test_an_interrupt_is_quiet_also_while_everything_is_imported(tmp_path: Path) -> None:
    slow = tmp_path / "typer.py"
    slow.write_text("import sys, time\nprint('importing', flush=True)\ntime.sleep(60)\n")
    with started(
        [PSFU, "--help"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=environment(PYTHONPATH=str(tmp_path)),
    ) as starting:  # fmt: skip
        assert starting.stdout is not None and starting.stdout.readline() == "importing\n"
        starting.send_signal(signal.SIGINT)
        _, err = starting.communicate(timeout=LIMIT)
    # The signal itself ends it, which shells call 130.
    assert (starting.returncode, err) == (-signal.SIGINT, "")


@pytest.mark.parametrize("command", ["rooms list --json", "config show -o wide", "completion zsh"])
def test_141_is_a_reader_that_went_away(daemon: Serve, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [PSFU, *command.split()], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=LIMIT,
        env=environment(PSFU_SOCKET=str(daemon.socket)),
    )  # fmt: skip
    os.close(writer)
    assert (done.returncode, done.stderr) == (Exit.READER_GONE, "")


def test_141_ends_a_watch(daemon: Serve) -> None:
    line = (
        f"{PSFU} rooms list --watch --interval 0.1 -o csv --socket {daemon.socket} | head -1; echo ${{PIPESTATUS[0]}}"
    )
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, env=environment(), timeout=LIMIT)
    assert done.stdout.splitlines()[-1] == "141" and done.stdout.startswith("id,")
    assert "Traceback" not in done.stderr and "Exception" not in done.stderr


@pytest.mark.parametrize("arguments", [["rooms", "get", "--json"], ["-o", "json", "rooms", "lst"]])
def test_a_wrong_command_line_is_told_in_json_if_asked_for(arguments: list[str]) -> None:
    done = psfu(*arguments)
    assert (done.returncode, done.stdout) == (Exit.USAGE, "")
    assert json.loads(done.stderr)["error"]["code"] == "usage"


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("rooms --json", True), ("-o json rooms", True), ("rooms -ojson", True), ("--output=ndjson", True),
        ("--output json", True), ("rooms get json", False), ("-o table json", False), ("--jsonx", False), ("", False),
    ],
)  # fmt: skip
def test_whether_json_is_wanted(line: str, wanted: bool) -> None:
    assert wants_json(line.split()) is wanted


def test_every_error_has_a_code() -> None:
    """Whatever psfu raises on purpose ends a command with a documented code."""

    def below(cls: type[errors.PsfuError]) -> Iterator[type[errors.PsfuError]]:
        for each in cls.__subclasses__():
            yield each
            yield from below(each)

    given = {"problems": ["x"], "status": 404}
    for cls in below(errors.PsfuError):
        names = list(inspect.signature(cls.__init__).parameters)[1:]
        made = cls(*(given.get(name, "x") for name in names))
        assert exit_code(made) in set(Exit) - {Exit.OK}, cls
