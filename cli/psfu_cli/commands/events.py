"""``psfu events``: what happened, and what happens."""

from __future__ import annotations

import json
import secrets
from datetime import datetime
from typing import Annotated, Any, Final

import typer

from proctor_sfu.control.api.events import MISSED, Event
from proctor_sfu.control.api.masking import Mask
from psfu_cli import complete, quantities
from psfu_cli.options import Cli, client
from psfu_cli.output import Column
from psfu_cli.stream import stream

_ALARMING: Final = frozenset({"bad", "lost", "reconnecting", "degraded"})


def _details(event: Event) -> str:
    return " ".join(f"{name}={_plain(value)}" for name, value in event.details.items() if value not in (None, "", []))


def _plain(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(map(str, value))
    if isinstance(value, dict):
        return ",".join(f"{name}:{each}" for name, each in value.items() if each is not None)
    return value if isinstance(value, str) and " " not in value else json.dumps(value)


def _alarming(event: Event) -> bool:
    told = {event.details.get(each) for each in ("level", "state") if isinstance(event.details.get(each), str)}
    return event.kind in ("worker_died", "incident_found", "source_missing", MISSED) or bool(told & _ALARMING)


COLUMNS: Final = (
    Column(title="NUMBER", value=lambda each: each.number, wide=True),
    Column(title="TIME", value=lambda each: _time(each.at)),
    Column(title="KIND", value=lambda each: each.kind, alarming=_alarming),
    Column(title="ROOM", value=lambda each: each.room),
    Column(title="PEER", value=lambda each: each.peer),
    Column(title="DETAILS", value=_details),
)


def _time(at: str) -> str:
    return datetime.fromisoformat(at).astimezone().strftime("%H:%M:%S")


def _number(event: Event) -> str:
    return str(event.number)


def _line(event: Event) -> str:
    place = "/".join(each for each in (event.room, event.peer) if each) or "-"
    return f"{_time(event.at)}  {event.kind:<22} {place:<28} {_details(event)}"


@client()
def events(
    cli: Cli,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what happens, until interrupted.")] = False,
    since: Annotated[
        Any,
        typer.Option("--since", metavar="TIME", parser=quantities.seconds, help="Only the last: 30s, 10m, 2h."),
    ] = None,
    room: Annotated[
        str | None, typer.Option("--room", "-r", metavar="ROOM", help="Of this room.", autocompletion=complete.rooms)
    ] = None,
    peer: Annotated[str | None, typer.Option("--peer", "-p", metavar="PEER", help="Of this peer.")] = None,
    kinds: Annotated[
        list[str] | None,
        typer.Option("--kind", "-k", metavar="KIND", help="Of this kind, see psfu-events(7); may be given again."),
    ] = None,
    lines: Annotated[
        int | None, typer.Option("--lines", "-n", min=0, metavar="N", help="At most the last N of those there are.")
    ] = None,
    mask: Annotated[bool, typer.Option("--mask", help="Hide names, ids and addresses of people.")] = False,
) -> None:
    """Show what happened since the daemon started, as far back as it remembers."""
    wanted: dict[str, Any] = {"room": room, "peer": peer, "kinds": kinds or ()}
    found, last = cli.client.events.list(since=since, limit=lines, **wanted)
    hide = Mask(secrets.token_bytes(16)).event if mask else None
    if hide is not None:
        found = [hide(each) for each in found]
    if follow:
        coming = cli.client.events.follow(last, **wanted)
        coming = coming if hide is None else map(hide, coming)
        stream(cli, Event, found, coming, COLUMNS, name_of=_number, line=_line, alarming=_alarming)
    else:
        cli.writer(Event, _number).many(found, COLUMNS, empty="nothing happened")
