"""``psfu audit``: who did what."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Final

import typer

from proctor_sfu.control.api.audit import Entry, Listed
from psfu_cli import complete, exits, times
from psfu_cli.options import Cli, client
from psfu_cli.output import Column
from psfu_cli.stream import stream


def _by(entry: Entry) -> str:
    match entry.by.get("kind"):
        case "peer":
            return f"{entry.by.get('role')} {entry.by.get('peer')}"
        case "process":
            return f"uid {entry.by.get('uid')} pid {entry.by.get('pid')}"
        case _:
            return "daemon"


def _details(entry: Entry) -> str:
    shown = {name: value for name, value in entry.details.items() if value not in (None, "", [])}
    return " ".join(f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in shown.items())


def _refused(entry: Entry) -> bool:
    return entry.outcome != "done"


def _time(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%Y-%m-%d %H:%M:%S")


COLUMNS: Final = (
    Column(title="NUMBER", value=lambda each: each.number, wide=True),
    Column(title="TIME", value=lambda each: _time(each.at)),
    Column(title="BY", value=_by),
    Column(title="ACTION", value=lambda each: each.action),
    Column(title="TARGET", value=lambda each: each.target),
    Column(title="ROOM", value=lambda each: each.room),
    Column(title="OUTCOME", value=lambda each: each.outcome, alarming=_refused),
    Column(title="DETAILS", value=_details),
)

_MANY: Final = 5
"""Places at which records are missing that are told one by one."""


def _wrong(found: Listed) -> Iterator[str]:
    """Yield what is wrong with the files."""
    for first, *_, last in found.missing[:_MANY]:
        yield f"record {first} is missing" if first == last else f"records {first} to {last} are missing"
    if (more := len(found.missing) - _MANY) > 0:
        yield f"and others at {more} more places"
    if found.unreadable:
        lines = "1 line of the audit's files is no record" if found.unreadable == 1 else (
            f"{found.unreadable} lines of the audit's files are no records"
        )  # fmt: skip
        yield f"{lines}: what a power cut left of one, or what somebody else wrote"


def _number(entry: Entry) -> str:
    return str(entry.number)


def _line(entry: Entry) -> str:
    place = "/".join(each for each in (entry.room, entry.target) if each) or "-"
    return f"{_time(entry.at)}  {_by(entry):<20} {entry.action:<16} {place:<28} {_details(entry)}"


@client()
def audit(
    cli: Cli,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what is done, until interrupted.")] = False,
    since: Annotated[
        float | None,
        typer.Option("--since", metavar="TIME", parser=times.moment, help="From then on: -2h, 14:30, RFC 3339."),
    ] = None,
    room: Annotated[
        str | None, typer.Option("--room", "-r", metavar="ROOM", help="In this room.", autocompletion=complete.rooms)
    ] = None,
    peer: Annotated[
        str | None, typer.Option("--peer", "-p", metavar="PEER", help="Done by this peer, or to it.")
    ] = None,
    lines: Annotated[
        int | None, typer.Option("--lines", "-n", min=0, max=100_000, metavar="N", help="The last N, else 10,000.")
    ] = None,
) -> None:
    """Show who did what, over restarts and as far back as the files reach that are kept."""
    found = cli.client.audit.list(since=since, room=room, peer=peer, limit=lines)
    for text in _wrong(found):
        exits.hint(f"warning: {text}")
    if follow:
        coming = cli.client.audit.follow(found.last, room=room, peer=peer)
        stream(cli, Entry, found.items, coming, COLUMNS, name_of=_number, line=_line, alarming=_refused)
    else:
        cli.writer(Entry, _number).many(found.items, COLUMNS, empty="nothing was done")
