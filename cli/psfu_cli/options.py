"""The options every client command takes, before or after the command's own name.

`client` gives a command function the parameters ``--socket``, ``--output``, ``--json``, ``--color`` and, for those that
read, ``--quiet``, ``--watch`` and ``--interval``; the function itself gets a `Cli` that has their values.
"""

from __future__ import annotations

import functools
import inspect
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import typer
from typer.core import TyperCommand

from proctor_sfu.control.client import Client
from proctor_sfu.control.place import to_dial
from proctor_sfu.errors import PsfuError, RefusedError
from proctor_sfu.text import safe_text
from psfu_cli import exits
from psfu_cli.output import Colour, Format, Writer, flush, write

PANEL = "Global options"

SocketOption: TypeAlias = Annotated[
    Path | None,
    # Whether it may be used is found out by using it: then there is one message and one exit code for that.
    typer.Option(
        "--socket", envvar="PSFU_SOCKET", metavar="PATH", help="Control socket.", readable=False, rich_help_panel=PANEL
    ),
]
OutputOption: TypeAlias = Annotated[
    Format | None, typer.Option("--output", "-o", help="How to write the result.", rich_help_panel=PANEL)
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Same as -o json.", rich_help_panel=PANEL)]
ColourOption: TypeAlias = Annotated[
    Colour | None, typer.Option("--color", help="Colours; auto obeys NO_COLOR.", rich_help_panel=PANEL)
]
QuietOption: TypeAlias = Annotated[bool, typer.Option("--quiet", "-q", help="Only ids, as -o name.")]
WatchOption: TypeAlias = Annotated[bool, typer.Option("--watch", "-w", help="Repeat until interrupted.")]
IntervalOption: TypeAlias = Annotated[
    float, typer.Option("--interval", min=0.1, metavar="SECONDS", help="Time between repetitions of --watch.")
]
YesOption: TypeAlias = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
DryRunOption: TypeAlias = Annotated[bool, typer.Option("--dry-run", help="Say what would be done, do nothing.")]
RetainOption: TypeAlias = Annotated[
    int | None,
    typer.Option("--retain", metavar="DAYS", min=0, max=36_500, help="Delete recordings after so many days; 0: never."),
]
ReasonOption: TypeAlias = Annotated[str, typer.Option("--reason", metavar="TEXT", help="Told to those concerned.")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cli:
    """What a command needs to know of the command line."""

    socket: Path | None = None
    format: Format = Format.TABLE
    colour: Colour = Colour.AUTO
    watch: bool = False
    interval: float = 2.0

    @property
    def client(self) -> Client:
        """The daemon's control API."""
        return Client(self.socket or to_dial(os.environ))

    @property
    def as_json(self) -> bool:
        """Whether programs read the output."""
        return self.format in (Format.JSON, Format.NDJSON)

    @property
    def streaming(self) -> Cli:
        """The same for results that come one by one: JSON has a line for each."""
        return replace(self, format=Format.NDJSON) if self.format is Format.JSON else self

    def writer(self, kind: type, name_of: Callable[[Any], str] = lambda record: str(record.id)) -> Writer:
        """Writes results, which are of the dataclass ``kind``."""
        return Writer(format=self.format, colour=self.colour, kind=kind, name_of=name_of)

    def confirm(self, question: str, *, yes: bool) -> None:
        """Ask on a terminal; without one ``--yes`` is needed, so that no script ever hangs."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise RefusedError("usage", f"{question} Say --yes, since there is no terminal to ask on.")
        typer.confirm(safe_text(question, 2000), abort=True, err=True)


_SHARED = {"socket": SocketOption, "output": OutputOption, "as_json": JsonOption, "colour": ColourOption}
_READ = {"quiet": QuietOption, "watch": WatchOption, "interval": IntervalOption}
_DEFAULTS: dict[str, Any] = {"as_json": False, "quiet": False, "watch": False, "interval": 2.0}


def client(*, reads: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorate a command ``f(cli, …)`` so that it takes the shared options and reports errors."""
    added = {**_SHARED, **(_READ if reads else {})}

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(command, eval_str=True).parameters.values())[1:]

        @functools.wraps(command)
        def run(ctx: typer.Context, **given: Any) -> None:
            cli = _effective(ctx, {name: given.pop(name) for name in added})
            try:
                _repeat(cli, functools.partial(command, cli, **given))
            except PsfuError as error:
                raise typer.Exit(exits.report(error, as_json=cli.as_json)) from None

        kind = inspect.Parameter.KEYWORD_ONLY
        parameters = [
            inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context),
            *(each.replace(kind=kind) for each in own),
            *(
                inspect.Parameter(name, kind, default=_DEFAULTS.get(name), annotation=annotation)
                for name, annotation in added.items()
            ),
        ]
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        return run

    return decorate


def with_bare(option: str, value: str) -> type[TyperCommand]:
    """Return a kind of command without arguments whose ``option`` alone means ``value``, which typer does not offer."""

    class Command(TyperCommand):
        def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
            """Put the value where there is none."""
            pairs = zip(args, [*args[1:], "-"], strict=False)
            filled = [f"{each}={value}" if each == option and after.startswith("-") else each for each, after in pairs]
            return super().parse_args(ctx, filled)

    return Command


def _effective(ctx: typer.Context, given: dict[str, Any]) -> Cli:
    """Merge what stands after the command's name over what stands before."""
    cli = ctx.find_root().obj or Cli()
    if given["socket"] is not None:
        cli = replace(cli, socket=given["socket"])
    if given["output"] is not None:
        cli = replace(cli, format=given["output"])
    if given["as_json"]:
        cli = replace(cli, format=Format.JSON)
    if given["colour"] is not None:
        cli = replace(cli, colour=given["colour"])
    if given.get("quiet"):
        cli = replace(cli, format=Format.NAME)
    if given.get("watch"):
        cli = replace(cli, watch=True, interval=given["interval"])
    return cli.streaming if cli.watch else cli


def _repeat(cli: Cli, command: Callable[[], None]) -> None:
    if not cli.watch:
        command()
        return
    screen = sys.stdout.isatty() and cli.format in (Format.TABLE, Format.WIDE)
    while True:
        if screen:
            write("\x1b[H\x1b[2J")
        command()
        flush()
        time.sleep(cli.interval)  # The pace the user asked for.
