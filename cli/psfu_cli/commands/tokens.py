"""``psfu tokens``: who may join as what."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from proctor_sfu.control.api.tokens import Inspected, Revocation, Token
from proctor_sfu.errors import RefusedError
from psfu_cli import complete, exits
from psfu_cli.options import Cli, YesOption, client
from psfu_cli.output import Column, Format
from psfu_cli.token_options import (
    LinkOption,
    NameOption,
    NotBeforeOption,
    RoleOption,
    SourcesOption,
    SubOption,
    TtlOption,
    names,
)

app = typer.Typer(no_args_is_help=True, help="Make join tokens, look at them, take them back.")


def _claim(name: str) -> Column:
    """Return the column of a claim, empty for a token whose claims nobody vouches for."""
    return Column(title=name.upper().replace("_", " "), value=lambda each: getattr(each.claims, name, None))


INSPECTED: Final = (
    Column(title="GOOD", value=lambda each: each.good, alarming=lambda each: not each.good),
    Column(title="REASON", value=lambda each: each.code and f"{each.code}: {each.message}"),
    *map(_claim, ("id", "room", "subject", "role", "name")),
    Column(title="SOURCES", value=lambda each: each.claims and " ".join(each.claims.sources)),
    *map(_claim, ("issued_at", "not_before", "expires")),
)
REVOKED: Final = (
    Column(title="KIND", value=lambda each: each.kind),
    Column(title="VALUE", value=lambda each: each.value),
    Column(title="ROOM", value=lambda each: each.room or ("all" if each.kind == "subject" else None)),
    Column(title="AT", value=lambda each: each.at),
)


@app.command()
@client()
def create(
    cli: Cli,
    room: Annotated[str, typer.Option("--room", "-r", metavar="ROOM", help="Room.", autocompletion=complete.rooms)],
    role: RoleOption,
    sub: SubOption,
    name: NameOption = "",
    sources: SourcesOption = None,
    ttl: TtlOption = None,
    not_before: NotBeforeOption = None,
    link: LinkOption = False,
) -> None:
    """Make a token and print it. Whoever has it can join: hand it on with care."""
    made = make(cli, room, role=role, sub=sub, name=name, sources=sources, ttl=ttl, not_before=not_before, link=link)
    if not made.room_exists and not cli.as_json:
        exits.hint(f"note: there is no room {room} yet (psfu rooms create {room})")


def make(
    cli: Cli, room: str, *, role: str, sub: str, name: str, sources: str | None, ttl: float | None,
    not_before: float | None, link: bool,
) -> Token:  # fmt: skip
    """Make a token and write it, or its link."""
    listed = None if sources is None else names(sources)
    made = cli.client.tokens.create(
        room=room, subject=sub, role=role, name=name, sources=listed, ttl=ttl, not_before=not_before
    )
    writer = cli.writer(Token)
    if cli.format in (Format.TABLE, Format.WIDE, Format.NAME):
        # A cell of a table would be cut short.
        writer.line(made.link if link else made.token)
    else:
        writer.one(made, ())
    return made


@app.command()
@client()
def inspect(
    cli: Cli,
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="Where the token is, else standard input.")
    ] = None,
) -> None:
    """Tell what a token says and whether it is good: exit code 0, else 5.

    It is read from a file or standard input, since every user of this machine sees what stands on a command line.
    """
    found: Inspected = cli.client.tokens.inspect(_read(file))
    cli.writer(Inspected, lambda each: each.code or "good").one(found, INSPECTED)
    if not found.good:
        raise typer.Exit(exits.Exit.DENIED)


def _read(file: Path | None) -> str:
    if file is None and sys.stdin.isatty():
        exits.hint("paste the token and press Enter")
        return sys.stdin.readline().strip()
    try:
        return (sys.stdin.read() if file is None else file.read_text()).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "no text"
        raise RefusedError("usage", f"{file or 'standard input'}: {reason.lower()}") from error


@app.command()
@client()
def revoke(
    cli: Cli,
    token_id: Annotated[str | None, typer.Argument(metavar="JTI", help="Id of one token; see inspect.")] = None,
    sub: Annotated[str | None, typer.Option("--sub", metavar="ID", help="All tokens this peer got until now.")] = None,
    room: Annotated[
        str | None, typer.Option("--room", "-r", metavar="ROOM", help="Only for it.", autocompletion=complete.rooms)
    ] = None,
    yes: YesOption = False,
) -> None:
    """Take back one token, or all of a subject, and send away whoever came in with them."""
    if (token_id is None) == (sub is None):
        raise RefusedError("usage", "say the id of a token or --sub, and not both")
    where = f" for room {room}" if room else ""
    cli.confirm(f"Take back {f'token {token_id}' if token_id else f'all tokens of {sub}{where}'}?", yes=yes)
    done: Revocation = cli.client.tokens.revoke(token_id=token_id, subject=sub, room=room)
    cli.writer(Revocation, lambda each: each.value).changed([done], REVOKED)
    if done.sent_away and not cli.as_json:
        exits.hint(f"sent away: {', '.join(done.sent_away)}")


@app.command("ls", hidden=True)
@app.command("list")
@client(reads=True)
def list_(cli: Cli) -> None:
    """List what was taken back. Tokens themselves are kept nowhere."""
    found = cli.client.tokens.revoked()
    cli.writer(Revocation, lambda each: each.value).many(found, REVOKED, empty="no token was taken back")
