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
    says: str = ""
    """What the help says of it, which is the beginning of its own."""
    kind: str | None = None
    """The class of the command, if it has one of its own."""
    guests: Sequence[str] = ()
    """Commands that are verbs of this noun as well."""


COMMANDS: Final[Mapping[str, Command]] = {
    "serve": Command("serve.serve", DAEMON,
        "Run the daemon until SIGTERM or SIGINT. The first start fetches or builds the mediasoup worker."),
    "status": Command("status.status", DAEMON, "Show the daemon at a glance."),
    "reload": Command("status.reload", DAEMON,
        "Let the daemon read its certificate and TURN secrets again; nobody is interrupted."),
    "version": Command("status.version", DAEMON,
        "Show the versions of this command and, if one answers, of the daemon."),
    "workers": Command("workers", DAEMON, "List and scale the media workers."),
    "check": Command("check", DAEMON,
        "Ask one question for a monitoring system: exit 0 ok, 1 warning, 2 critical, 3 unknown."),
    "rooms": Command("rooms", EXAMS, "Create, list and close rooms."),
    "candidates": Command("candidates", EXAMS, "List, show and kick candidates.", guests=["stats"]),
    "recordings": Command("recordings", EXAMS, "Record candidates; find, verify, export and keep recordings."),
    "tokens": Command("tokens", EXAMS, "Make join tokens, look at them, take them back."),
    "acl": Command("acl", EXAMS, "Explain who may see whom."),
    "keys": Command("keys", SETUP, "List, rotate and retire the keys of join tokens."),
    "stats": Command("stats.stats", EXAMS,
        "Show how everybody's media is right now, the worst first; what is not known is a dash, never a zero."),
    "events": Command("events.events", EXAMS,
        "Show what happened since the daemon started, as far back as it remembers."),
    "monitor": Command("monitor.monitor", EXAMS,
        "Watch over an exam: who is in trouble, how badly, and whose fault it is."),
    "report": Command("report.report", EXAMS,
        "Tell how every candidate of a room fared, second by second, from the history."),
    "audit": Command("audit.audit", EXAMS,
        "Show who did what, over restarts and as far back as the files reach that are kept."),
    "simulate": Command("simulate.simulate", EXAMS,
        "Let simulated candidates and proctors with real media take part in a room, and say how it went.",
        kind="simulate.Command"),
    "rehearse": Command("rehearse.rehearse", EXAMS,
        "Rehearse an exam on this server: will it carry so many candidates, and what would break first?"),
    "plan": Command("plan.plan", EXAMS,
        "Say whether this machine carries and records so many candidates, and what they need."),
    "mediasoup": Command("mediasoup", SETUP, "Install and show the mediasoup worker binary."),
    "config": Command("config", SETUP, "Check, show and write the settings file."),
    "completion": Command("completion.completion", SETUP,
        "Print the completion script of a shell: source <(psfu completion bash)."),
    # What hands used to other tools type.
    "worker": Command("workers"),
    "room": Command("rooms"),
    "candidate": Command("candidates", guests=["stats"]),
    "recording": Command("recordings"),
    "token": Command("tokens"),
    "key": Command("keys"),
    "top": Command("stats.stats"),
}  # fmt: skip


def called(words: Sequence[str]) -> typer.Typer:
    """Return no more of the command tree than the words call: all of it takes long to import and build.

    Where they call no command, every name is in it, with what is said of it and nothing behind it.
    """
    first, second = [*_from_command(words), "", ""][:2]
    tree = _empty(_root)
    if first in COMMANDS:
        _add(tree, first, second)
    else:
        # In help nouns come last, as in a tree of typer's.
        for name in sorted(COMMANDS, key=lambda name: "." not in COMMANDS[name].place):
            _announce(tree, name)
    return tree


def whole() -> typer.Typer:
    """Return the command tree, for those who tell of all of it."""
    tree = _empty(_root)
    for name in COMMANDS:
        _add(tree, name, "")
    return tree


def _from_command(words: Sequence[str]) -> Sequence[str]:
    """Return the words behind the options that stand before the command, none if one of them is all that is asked."""
    if not words or not words[0].startswith("-"):
        return words
    root = typer.main.get_command(_empty(_root))
    context = typer.Context(root, resilient_parsing=True, help_option_names=HELP["help_option_names"])
    given, rest, _ = root.make_parser(context).parse_args(args=list(words))
    return () if "help" in given or "version" in given else rest


def _add(tree: typer.Typer, name: str, second: str) -> None:
    command = COMMANDS[name]
    found, hidden = _load(command.place), command.panel is None
    if isinstance(found, typer.Typer):
        noun = _noun(found, command.guests, second)
        tree.add_typer(noun, name=name, rich_help_panel=command.panel, hidden=hidden)
    else:
        kind = _load(command.kind) if command.kind else None
        tree.command(name, cls=kind, rich_help_panel=command.panel, hidden=hidden)(found)


def _announce(tree: typer.Typer, name: str) -> None:
    command = COMMANDS[name]

    def elsewhere() -> None:
        raise AssertionError(f"{name} is called, and was not built")

    tree.command(name, help=command.says, rich_help_panel=command.panel, hidden=command.panel is None)(elsewhere)


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
