"""What may be said of a token that is to be made, by ``psfu tokens create`` and ``psfu rooms token``."""

from __future__ import annotations

from typing import Annotated

import typer

from psfu_cli import complete, times

RoleOption = Annotated[
    str,
    typer.Option("--role", metavar="ROLE", help="candidate, proctor, lead or observer.", autocompletion=complete.roles),
]
SubOption = Annotated[str, typer.Option("--sub", metavar="ID", help="Peer id of whoever gets it.")]
NameOption = Annotated[str, typer.Option("--name", metavar="NAME", help="Shown to others, else the id.")]
SourcesOption = Annotated[
    str | None, typer.Option("--sources", metavar="LIST", help="May publish only these, such as camera,screen.")
]
TtlOption = Annotated[
    float | None,
    typer.Option("--ttl", metavar="LENGTH", parser=times.seconds, help="How long it is good, such as 3h."),
]  # fmt: skip
NotBeforeOption = Annotated[
    float | None,
    typer.Option("--not-before", metavar="TIME", parser=times.moment, help="Good from then on: +2h, 14:30, RFC 3339."),
]
LinkOption = Annotated[bool, typer.Option("--link", help="Print a link that opens the page for the role.")]


def names(listed: str) -> list[str]:
    """Return the words of a list with commas."""
    return [each.strip() for each in listed.split(",") if each.strip()]
