"""The command tree."""

from __future__ import annotations

import copy
import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from proctor_sfu import __version__
from psfu_cli import exits
from psfu_cli.commands import acl, candidates, check, config, keys, mediasoup, recordings, rooms, tokens, workers
from psfu_cli.commands.audit import audit
from psfu_cli.commands.completion import completion
from psfu_cli.commands.events import events
from psfu_cli.commands.monitor import monitor
from psfu_cli.commands.plan import plan
from psfu_cli.commands.rehearse import rehearse
from psfu_cli.commands.report import report
from psfu_cli.commands.serve import serve
from psfu_cli.commands.simulate import Command as SimulateCommand
from psfu_cli.commands.simulate import simulate
from psfu_cli.commands.stats import stats
from psfu_cli.commands.status import reload, status, version
from psfu_cli.complete import VARIABLE
from psfu_cli.exits import Exit
from psfu_cli.options import Cli, ColourOption, JsonOption, OutputOption, SocketOption
from psfu_cli.output import Colour, Format, ReaderGoneError, discard, flush

DAEMON, EXAMS, SETUP = "Daemon", "Exams", "Set-up"
HELP = {"help_option_names": ["-h", "--help"]}


def _plain_help() -> bool:
    """Help in boxes is for terminals."""
    return not sys.stdout.isatty() or bool(os.environ.get("NO_COLOR"))


app = typer.Typer(
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


@app.callback()
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


app.command(rich_help_panel=DAEMON)(serve)
app.command(rich_help_panel=DAEMON)(status)
app.command(rich_help_panel=DAEMON)(reload)
app.command(rich_help_panel=DAEMON)(version)
app.add_typer(workers.app, name="workers", rich_help_panel=DAEMON)
app.add_typer(check.app, name="check", rich_help_panel=DAEMON)
app.add_typer(rooms.app, name="rooms", rich_help_panel=EXAMS)
app.add_typer(candidates.app, name="candidates", rich_help_panel=EXAMS)
app.add_typer(recordings.app, name="recordings", rich_help_panel=EXAMS)
app.add_typer(tokens.app, name="tokens", rich_help_panel=EXAMS)
app.add_typer(acl.app, name="acl", rich_help_panel=EXAMS)
app.add_typer(keys.app, name="keys", rich_help_panel=SETUP)
app.command(rich_help_panel=EXAMS)(stats)
app.command(rich_help_panel=EXAMS)(events)
app.command(rich_help_panel=EXAMS)(monitor)
app.command(rich_help_panel=EXAMS)(report)
app.command(rich_help_panel=EXAMS)(audit)
app.command(cls=SimulateCommand, rich_help_panel=EXAMS)(simulate)
app.command(rich_help_panel=EXAMS)(rehearse)
app.command(rich_help_panel=EXAMS)(plan)
app.add_typer(mediasoup.app, name="mediasoup", rich_help_panel=SETUP)
app.add_typer(config.app, name="config", rich_help_panel=SETUP)
app.command(rich_help_panel=SETUP)(completion)

# What hands used to other tools type.
NOUNS = {
    "worker": workers, "room": rooms, "candidate": candidates, "recording": recordings, "token": tokens, "key": keys,
}  # fmt: skip
for noun, module in NOUNS.items():
    app.add_typer(module.app, name=noun, hidden=True)
    module.app.command("ls", hidden=True)(module.list_)
candidates.app.command("stats")(stats)
app.command("top", hidden=True)(stats)
rooms.app.command("rm", hidden=True)(rooms.close)


def called(words: Sequence[str]) -> typer.Typer:
    """Return the command tree, or no more of it than the first word calls: to build all of it takes time."""
    part = copy.copy(app)
    part.registered_commands = [
        each for each in app.registered_commands
        if each.callback is not None and words[:1] == [each.name or each.callback.__name__]
    ]  # fmt: skip
    part.registered_groups = [each for each in app.registered_groups if words[:1] == [each.name]]
    return part if part.registered_commands or part.registered_groups else app


def main() -> None:
    """Run the command line: every way a command ends comes by here."""
    if VARIABLE in os.environ:
        from typer.completion import completion_init  # type: ignore[attr-defined]

        completion_init()
    try:
        code = called(sys.argv[1:])(prog_name="psfu", standalone_mode=False)
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
