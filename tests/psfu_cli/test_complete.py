"""Completion by the real shells: their scripts are sound, and what they offer comes from the daemon."""

from __future__ import annotations

import functools
import re
import shlex
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from psfu_cli.commands.completion import Shell
from psfu_cli.complete import typed
from support.impostor import impostor, impostor_room
from support.serve import LIMIT, PSFU, Serve, environment, psfu

Ask = Callable[[str, str], list[str]]
EVIL = ["$(touch {f})", "`touch {f}`", "a; touch {f}", "'; touch {f}; '", '"; touch {f}; "', "x\ny", "-o", "good-1"]


@functools.cache
def printed(shell: Shell) -> str:
    done = psfu("completion", shell)
    assert done.returncode == 0 and done.stderr == ""
    return done.stdout


def script(shell: Shell, tmp_path: Path) -> Path:
    file = tmp_path / f"psfu.{shell}"
    file.write_text(printed(shell))
    return file


def program(shell: Shell) -> str:
    found = shutil.which(shell)
    assert found, f"{shell} is missing: make test installs it"
    return found


@pytest.mark.parametrize("shell", Shell)
def test_the_script_is_sound(shell: Shell, tmp_path: Path) -> None:
    done = subprocess.run(
        [program(shell), "-n", script(shell, tmp_path)], capture_output=True, text=True, timeout=LIMIT
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def ask(shell: Shell, line: str, socket: Path, tmp_path: Path) -> list[str]:
    """Return what a shell offers for the last word of a line."""
    file = shlex.quote(str(script(shell, tmp_path)))
    match shell:
        case Shell.BASH:
            words = line.split(" ")
            code = (
                f"source {file}; COMP_WORDS=({' '.join(map(shlex.quote, words))}); COMP_CWORD={len(words) - 1};"
                " $(complete -p psfu | sed 's/.*-F \\([^ ]*\\).*/\\1/') psfu; printf '%s\\n' \"${COMPREPLY[@]}\""
            )
        case Shell.ZSH:
            # The completion system proper needs a terminal; what it is handed is what is looked at.
            code = (
                f"compdef() {{ :; }}; _arguments() {{ print -r -- $1 }}; _files() {{ :; }};"
                f" source {file}; words=({' '.join(map(shlex.quote, line.split(' ')))});"
                " CURRENT=$#words; _psfu_completion"
            )
        case Shell.FISH:
            code = f"source {file}; complete -C {shlex.quote(line)}"
    path = f"{PSFU.parent}:{environment()['PATH']}"
    done = subprocess.run(
        [program(shell), "-c", code], capture_output=True, text=True, timeout=LIMIT, cwd=tmp_path,
        env=environment(PATH=path, PSFU_SOCKET=str(socket), HOME=str(tmp_path)),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    if shell is Shell.ZSH:
        return sorted(re.findall(r'"([^"]*)"(?::"[^"]*")?', done.stdout))
    return sorted(each.partition("\t")[0] for each in done.stdout.splitlines() if each)


@pytest.mark.parametrize(
    ("line", "before"),
    [
        ("psfu ", []), ("psfu ro", []), ("psfu rooms", []), ("psfu rooms ", ["rooms"]), ("psfu rooms li", ["rooms"]),
        ("psfu rooms list --", ["rooms", "list"]),
    ],
)  # fmt: skip
def test_the_words_that_are_typed_are_known(line: str, before: list[str]) -> None:
    """In bash it is told which word is completed, also amid a line; the others tell the line up to there."""
    bash = {"COMP_WORDS": f"{line} --json", "COMP_CWORD": str(len(before) + 1)}
    assert typed(bash) == typed({"_TYPER_COMPLETE_ARGS": line}) == before


@pytest.mark.parametrize("shell", Shell)
def test_commands_are_completed(shell: Shell, daemon: Serve, tmp_path: Path) -> None:
    assert ask(shell, "psfu ro", daemon.socket, tmp_path) == ["rooms"]
    assert ask(shell, "psfu rooms c", daemon.socket, tmp_path) == ["close", "create"]


@pytest.mark.parametrize("shell", Shell)
def test_ids_are_completed(shell: Shell, daemon: Serve, people: str, tmp_path: Path) -> None:
    assert people in ask(shell, "psfu rooms get exam", daemon.socket, tmp_path)
    assert ask(shell, f"psfu candidates kick --room {people} b", daemon.socket, tmp_path) == ["bob"]
    (pid,) = map(str, daemon.workers())
    assert ask(shell, f"psfu workers get {pid[0]}", daemon.socket, tmp_path) == [pid]


@pytest.mark.parametrize("shell", Shell)
def test_nothing_a_daemon_says_is_run(shell: Shell, tmp_path: Path) -> None:
    touched = tmp_path / "touched"
    rooms = [impostor_room(each.format(f=touched)) for each in EVIL]
    with impostor(tmp_path / "s", {"items": rooms}) as path:
        assert ask(shell, "psfu rooms get ", path, tmp_path) == ["good-1"]
    assert not touched.exists()


@pytest.mark.parametrize("shell", Shell)
def test_without_a_daemon_nothing_is_offered_and_nothing_said(shell: Shell, tmp_path: Path) -> None:
    assert ask(shell, "psfu rooms get exam", tmp_path / "none", tmp_path) == []


def test_a_daemon_that_does_not_answer_holds_nobody_up(tmp_path: Path) -> None:
    given_up = threading.Event()

    def late(method: str, path: str) -> tuple[int, bytes]:
        given_up.wait(LIMIT)
        return 200, b"{}"

    with impostor(tmp_path / "s", late) as path:
        # It ends although nothing was answered: only afterwards it may be.
        assert ask(Shell.BASH, "psfu rooms get exam", path, tmp_path) == []
        given_up.set()
