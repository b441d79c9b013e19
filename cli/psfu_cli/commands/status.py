"""``psfu status``, ``psfu reload`` and ``psfu version``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from proctor_sfu import __version__
from proctor_sfu.control.api.daemon import Reloaded, Status, Version
from proctor_sfu.errors import UnreachableError
from psfu_cli import exits
from psfu_cli.options import Cli, client
from psfu_cli.output import Column, duration

COLUMNS: Final = (
    Column(
        title="STATE", value=lambda each: "ready" if each.ready else "stopping", alarming=lambda each: not each.ready
    ),
    Column(title="VERSION", value=lambda each: each.version),
    Column(title="PID", value=lambda each: each.pid),
    Column(title="UPTIME", value=lambda each: duration(each.uptime_s)),
    Column(title="SIGNALING", value=lambda each: each.signaling.url),
    Column(
        title="WORKERS",
        value=lambda each: f"{each.workers.running} of {each.workers.target} ({each.workers.restarts} replaced)",
        alarming=lambda each: each.workers.running < each.workers.target,
    ),
    Column(
        title="ROOMS",
        value=lambda each: f"{each.rooms} ({each.open_rooms} OPEN)" if each.open_rooms else each.rooms,
        alarming=lambda each: each.open_rooms > 0,
    ),
    Column(title="CANDIDATES", value=lambda each: each.candidates),
    Column(title="PROCTORS", value=lambda each: each.proctors),
)


@client(reads=True)
def status(cli: Cli) -> None:
    """Show the daemon at a glance."""
    cli.writer(Status, lambda each: str(each.pid)).one(cli.client.daemon.status(), COLUMNS)


RELOADED: Final = (
    Column(title="CERTIFICATE EXPIRES", value=lambda each: each.certificate_expires),
    Column(title="TURN SECRETS", value=lambda each: each.turn_secrets),
)


@client()
def reload(cli: Cli) -> None:
    """Let the daemon read its certificate and TURN secrets again; nobody is interrupted."""
    cli.writer(Reloaded, lambda each: str(each.certificate_expires)).one(cli.client.daemon.reload(), RELOADED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """What `psfu version` shows."""

    client: str
    daemon: Version | None


VERSIONS: Final = (
    Column(title="CLIENT", value=lambda each: each.client),
    Column(title="DAEMON", value=lambda each: each.daemon and each.daemon.version),
    Column(title="MEDIASOUP", value=lambda each: each.daemon and each.daemon.mediasoup),
)


@client()
def version(cli: Cli) -> None:
    """Show the versions of this command and, if one answers, of the daemon."""
    try:
        daemon = cli.client.daemon.version()
    except UnreachableError as error:
        daemon = None
        if not cli.as_json:
            exits.hint(str(error))
    cli.writer(Versions, lambda each: each.client).one(Versions(client=__version__, daemon=daemon), VERSIONS)
