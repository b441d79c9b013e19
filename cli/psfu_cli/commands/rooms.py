"""``psfu rooms``: exam sittings."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from proctor_sfu.control.api.rooms import Room
from psfu_cli import complete, exits
from psfu_cli.options import Cli, DryRunOption, ReasonOption, YesOption, client
from psfu_cli.output import Column, Format, duration
from psfu_cli.quantities import recorded_sources

app = typer.Typer(no_args_is_help=True, help="Create, list and close rooms.")

RoomArgument = Annotated[str, typer.Argument(metavar="ROOM", help="Id of a room.", autocompletion=complete.rooms)]
RecordOption = Annotated[
    str,
    typer.Option("--record", metavar="LIST", help="Sources of candidates to record: camera,screen,microphone."),
]


def _access(room: Room) -> str:
    return "OPEN (no token)" if room.open else "token"


def age(since: str) -> str:
    """Return how long ago a time of the control API is."""
    then = datetime.fromisoformat(since)
    return duration((datetime.now(UTC) - then).total_seconds())


COLUMNS: Final = (
    Column(title="ROOM", value=lambda room: room.id),
    Column(title="STATE", value=lambda room: room.state, alarming=lambda room: room.state != "running"),
    Column(title="ACCESS", value=_access, alarming=lambda room: room.open),
    Column(title="CANDIDATES", value=lambda room: f"{room.candidates}/{room.max_candidates}"),
    Column(title="PROCTORS", value=lambda room: room.proctors),
    Column(title="PRODUCERS", value=lambda room: room.producers, wide=True),
    Column(title="CONSUMERS", value=lambda room: room.consumers, wide=True),
    Column(title="RECORD", value=lambda room: ",".join(room.record)),
    Column(title="WORKER", value=lambda room: room.worker),
    Column(title="AGE", value=lambda room: age(room.created_at)),
)


@app.command("list")
@client(reads=True)
def list_(cli: Cli) -> None:
    """List rooms."""
    rooms = cli.client.rooms.list()
    cli.writer(Room).many(rooms, COLUMNS, empty="no rooms (psfu rooms create ROOM --open)")
    if any(room.open for room in rooms) and not cli.as_json:
        _warn_open()


@app.command()
@client(reads=True)
def get(cli: Cli, room: RoomArgument) -> None:
    """Show one room."""
    cli.writer(Room).one(cli.client.rooms.get(room), COLUMNS)


@app.command()
@client()
def create(
    cli: Cli,
    room: Annotated[str, typer.Argument(metavar="ROOM", help="1 to 64 letters, digits, '.', '_', '-'.")],
    open_to_all: Annotated[
        bool, typer.Option("--open", help="Let everybody join who reaches the server: for trusted networks only.")
    ] = False,
    max_candidates: Annotated[
        int | None, typer.Option("--max-candidates", metavar="N", min=1, max=100_000, help="Candidates it takes.")
    ] = None,
    record: RecordOption = "",
) -> None:
    """Create a room. In this version it has to be --open."""
    made = cli.client.rooms.create(
        room, open_to_all=open_to_all, max_candidates=max_candidates, record=recorded_sources(record)
    )
    if cli.format is Format.JSON:
        cli.writer(Room).one(made, COLUMNS)
    else:
        cli.writer(Room).changed([made], COLUMNS)
    if made.open and not cli.as_json:
        _warn_open()


@app.command()
@client()
def close(
    cli: Cli,
    rooms: Annotated[list[str], typer.Argument(metavar="ROOM", help="Ids of rooms.", autocompletion=complete.rooms)],
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Close rooms and the connections of everybody in them."""
    found = [cli.client.rooms.close(room, reason=reason, dry_run=True) for room in rooms]
    if not dry_run:
        people = sum(room.candidates + room.proctors for room in found)
        cli.confirm(f"Close {', '.join(rooms)} with {people} people in?", yes=yes)
        found = [cli.client.rooms.close(room, reason=reason) for room in rooms]
    cli.writer(Room).changed(found, COLUMNS)
    if dry_run and not cli.as_json:
        exits.hint("dry run: nothing was closed")


def _warn_open() -> None:
    exits.hint("warning: OPEN rooms let everybody join who reaches the server, as candidate or as proctor")
