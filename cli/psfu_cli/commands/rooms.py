"""``psfu rooms``: exam sittings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from proctor_sfu.control.api.rooms import Assignment, Assignments, Expected, Room
from proctor_sfu.errors import RefusedError
from psfu_cli import complete, exits, roster, times
from psfu_cli import token_options as tokens
from psfu_cli.options import Cli, DryRunOption, ReasonOption, RetainOption, YesOption, client
from psfu_cli.output import Column, Format, age
from psfu_cli.quantities import recorded_sources

app = typer.Typer(no_args_is_help=True, help="Create, list and close rooms.")

RoomArgument = Annotated[str, typer.Argument(metavar="ROOM", help="Id of a room.", autocompletion=complete.rooms)]
RecordOption = Annotated[
    str,
    typer.Option("--record", metavar="LIST", help="Sources of candidates to record: camera,screen,microphone."),
]


def _access(room: Room) -> str:
    return "OPEN (no token)" if room.open else "token"


def _days(days: int | None) -> str | None:
    return None if days is None else f"{days} days" if days else "for ever"


COLUMNS: Final = (
    Column(title="ROOM", value=lambda room: room.id),
    Column(title="STATE", value=lambda room: room.state, alarming=lambda room: room.state != "running"),
    Column(title="ACCESS", value=_access, alarming=lambda room: room.open),
    Column(title="CANDIDATES", value=lambda room: f"{room.candidates}/{room.max_candidates}"),
    Column(title="PROCTORS", value=lambda room: room.proctors),
    Column(title="PRODUCERS", value=lambda room: room.producers, wide=True),
    Column(title="CONSUMERS", value=lambda room: room.consumers, wide=True),
    Column(title="EXPECTED", value=lambda room: room.expected, wide=True),
    Column(title="REQUIRED", value=lambda room: ",".join(room.required), wide=True),
    Column(title="RECORD", value=lambda room: ",".join(room.record)),
    Column(title="RETAIN", value=lambda room: _days(room.retain_days), wide=True),
    Column(title="ASSIGN", value=lambda room: room.assign, wide=True),
    Column(title="SECOND LOGIN", value=lambda room: room.second_login, wide=True),
    Column(title="CODEC", value=lambda room: room.codec, wide=True),
    Column(title="NOT BEFORE", value=lambda room: room.not_before, wide=True),
    Column(title="EXPIRES", value=lambda room: room.expires, wide=True),
    Column(title="WORKER", value=lambda room: room.worker),
    Column(title="AGE", value=lambda room: age(room.created_at)),
)


ROSTER: Final = (
    Column(title="ID", value=lambda each: each.id),
    Column(title="NAME", value=lambda each: each.name),
    Column(title="ROLE", value=lambda each: each.role, wide=True),
    Column(title="STATE", value=lambda each: each.state, alarming=lambda each: each.state in ("lost", "reconnecting")),
)
ASSIGNMENTS: Final = (
    Column(title="VIEWER", value=lambda each: each.viewer),
    Column(title="ROLE", value=lambda each: each.role),
    Column(title="PRESENT", value=lambda each: each.present),
    Column(title="BY", value=lambda each: each.rule),
    Column(title="COUNT", value=lambda each: len(each.candidates)),
    Column(title="CANDIDATES", value=lambda each: " ".join(each.candidates)),
)


WHOLE: Final = (
    Column(title="ROOM", value=lambda each: each.room),
    Column(title="MODE", value=lambda each: each.mode),
    Column(title="GROUP SIZE", value=lambda each: each.group_size),
    Column(title="VIEWERS", value=lambda each: " ".join(viewer.viewer for viewer in each.viewers)),
    Column(title="UNWATCHED", value=lambda each: " ".join(each.unwatched)),
)


@app.command("ls", hidden=True)
@app.command("list")
@client(reads=True)
def list_(cli: Cli) -> None:
    """List rooms."""
    rooms = cli.client.rooms.list()
    cli.writer(Room).many(rooms, COLUMNS, empty="no rooms (psfu rooms create ROOM)")
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
    retain: RetainOption = None,
    not_before: Annotated[
        float | None,
        typer.Option(
            "--not-before", metavar="TIME", parser=times.moment, help="Let candidates in from then on: 14:30."
        ),
    ] = None,
    expires: Annotated[
        float | None,
        typer.Option("--expires", metavar="TIME", parser=times.moment, help="Close it then: +4h, 18:00, RFC 3339."),
    ] = None,
    require: Annotated[
        str,
        typer.Option("--require", metavar="LIST", help="Every candidate has to send these: camera,screen,microphone."),
    ] = "",
    second_login: Annotated[
        str | None,
        typer.Option("--second-login", metavar="refuse|takeover", help="If a peer that is there logs in again."),
    ] = None,
    codec: Annotated[
        str | None, typer.Option("--codec", metavar="vp8|vp9|h264", help="Encode pictures as this, where clients can.")
    ] = None,
    roster_file: Annotated[
        Path | None, typer.Option("--roster", metavar="FILE", help="Who is expected: id,name[,role] as CSV or JSON.")
    ] = None,
) -> None:
    """Create a room. People join it with tokens (psfu rooms token), or, if it is --open, without."""
    made = cli.client.rooms.create(
        room, open_to_all=open_to_all, max_candidates=max_candidates, not_before=not_before, expires=expires,
        required=tokens.names(require), record=recorded_sources(record), retain_days=retain,
        second_login=second_login, codec=codec, roster=roster.read(roster_file) if roster_file is not None else [],
    )  # fmt: skip
    if cli.format is Format.JSON:
        cli.writer(Room).one(made, COLUMNS)
    else:
        cli.writer(Room).changed([made], COLUMNS)
    if made.open and not cli.as_json:
        _warn_open()


@app.command()
@client()
def token(
    cli: Cli,
    room: RoomArgument,
    role: tokens.RoleOption,
    sub: tokens.SubOption,
    name: tokens.NameOption = "",
    sources: tokens.SourcesOption = None,
    ttl: tokens.TtlOption = None,
    not_before: tokens.NotBeforeOption = None,
    link: tokens.LinkOption = False,
) -> None:
    """Make a token for a room that exists and print it, or with --link a link that joins with one click."""
    from psfu_cli.commands.tokens import make

    cli.client.rooms.get(room)
    make(cli, room, role=role, sub=sub, name=name, sources=sources, ttl=ttl, not_before=not_before, link=link)


@app.command("roster")
@client(reads=True)
def roster_(
    cli: Cli,
    room: RoomArgument,
    file: Annotated[
        Path | None, typer.Option("--set", metavar="FILE", help="Expect the people in FILE, and nobody else.")
    ] = None,
) -> None:
    """List who is expected in a room, and how each is now."""
    control = cli.client.rooms
    found = control.roster(room) if file is None else control.set_roster(room, roster.read(file))
    cli.writer(Expected).many(found, ROSTER, empty="nobody is expected (psfu rooms roster ROOM --set FILE)")


@app.command()
@client()
def assign(
    cli: Cli,
    room: RoomArgument,
    viewer: Annotated[str | None, typer.Argument(metavar="PROCTOR", help="Who watches.")] = None,
    candidates: Annotated[list[str] | None, typer.Argument(metavar="CANDIDATE", help="Whom.")] = None,
    everybody: Annotated[bool, typer.Option("--all", help="All watch all, who have no list.")] = False,
    lists: Annotated[bool, typer.Option("--lists", help="Who has no list watches nobody.")] = False,
    groups: Annotated[
        int | None, typer.Option("--groups", min=1, metavar="N", help="Deal groups of N candidates to the proctors.")
    ] = None,
    nobody: Annotated[bool, typer.Option("--nobody", help="PROCTOR watches nobody.")] = False,
    reset: Annotated[bool, typer.Option("--reset", help="Take the list of PROCTOR away.")] = False,
) -> None:
    """Say who watches whom, or, with ROOM alone, show it. Leads always watch the whole room."""
    modes = [everybody, lists, groups is not None]
    ways = [*modes, nobody, reset, bool(candidates)]
    if sum(ways) > 1 or (viewer is not None) != (nobody or reset or bool(candidates)):
        raise RefusedError("usage", "say --all, --lists or --groups N; or PROCTOR and candidates, --nobody or --reset")
    control = cli.client.rooms
    if viewer is not None:
        done = control.assign_list(room, viewer, None if reset else candidates or [])
    elif any(modes):
        mode = "all" if everybody else "list" if lists else "groups"
        done = control.assign_mode(room, mode, group_size=groups)
    else:
        done = control.assignments(room)
    _write_assignments(cli, done)


def _write_assignments(cli: Cli, done: Assignments) -> None:
    if cli.format is not Format.TABLE:
        cli.writer(Assignments, lambda each: each.room).one(done, WHOLE)
        return
    cli.writer(Assignment, lambda each: each.viewer).many(done.viewers, ASSIGNMENTS, empty="no proctors yet")
    rule = {"all": "all watch all", "list": "by lists", "groups": f"groups of {done.group_size}"}[done.mode]
    exits.hint(f"{done.room}: {rule}")
    if done.unwatched:
        exits.hint(f"watched by nobody but leads: {', '.join(done.unwatched)}")


@app.command("rm", hidden=True)
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
