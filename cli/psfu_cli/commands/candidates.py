"""``psfu candidates``: who is in the rooms."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from proctor_sfu.control.api.candidates import Candidate
from proctor_sfu.errors import RefusedError
from psfu_cli import complete, exits
from psfu_cli.options import Cli, DryRunOption, ReasonOption, YesOption, client
from psfu_cli.output import Column, Format, age

app = typer.Typer(no_args_is_help=True, help="List, show and kick candidates.")

CandidateArgument = Annotated[
    str, typer.Argument(metavar="CANDIDATE", help="Peer id.", autocompletion=complete.candidates)
]
RoomOption = Annotated[
    str | None, typer.Option("--room", "-r", metavar="ROOM", help="Room.", autocompletion=complete.rooms)
]


def _sources(candidate: Candidate) -> str:
    return " ".join(f"{each.source}{' (paused)' if each.paused else ''}" for each in candidate.sources)


COLUMNS: Final = (
    Column(title="CANDIDATE", value=lambda each: each.id),
    Column(title="ROOM", value=lambda each: each.room),
    Column(title="NAME", value=lambda each: each.name),
    Column(title="ROLE", value=lambda each: each.role, wide=True),
    Column(title="STATE", value=lambda each: each.state, alarming=lambda each: each.state != "live"),
    Column(title="SOURCES", value=_sources),
    Column(title="CONSUMERS", value=lambda each: each.consumers, wide=True),
    Column(title="TRANSPORT", value=lambda each: each.transport),
    Column(title="ADDRESS", value=lambda each: each.address, wide=True),
    Column(title="AGE", value=lambda each: age(each.connected_at)),
)


@app.command("ls", hidden=True)
@app.command("list")
@client(reads=True)
def list_(
    cli: Cli,
    room: RoomOption = None,
    everybody: Annotated[bool, typer.Option("--all", "-a", help="Proctors and observers too.")] = False,
) -> None:
    """List candidates."""
    found = cli.client.candidates.list(room, everybody=everybody)
    cli.writer(Candidate).many(found, COLUMNS, empty="no candidates")


@app.command()
@client(reads=True)
def get(cli: Cli, candidate: CandidateArgument, room: RoomOption = None) -> None:
    """Show one candidate, proctor or observer."""
    cli.writer(Candidate).one(_find(cli, candidate, room), COLUMNS)


@app.command()
@client()
def kick(
    cli: Cli,
    candidate: CandidateArgument,
    room: RoomOption = None,
    reason: ReasonOption = "",
    yes: YesOption = False,
    dry_run: DryRunOption = False,
) -> None:
    """Take somebody out of a room; everything published and watched ends, and its client is told why.

    A good token lets it in again: psfu tokens revoke --sub takes that back as well.
    """
    found = _find(cli, candidate, room)
    if not dry_run:
        cli.confirm(f"Kick {found.id} out of {found.room}?", yes=yes)
        found = cli.client.candidates.kick(found.room, found.id, reason=reason)
    if cli.format is Format.JSON:
        cli.writer(Candidate).one(found, COLUMNS)
    else:
        cli.writer(Candidate).changed([found], COLUMNS)
    if dry_run and not cli.as_json:
        exits.hint("dry run: nobody was kicked")


def _find(cli: Cli, candidate: str, room: str | None) -> Candidate:
    if room is not None:
        return cli.client.candidates.get(room, candidate)
    found = [each for each in cli.client.candidates.list(everybody=True) if each.id == candidate]
    if not found:
        raise RefusedError("not_found", f'nobody called "{candidate}" is in any room (psfu candidates list --all)')
    if len(found) > 1:
        rooms = ", ".join(each.room for each in found)
        raise RefusedError("conflict", f'"{candidate}" is in several rooms: {rooms}; say --room')
    return found[0]
