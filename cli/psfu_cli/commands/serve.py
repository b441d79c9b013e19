"""``psfu serve``: the daemon."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit, urlunsplit

import typer

from proctor_sfu.errors import PsfuError
from psfu_cli import exits
from psfu_cli.configured import ConfigOption, chosen
from psfu_cli.output import ReaderGoneError, discard, flush, write
from psfu_cli.progress import progress


def serve(
    config: ConfigOption = None,
    socket: Annotated[
        Path | None, typer.Option("--socket", envvar="PSFU_SOCKET", metavar="PATH", help="Control socket to listen on.")
    ] = None,
    host: Annotated[
        str | None, typer.Option("--host", metavar="ADDRESS", help="Address the signaling WebSocket listens on.")
    ] = None,
    port: Annotated[
        int | None, typer.Option("--port", metavar="PORT", help="Its TCP port; 0 takes a free one.")
    ] = None,
    listen_ip: Annotated[
        str | None, typer.Option("--listen-ip", metavar="ADDRESS", help="Address the workers listen on.")
    ] = None,
    announced: Annotated[
        str | None, typer.Option("--announced-address", metavar="ADDRESS", help="Address clients are told instead.")
    ] = None,
    workers: Annotated[str | None, typer.Option("--workers", metavar="N|auto", help="Number of workers.")] = None,
    log_level: Annotated[
        str | None, typer.Option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option("--log-format", metavar="FORMAT", help="auto, json or console.")
    ] = None,
    dev: Annotated[
        bool, typer.Option("--dev", help="For trials: HTTPS with a self-signed certificate, of which browsers warn.")
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Fetch nothing: the mediasoup worker has to be there.")
    ] = False,
) -> None:
    """Run the daemon until SIGTERM or SIGINT. The first start fetches or builds the mediasoup worker."""
    flags = {
        "control.socket": socket, "signaling.host": host, "signaling.port": port, "rtc.listen_ip": listen_ip,
        "rtc.announced_address": announced, "workers.count": workers, "log.level": log_level,
        "log.format": log_format, "signaling.tls.self_signed": True if dev else None,
    }  # fmt: skip
    try:
        _serve(chosen(config), flags, offline=offline)
    except PsfuError as error:
        raise typer.Exit(exits.report(error, as_json=False)) from None


def _serve(file: Path | None, flags: dict[str, Any], *, offline: bool) -> None:
    from proctor_sfu import log, settings_file
    from proctor_sfu.control.place import to_dial, to_listen
    from proctor_sfu.daemon import run
    from proctor_sfu.starting import find_worker
    from proctor_sfu.systemd import Manager

    loaded = settings_file.load(file, os.environ, flags)
    log.configure(loaded.settings.log)
    manager = Manager(os.environ)
    with progress() as tell:

        def told(what: str, fraction: float | None) -> None:
            # A first start builds for minutes; the service manager would give up.
            manager.tell("EXTEND_TIMEOUT_USEC=120000000", f"STATUS={what}")
            tell(what, fraction)

        binary = find_worker(loaded, offline=offline, progress=told)

    socket = loaded.settings.control.socket or to_listen(os.environ)

    def ready(url: str) -> None:
        if manager.listens:
            return  # A journal wants no advice; that it is ready is logged.
        at = "" if to_dial(os.environ) == socket else f" --socket {socket}"
        try:
            write(f"psfu is ready: clients connect to {url}\n")
            for role in ("candidate", "proctor"):
                write(f"  {_page(url, role)}#room=exam-101&peer=NAME\n")
            for command in ("rooms create exam-101 --open", "status"):
                write(f"  {_typed()} {command}{at}\n")
            flush()
        except ReaderGoneError:
            discard()  # That nobody listens is no reason not to serve.

    run(loaded, binary, socket, ready=ready)


def _page(url: str, role: str) -> str:
    """Return the address of a page; ``url`` is that of signaling."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme.replace("ws", "http"), parts.netloc, f"/{role}/", "", ""))


def _typed() -> str:
    """Return what has to be typed to run this program again."""
    return "psfu" if shutil.which("psfu") == str(Path(sys.argv[0]).absolute()) else sys.argv[0]
