"""``psfu workers``: the mediasoup-worker processes."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from proctor_sfu.control.api.workers import Scaled, Worker
from psfu_cli import complete, exits
from psfu_cli.options import Cli, DryRunOption, client
from psfu_cli.output import Column, age, size

app = typer.Typer(no_args_is_help=True, help="List and scale the media workers.")

COLUMNS: Final = (
    Column(title="PID", value=lambda each: each.pid),
    Column(title="STATE", value=lambda each: each.state, alarming=lambda each: each.state != "running"),
    Column(title="PORT", value=lambda each: each.port),
    Column(title="ROOMS", value=lambda each: len(each.rooms)),
    Column(title="TRANSPORTS", value=lambda each: each.transports),
    Column(title="PRODUCERS", value=lambda each: each.producers, wide=True),
    Column(title="CONSUMERS", value=lambda each: each.consumers, wide=True),
    Column(title="CPU", value=lambda each: f"{each.cpu_s:.1f}s"),
    Column(title="MEMORY", value=lambda each: size(each.rss_bytes)),
    Column(title="AGE", value=lambda each: age(each.started_at)),
)


def _pids(pids: tuple[int, ...]) -> str:
    return ", ".join(map(str, pids))


SCALED: Final = (
    Column(title="BEFORE", value=lambda each: each.before),
    Column(title="AFTER", value=lambda each: each.after),
    Column(title="STARTED", value=lambda each: _pids(each.started)),
    Column(title="STOPPED", value=lambda each: _pids(each.stopped)),
    Column(title="KEPT BUSY", value=lambda each: _pids(each.kept_busy)),
)


@app.command("ls", hidden=True)
@app.command("list")
@client(reads=True)
def list_(cli: Cli) -> None:
    """List workers."""
    cli.writer(Worker, lambda each: str(each.pid)).many(cli.client.workers.list(), COLUMNS, empty="no workers run")


@app.command()
@client(reads=True)
def get(
    cli: Cli,
    pid: Annotated[int, typer.Argument(metavar="PID", help="Process id.", autocompletion=complete.workers)],
) -> None:
    """Show one worker."""
    cli.writer(Worker, lambda each: str(each.pid)).one(cli.client.workers.get(pid), COLUMNS)


@app.command()
@client()
def scale(
    cli: Cli,
    count: Annotated[int, typer.Argument(metavar="N", min=1, max=1024, help="Workers there should be.")],
    dry_run: DryRunOption = False,
) -> None:
    """Start or stop workers. A worker with rooms is not stopped: it takes no new ones and ends with its last."""
    done: Scaled = cli.client.workers.scale(count, dry_run=dry_run)
    cli.writer(Scaled, lambda each: str(each.after)).one(done, SCALED)
    if dry_run and not cli.as_json:
        exits.hint("dry run: nothing was changed")
