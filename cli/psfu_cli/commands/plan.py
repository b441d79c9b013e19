"""``psfu plan``: how many recorded candidates this machine carries, from what was measured on it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeAlias

import typer

from proctor_sfu.errors import RefusedError, SizingError, UnreachableError
from psfu_cli import exits, quantities
from psfu_cli.commands.rehearse import LIMIT_COLUMNS, Lasts
from psfu_cli.commands.simulate import ALL_SOURCES, Candidates, Sources, chosen_sources
from psfu_cli.configured import chosen
from psfu_cli.options import Cli, client
from psfu_cli.output import Column, Format, duration, size
from psfu_cli.progress import progress

if TYPE_CHECKING:
    from proctor_sfu.recording.sizing.table import Table
    from proctor_sfu.settings import Settings
    from proctor_sfu.simulate.capacity import Limit

TABLE: Final = "plan.json"
"""Below the state directory: what was measured."""

Record: TypeAlias = Annotated[
    str, typer.Option("--record", metavar="LIST", help="What is recorded: camera,screen,microphone; '' is nothing.")
]
Config: TypeAlias = Annotated[
    Path | None, typer.Option("--config", envvar="PSFU_CONFIG", metavar="FILE", help="Settings, else the system's.")
]
Measure: TypeAlias = Annotated[
    bool, typer.Option("--measure", help="Measure again, about two minutes; when no exam goes on.")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What an exam needs of this machine."""

    candidates: int
    sources: tuple[str, ...]
    recorded: tuple[str, ...]
    lasts_s: float
    fits: bool
    capacity: int
    """Candidates this machine carries in one room, without proctors."""
    first: str
    """What would break first."""
    worker_cores: float
    recorder_cores: float
    received_bits: float
    """A second."""
    written_bytes: float
    """A second."""
    stored_bytes: int
    """For the whole exam."""
    recorder_memory: int
    """Bytes."""
    per_core: float
    """Candidates with camera, screen and microphone a core carries and records."""
    measured_with: int
    """Candidates, of whom not a packet was lost."""
    measured_at: str
    limits: tuple[Limit, ...]


COLUMNS: Final = (
    Column(
        title="VERDICT", value=lambda each: "it fits" if each.fits else "IT DOES NOT FIT",
        alarming=lambda each: not each.fits,
    ),
    Column(
        title="EXAM",
        value=lambda each: f"{each.candidates} candidates, {duration(each.lasts_s)}, {', '.join(each.sources)}",
    ),
    Column(title="RECORDED", value=lambda each: ", ".join(each.recorded) or "nothing"),
    Column(title="WORKER", value=lambda each: f"{each.worker_cores:.2f} cores"),
    Column(title="RECORDER", value=lambda each: f"{each.recorder_cores:.2f} cores, {size(each.recorder_memory)}"),
    Column(title="RECEIVED", value=lambda each: f"{each.received_bits / 1e6:.0f} Mb/s"),
    Column(
        title="WRITTEN",
        value=lambda each: f"{size(int(each.written_bytes))}/s, {each.stored_bytes / 2**30:.0f} GiB in all",
    ),
    Column(title="CAPACITY", value=lambda each: f"{each.capacity} candidates in a room, before any proctor"),
    Column(title="BREAKS FIRST", value=lambda each: each.first),
    Column(
        title="MEASURED",
        value=lambda each: (
            f"{each.per_core:.0f} recorded candidates per core, with {each.measured_with}, {each.measured_at[:16]}"
        ),
    ),
)  # fmt: skip
_LIMITS: Final = tuple(each for each in LIMIT_COLUMNS if each.title != "SAMPLE")


@client()
def plan(
    cli: Cli,
    candidates: Candidates = 100,
    sources: Sources = ALL_SOURCES,
    record: Record = ALL_SOURCES,
    lasts: Lasts = "3h",
    measure: Measure = False,
    config: Config = None,
) -> None:
    """Say whether this machine carries and records so many candidates, and what they need.

    What a candidate takes is measured on this machine the first time, with synthetic media, and kept. Proctors come on
    top: psfu rehearse tries those too. Exit status 1: it does not fit.
    """
    from proctor_sfu import settings_file

    sent = chosen_sources(sources)
    recorded = tuple(quantities.recorded_sources(record))
    if not set(recorded) <= set(sent):
        raise RefusedError("usage", "--record: what is not sent cannot be recorded (--sources)")
    settings = settings_file.load(chosen(config), os.environ).settings
    found = _plan(_table(cli, settings, config, anew=measure), settings, candidates, sent, recorded, lasts)
    cli.writer(Plan, lambda each: str(each.capacity)).one(found, COLUMNS)
    if cli.format in (Format.TABLE, Format.WIDE):
        from proctor_sfu.simulate.capacity import Limit

        cli.writer(Limit).many(found.limits, _LIMITS, empty="nothing was measured")
    if not found.fits:
        raise typer.Exit(exits.Exit.FAILED)


def _plan(
    table: Table, settings: Settings, candidates: int, sent: Sequence[str], recorded: Sequence[str], lasts: float
) -> Plan:
    from proctor_sfu.recording.folder import space
    from proctor_sfu.rooms.roles import Source
    from proctor_sfu.simulate import capacity, machine

    count = max(1, candidates)
    needs = table.needs(count, [Source(each) for each in sent], [Source(each) for each in recorded])
    full, per_core = table.recorded, table.per_core()
    if needs is None or full is None or per_core is None:
        raise SizingError("what was measured is of no use (--measure)")
    used = capacity.Used(
        candidates=count, worker=needs.worker, daemon=0, join=0, memory=needs.memory, files=None, sent=needs.received,
        recorder=needs.recorder, written=needs.written,
    )  # fmt: skip
    directory = Path(table.machine.directory)
    free, _ = space(next(each for each in (directory, *directory.parents) if each.exists()))
    server = capacity.Server(
        cores=machine.cores(), memory=machine.memory_available(), files=None, network=machine.network_speed(),
        disk=max(0, free - settings.recording.reserve_bytes), disk_speed=table.disk_speed,
    )  # fmt: skip
    # What the daemon does hangs on proctors and joins, which nobody measured here.
    limits = [each for each in capacity.limits(used, server, candidates, lasts=lasts) if each.sample]
    return Plan(
        candidates=candidates, sources=tuple(sent), recorded=tuple(recorded), lasts_s=lasts,
        fits=all(each.holds for each in limits), capacity=limits[0].capacity, first=capacity.first(limits),
        worker_cores=needs.worker, recorder_cores=needs.recorder, received_bits=needs.received,
        written_bytes=needs.written, stored_bytes=int(needs.written * lasts), recorder_memory=needs.memory,
        per_core=per_core, measured_with=full.candidates, measured_at=table.measured_at, limits=tuple(limits),
    )  # fmt: skip


def _table(cli: Cli, settings: Settings, config: Path | None, *, anew: bool) -> Table:
    """Return what was measured on this machine; measure it if it was not, or not as it is now."""
    from proctor_sfu.recording.seal import replace
    from proctor_sfu.recording.sizing import measuring
    from proctor_sfu.recording.sizing.table import Table
    from proctor_sfu.state import place

    state = place(settings.state.directory, os.environ)
    directory = settings.recording.directory or state / "recordings"
    file = state / TABLE
    with contextlib.suppress(FileNotFoundError, ValueError):
        kept = Table.decode(file.read_text())
        if kept.machine == measuring.machine(directory) and not anew:
            return kept
    table = _measured(cli, config, directory)
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    replace(file, table.encode().encode())
    return table


def _measured(cli: Cli, config: Path | None, directory: Path) -> Table:
    from proctor_sfu import log, settings_file
    from proctor_sfu.recording.sizing import measuring
    from proctor_sfu.starting import find_worker

    loaded = settings_file.load(chosen(config), os.environ)
    log.configure(loaded.settings.log.model_copy(update={"level": "warning"}))
    with contextlib.suppress(UnreachableError):
        if present := cli.client.daemon.status().candidates:
            raise RefusedError("conflict", f"{present} candidates are here: they would suffer, and the figures too")
    with progress() as tell:
        binary = find_worker(loaded, offline=False, progress=tell)
        return measuring.table(binary, directory, measuring.LADDER, seconds=measuring.SECONDS, progress=tell)
