"""``psfu mediasoup``: the worker binary."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Final

import typer

from proctor_sfu.errors import WorkerMissingError
from psfu_cli.options import Cli, client
from psfu_cli.output import Column
from psfu_cli.progress import progress

app = typer.Typer(no_args_is_help=True, help="Install and show the mediasoup worker binary.")

BinaryOption = Annotated[
    Path | None, typer.Option("--binary", metavar="FILE", help="A mediasoup-worker to use, as workers.binary.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A worker binary."""

    path: str
    schema: str
    version: str
    source: str
    """``environment``, ``configured``, ``cache``, ``prebuilt`` or ``built``."""
    sha256: str


COLUMNS: Final = (
    Column(title="PATH", value=lambda each: each.path),
    Column(title="VERSION", value=lambda each: each.version),
    Column(title="SOURCE", value=lambda each: each.source),
    Column(title="SHA256", value=lambda each: each.sha256),
    Column(title="SCHEMA", value=lambda each: each.schema),
)


@app.command()
@client()
def install(
    cli: Cli,
    binary: BinaryOption = None,
    offline: Annotated[bool, typer.Option("--offline", help="Fetch nothing; fail if it is not there.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Make it anew even if it is there.")] = False,
) -> None:
    """Find, download or build the mediasoup worker."""
    from proctor_sfu.mediasoup import install as worker

    with progress() as tell:
        found = worker.install(worker_bin=binary, offline=offline, force=force, progress=tell)
    _write(cli, found)


@app.command()
@client()
def show(cli: Cli, binary: BinaryOption = None) -> None:
    """Show the worker binary a daemon started here would use."""
    from proctor_sfu.mediasoup import install as worker

    found = worker.locate(worker_bin=binary)
    if found is None:
        raise WorkerMissingError(f"no mediasoup-worker {worker.VERSION} is installed (psfu mediasoup install)")
    _write(cli, found)


def _write(cli: Cli, found: object) -> None:
    names = ("path", "schema", "version", "source", "sha256")
    shown = Shown(**{name: str(getattr(found, name)) for name in names})
    cli.writer(Shown, lambda each: each.path).one(shown, COLUMNS)
