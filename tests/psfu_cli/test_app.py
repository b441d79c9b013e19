"""The tree of commands: what every command takes, what it is called, and that help is help."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, TypeAlias

import pytest
import typer
from typer.testing import CliRunner

from proctor_sfu import __version__
from psfu_cli.app import COMMANDS, called, whole
from support.commands import Run
from support.serve import psfu

Path: TypeAlias = tuple[str, ...]
APP = whole()
TREE = typer.main.get_command(APP)
APART = {("serve",), ("completion",)}
"""Commands that are no client of a daemon and write no records."""


def leaves(
    command: Any = TREE, path: tuple[str, ...] = (), hidden: bool = False
) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, each in getattr(command, "commands", {}).items():
        if hidden or not each.hidden:
            if hasattr(each, "commands"):
                yield from leaves(each, (*path, name), hidden)
            else:
                yield (*path, name), each


LEAVES = dict(leaves())
EVERY = dict(leaves(hidden=True))


def options(command: Any) -> set[str]:
    return {name for each in command.params for name in each.opts if name.startswith("-")}


def test_the_tree_is_what_the_manual_says() -> None:
    assert {" ".join(path) for path in LEAVES} >= {
        "serve", "status", "version", "completion", "rooms create", "rooms list", "rooms get", "rooms close",
        "candidates list", "candidates get", "candidates kick", "workers list", "workers get", "workers scale",
        "mediasoup install", "mediasoup show", "config check", "config show", "config init",
    }  # fmt: skip


@pytest.mark.parametrize("path", sorted(LEAVES.keys() - APART), ids=" ".join)
def test_every_client_command_takes_the_shared_options(path: Path) -> None:
    assert {"--socket", "--output", "-o", "--json", "--color"} <= options(LEAVES[path])


@pytest.mark.parametrize("path", [path for path in LEAVES if path[-1] in ("list", "get", "status")], ids=" ".join)
def test_what_reads_can_be_watched_and_quiet(path: Path) -> None:
    assert {"--watch", "-w", "--interval", "--quiet", "-q"} <= options(LEAVES[path])


@pytest.mark.parametrize("path", [path for path in LEAVES if path[-1] in ("close", "kick")], ids=" ".join)
def test_what_destroys_asks_and_can_be_tried(path: Path) -> None:
    assert {"--yes", "-y", "--dry-run"} <= options(LEAVES[path])


@pytest.mark.parametrize("path", EVERY, ids=" ".join)
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_help_is_help(path: tuple[str, ...], option: str) -> None:
    done = CliRunner().invoke(called(path), [*path, option], prog_name="psfu")
    assert done.exit_code == 0 and done.stderr == ""
    assert done.stdout.startswith(f"Usage: psfu {' '.join(path)} ")


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_everything_is_described(path: Path) -> None:
    command = LEAVES[path]
    assert command.help and command.help.rstrip().endswith((".", ")"))
    for each in command.params:
        assert getattr(each, "help", None) or each.name == "help", f"{' '.join(path)}: {each.name} says nothing"


@pytest.mark.parametrize(("alias", "noun"), [("room", "rooms"), ("candidate", "candidates"), ("worker", "workers")])
def test_a_noun_may_be_singular(alias: str, noun: str) -> None:
    assert {path[1:] for path in EVERY if path[0] == alias} == {path[1:] for path in EVERY if path[0] == noun}
    assert f"\n  {alias} " not in psfu("--help").stdout


@pytest.mark.parametrize("noun", ["rooms", "candidates", "workers"])
def test_ls_is_list(run: Run, people: str, noun: str) -> None:
    short, long = (run(noun, verb, "--quiet").stdout for verb in ("ls", "list"))
    assert short == long and short


def test_rm_is_close(run: Run) -> None:
    assert run("room", "create", "short-lived", "--open").returncode == 0
    assert run("room", "rm", "short-lived", "--yes").stdout == "short-lived\n"
    assert run("rooms", "get", "short-lived").returncode == 4


def test_the_version_is_told_without_a_daemon() -> None:
    done = psfu("--version")
    assert (done.returncode, done.stdout) == (0, f"psfu {__version__}\n")


def test_help_into_a_pipe_is_plain() -> None:
    done = psfu("--help")
    assert done.returncode == 0 and done.stdout.isascii() and "\x1b" not in done.stdout


IMPORTED = """
import json, os, sys
import psfu_cli.app as app
for words in json.load(sys.stdin):
    if not (child := os.fork()):
        app.called(words)
        print(json.dumps([words, sorted(sys.modules)]), flush=True)
        os._exit(0)
    os.waitpid(child, 0)
"""
"""Says of every command line in a process of its own what is imported for it."""
MODULES = "psfu_cli.commands."
FAMILY = {
    "candidates": {"stats"},  # It is a verb of theirs as well.
    "monitor": {"monitor_options", "monitor_past", "monitor_text"},
    "rehearse": {"simulate"},
    "plan": {"rehearse", "simulate"},
}
"""What is also imported for a module, since it takes the options of others or is made of several."""


def imported(*lines: str) -> Iterator[tuple[str, set[str]]]:
    given = json.dumps([line.split() for line in lines])
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED], input=given, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    assert len(done) == len(lines)
    for words, modules in map(json.loads, done):
        yield " ".join(words), set(modules)


def commands(modules: set[str]) -> set[str]:
    return {each.removeprefix(MODULES) for each in modules if each.startswith(MODULES)}


def test_a_command_starts_without_what_it_does_not_need() -> None:
    """A call must be quick: neither other commands nor anything heavy is imported for it, whatever it is."""
    heavy = {
        "aiohttp", "asyncio", "structlog", "uvloop", "textual", "rich.table", "pymediasoup", "proctor_sfu.daemon",
        "http.client", "ssl", "proctor_sfu.control.client.transport",
    }  # fmt: skip
    for name, modules in imported(*COMMANDS):
        own = COMMANDS[name].place.partition(".")[0]
        assert commands(modules) == {own} | FAMILY.get(own, set()), name
        assert not heavy & modules, name


def test_a_verb_starts_without_other_verbs() -> None:
    found = dict(imported("candidates list", "candidates stats", "candidate ls", "rooms token", "status"))
    assert commands(found["candidates list"]) == commands(found["candidate ls"]) == {"candidates"}
    assert not any(each.startswith("proctor_sfu.control.api.quality") for each in found["candidates list"])
    assert commands(found["candidates stats"]) == {"candidates", "stats"}
    assert commands(found["rooms token"]) == {"rooms"}


def test_the_client_imports_the_part_that_is_used() -> None:
    code = (
        "import pathlib, sys; from proctor_sfu.control.client import Client;"
        "Client(pathlib.Path('none')).rooms; print(*(each for each in sys.modules if '.control.' in each))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(done.stdout.split()) == {
        "proctor_sfu.control.api", "proctor_sfu.control.api.base", "proctor_sfu.control.api.plain",
        "proctor_sfu.control.api.rooms",
        "proctor_sfu.control.client", "proctor_sfu.control.client.rooms", "proctor_sfu.control.client.transport",
    }  # fmt: skip


def shape(command: Any) -> Any:
    """All of a command that its user sees."""
    options = [(each.name, each.opts, each.nargs, each.required, getattr(each, "help", "")) for each in command.params]
    return command.help, options, {name: shape(each) for name, each in getattr(command, "commands", {}).items()}


@pytest.mark.parametrize("name", TREE.commands)  # type: ignore[attr-defined]
def test_what_is_called_is_built_alone_and_like_in_the_whole_tree(name: str) -> None:
    alone: Any = typer.main.get_command(called([name, "--help"]))
    assert list(alone.commands) == [name]
    whole: Any = TREE
    assert shape(alone.commands[name]) == shape(whole.commands[name])


@pytest.mark.parametrize("path", [path for path in EVERY if len(path) == 2], ids=" ".join)
def test_a_verb_is_built_alone_and_like_in_the_whole_tree(path: Path) -> None:
    noun, verb = path
    alone: Any = typer.main.get_command(called(path))
    assert list(alone.commands) == [noun] and list(alone.commands[noun].commands) == [verb]
    assert shape(alone.commands[noun].commands[verb]) == shape(EVERY[path])


@pytest.mark.parametrize(
    "options",
    ["-o json", "-ojson", "--output=json", "--json", "--color never --socket /run/x.sock --json", "--socket rooms",
     "--", "-o nothing"],
)  # fmt: skip
def test_options_may_stand_before_what_is_called(options: str) -> None:
    tree: Any = typer.main.get_command(called([*options.split(), "rooms", "list"]))
    assert list(tree.commands) == ["rooms"] and list(tree.commands["rooms"].commands) == ["list"]


NONE_CALLED = ["", "-h", "--help", "--help rooms", "--json --help", "-o", "--socket", "--json", "romos list",
               "-o json romos", "--strange rooms", "-o json"]  # fmt: skip


@pytest.mark.parametrize("line", NONE_CALLED)
def test_where_nothing_is_called_the_answer_is_that_of_the_whole_tree(line: str) -> None:
    words = line.split()
    short, long = (CliRunner().invoke(tree, words, prog_name="psfu", color=True) for tree in (called(words), whole()))
    assert (short.exit_code, short.stdout, short.stderr) == (long.exit_code, long.stdout, long.stderr)
    assert short.exit_code in (0, 2) and (short.stdout or short.stderr)


def test_where_nothing_is_called_nothing_is_imported() -> None:
    for line, modules in imported(*NONE_CALLED, "--version", "--version rooms"):
        assert not commands(modules), line


def test_help_is_in_the_order_of_the_whole_tree_with_boxes_too() -> None:
    names = [list(typer.main.get_command(tree).commands) for tree in (called([]), whole())]  # type: ignore[attr-defined]
    assert names[0] == names[1]
    panels = [
        {name: (each.help, each.rich_help_panel, each.hidden) for name, each in commands.items() if not each.hidden}
        for commands in (typer.main.get_command(tree).commands for tree in (called([]), whole()))  # type: ignore[attr-defined]
    ]
    assert {name: (text.partition("\n\n")[0], *more) for name, (text, *more) in panels[1].items()} == panels[0]
