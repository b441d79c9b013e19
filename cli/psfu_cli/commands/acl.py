"""``psfu acl``: who may see whom, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

import typer

from proctor_sfu.control.api.rooms import Explanation
from psfu_cli import complete, exits
from psfu_cli.options import Cli, client
from psfu_cli.output import Column, Format

app = typer.Typer(no_args_is_help=True, help="Explain who may see whom.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An action, and on whom each role may do it."""

    action: str
    candidate: str
    proctor: str
    lead: str
    observer: str


TABLE: Final = (
    Column(title="ACTION", value=lambda row: row.action),
    Column(title="CANDIDATE", value=lambda row: row.candidate),
    Column(title="PROCTOR", value=lambda row: row.proctor),
    Column(title="LEAD", value=lambda row: row.lead),
    Column(title="OBSERVER", value=lambda row: row.observer),
)


@app.command()
@client()
def explain(
    cli: Cli,
    room: Annotated[str, typer.Argument(metavar="ROOM", help="Room.", autocompletion=complete.rooms)],
    viewer: Annotated[str, typer.Argument(metavar="VIEWER", help="Peer id of whoever looks.")],
    candidate: Annotated[str, typer.Argument(metavar="CANDIDATE", help="Peer id of whoever is looked at.")],
    role: Annotated[
        str | None,
        typer.Option("--role", metavar="ROLE", help="Of a viewer who is not here.", autocompletion=complete.roles),
    ] = None,
) -> None:
    """Say whether VIEWER may see CANDIDATE, and the rules that decide it: exit code 0 for yes, 5 for no."""
    found = cli.client.rooms.explain(room, viewer, candidate, role=role)
    writer = cli.writer(Explanation, lambda each: "yes" if each.allowed else "no")
    if cli.format in (Format.TABLE, Format.WIDE):
        may = "yes: {} may see {}" if found.allowed else "no: {} may not see {}"
        writer.line(may.format(found.viewer, found.candidate))
        for step in found.chain:
            writer.line(f"  {step}")
    else:
        writer.one(found, ())
    if not found.allowed:
        raise typer.Exit(exits.Exit.DENIED)


@app.command()
@client()
def table(cli: Cli) -> None:
    """Show the whole policy: on whom each role may do each action. Needs no daemon."""
    from proctor_sfu.rooms.policy import TABLE as POLICY
    from proctor_sfu.rooms.policy import Target
    from proctor_sfu.rooms.roles import Role

    def targets(action: str, role: str) -> str:
        allowed = POLICY[action].get(Role(role), frozenset())  # type: ignore[index]  # An Action is a str.
        return " ".join(each for each in Target if each in allowed)

    rows = [Row(action=action, **{role.value: targets(action, role) for role in Role}) for action in POLICY]
    cli.writer(Row, lambda row: row.action).many(rows, TABLE, empty="")
