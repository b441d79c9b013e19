"""The command tree, of which a call imports and builds only what it calls."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Annotated, Any, Final, NamedTuple

import typer

from proctor_sfu import __version__
from psfu_cli import complete, exits
from psfu_cli.exits import Exit
from psfu_cli.options import Cli, ColourOption, JsonOption, OutputOption, SocketOption
from psfu_cli.output import Colour, Format, ReaderGoneError, discard, flush

DAEMON, EXAMS, SETUP = "Daemon", "Exams", "Set-up"
HELP = {"help_option_names": ["-h", "--help"]}


def _plain_help() -> bool:
    """Help in boxes is for terminals."""
    return not sys.stdout.isatty() or bool(os.environ.get("NO_COLOR"))


_root = typer.Typer(
    name="psfu",
    help="Proctor SFU: live exam proctoring on your own server.",
    epilog="psfu serve starts a daemon; psfu rooms create exam-101 --open makes a room. See man psfu.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None if _plain_help() else "rich",
    context_settings=HELP,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"psfu {__version__}")
        raise typer.Exit


@_root.callback()
def root(
    ctx: typer.Context,
    socket: SocketOption = None,
    output: OutputOption = None,
    as_json: JsonOption = False,
    colour: ColourOption = None,
    version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version, help="Show the version and exit.")
    ] = False,
) -> None:
    """Keep the options that stand before the command's name."""
    ctx.obj = Cli(
        socket=socket,
        format=Format.JSON if as_json else output or Format.TABLE,
        colour=colour or Colour.AUTO,
    )


class Command(NamedTuple):
    """What the first word on a command line calls: a command, or a noun with its verbs."""

    place: str
    """A module of `psfu_cli.commands` and, where it is no noun, the function in there."""
    panel: str | None = None
    """Of the help; without one it is left out there."""
    kind: str | None = None
    """The class of the command, if it has one of its own."""
    guests: Sequence[str] = ()
    """Commands that are verbs of this noun as well."""


COMMANDS: Final[Mapping[str, Command]] = {
    "serve": Command("serve.serve", DAEMON),
    "status": Command("status.status", DAEMON),
    "reload": Command("status.reload", DAEMON),
    "version": Command("status.version", DAEMON),
    "workers": Command("workers", DAEMON),
    "check": Command("check", DAEMON),
    "rooms": Command("rooms", EXAMS),
    "candidates": Command("candidates", EXAMS, guests=["stats"]),
    "recordings": Command("recordings", EXAMS),
    "tokens": Command("tokens", EXAMS),
    "acl": Command("acl", EXAMS),
    "keys": Command("keys", SETUP),
    "stats": Command("stats.stats", EXAMS),
    "events": Command("events.events", EXAMS),
    "monitor": Command("monitor.monitor", EXAMS),
    "report": Command("report.report", EXAMS),
    "audit": Command("audit.audit", EXAMS),
    "simulate": Command("simulate.simulate", EXAMS, kind="simulate.Command"),
    "rehearse": Command("rehearse.rehearse", EXAMS),
    "plan": Command("plan.plan", EXAMS),
    "mediasoup": Command("mediasoup", SETUP),
    "config": Command("config", SETUP),
    "completion": Command("completion.completion", SETUP),
    # What hands used to other tools type.
    "worker": Command("workers"),
    "room": Command("rooms"),
    "candidate": Command("candidates", guests=["stats"]),
    "recording": Command("recordings"),
    "token": Command("tokens"),
    "key": Command("keys"),
    "top": Command("stats.stats"),
}


def called(words: Sequence[str]) -> typer.Typer:
    """Return the command tree, or no more of it than the first words call: all of it takes long to import and build."""
    first, second = [*words, "", ""][:2]
    tree = _empty(_root)
    for name in [first] if first in COMMANDS else COMMANDS:
        command = COMMANDS[name]
        found, hidden = _load(command.place), command.panel is None
        if isinstance(found, typer.Typer):
            noun = _noun(found, command.guests, second if name == first else "")
            tree.add_typer(noun, name=name, rich_help_panel=command.panel, hidden=hidden)
        else:
            kind = _load(command.kind) if command.kind else None
            tree.command(name, cls=kind, rich_help_panel=command.panel, hidden=hidden)(found)
    return tree


def _noun(whole: typer.Typer, guests: Sequence[str], verb: str) -> typer.Typer:
    """Return a noun with all its verbs, or with that one alone that is called, if it has it."""
    own = {_name(each): each for each in whole.registered_commands}
    every = [*own, *guests]
    noun = _empty(whole)
    for name in [verb] if verb in every else every:
        if name in own:
            noun.registered_commands.append(own[name])
        else:
            noun.command(name)(_load(COMMANDS[name].place))
    return noun


def _load(place: str) -> Any:
    module, _, name = place.partition(".")
    return getattr(import_module(f"psfu_cli.commands.{module}"), name or "app")


def _empty(whole: typer.Typer) -> typer.Typer:
    part = copy.copy(whole)
    part.registered_commands, part.registered_groups = [], []
    return part


def _name(command: Any) -> str:
    name: str = command.name or command.callback.__name__
    return name


def _words() -> Sequence[str]:
    return complete.typed(os.environ) if complete.VARIABLE in os.environ else sys.argv[1:]


def main() -> None:
    """Run the command line: every way a command ends comes by here."""
    if complete.VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    try:
        code = called(_words())(prog_name="psfu", standalone_mode=False)
        flush()
    except typer.TyperException as error:
        code = exits.report_usage(error, sys.argv[1:])
    except typer.Abort:
        exits.hint("nothing was done")
        code = Exit.FAILED
    except ReaderGoneError:
        discard()
        code = Exit.READER_GONE
    sys.exit(code)
