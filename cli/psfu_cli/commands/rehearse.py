"""``psfu rehearse``: a dry run of an exam, with a verdict."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from proctor_sfu.errors import RefusedError
from psfu_cli import exits, quantities
from psfu_cli.commands.simulate import (
    ALL_SOURCES,
    Ca,
    Candidates,
    Codec,
    Duration,
    Insecure,
    Proctors,
    Simulcast,
    Sources,
    Tiles,
    chosen_sources,
    explain,
    trusted,
    with_unit,
)
from psfu_cli.live import live
from psfu_cli.options import Cli, client
from psfu_cli.output import Column, Format, size

if TYPE_CHECKING:
    from proctor_sfu.simulate.capacity import Limit
    from proctor_sfu.simulate.rehearsal import Rehearsal

Sample: TypeAlias = Annotated[
    int | None,
    typer.Option("--sample", min=1, max=5000, metavar="N", help="Candidates that are simulated; else what fits."),
]

Record: TypeAlias = Annotated[
    bool, typer.Option("--record", help="Record the sample, as the exam will be; kept for a day.")
]
Lasts: TypeAlias = Annotated[
    Any, with_unit(quantities.seconds, "--lasts", metavar="TIME", text="Length of the exam, for the disk.")
]


def _amount(value: float, unit: str) -> str:
    match unit:
        case "bytes":
            return size(int(value))
        case "bytes/s":
            return f"{size(int(value))}/s"
        case "bits/s":
            return f"{value / 1e6:.1f} Mb/s"
        case "cores":
            return f"{value:.3f} cores"
        case _:
            return f"{value:.0f} {unit}"


LIMIT_COLUMNS: Final = (
    Column(title="LIMIT", value=lambda each: each.name),
    Column(title="SAMPLE", value=lambda each: _amount(each.sample, each.unit)),
    Column(title="NEEDED", value=lambda each: _amount(each.needed, each.unit)),
    Column(title="USABLE", value=lambda each: _amount(each.usable, each.unit)),
    Column(title="CANDIDATES", value=lambda each: _candidates(each)),
    Column(title="HOLDS", value=lambda each: each.holds, alarming=lambda each: not each.holds),
)
COLUMNS: Final = (
    Column(
        title="VERDICT",
        value=lambda each: "it holds" if each.holds else "IT DOES NOT HOLD",
        alarming=lambda each: not each.holds,
    ),
    Column(
        title="EXAM",
        value=lambda each: (
            f"{each.candidates} candidates, {each.proctors} proctors, {'recorded' if each.recorded else 'not recorded'}"
        ),
    ),
    Column(title="CAPACITY", value=lambda each: f"{each.capacity} candidates in a room with so many proctors"),
    Column(title="BREAKS FIRST", value=lambda each: each.first),
    Column(title="MEASURED WITH", value=lambda each: f"{each.sample} candidates"),
    Column(
        title="DROPPED",
        value=lambda each: f"{each.datagrams_dropped} datagrams, by the kernel",
        alarming=lambda each: each.datagrams_dropped > 0,
    ),
)


def _candidates(limit: Limit) -> str:
    return "any number" if limit.capacity >= 1_000_000 else str(limit.capacity)


@client()
def rehearse(
    cli: Cli,
    candidates: Candidates = 100,
    proctors: Proctors = 2,
    duration: Duration = "20s",
    sample: Sample = None,
    sources: Sources = ALL_SOURCES,
    codec: Codec = "vp8",
    simulcast: Simulcast = False,
    tiles: Tiles = 20,
    record: Record = False,
    lasts: Lasts = "3h",
    ca: Ca = None,
    insecure: Insecure = False,
) -> None:
    """Rehearse an exam on this server: will it carry so many candidates, and what would break first?

    A sample of the candidates is simulated, what it takes is measured and scaled up. Run it on the server itself, when
    no exam goes on; exit status 1: it does not hold.
    """
    from proctor_sfu.simulate import coordinator, machine
    from proctor_sfu.simulate.plan import Plan
    from proctor_sfu.simulate.rehearsal import Exam, Rehearsal, rehearse, sample_of
    from proctor_sfu.simulate.venue import venue

    if not candidates:
        raise RefusedError("usage", "--candidates must be 1 or more")
    count = sample or sample_of(candidates, proctors, machine.cores())
    plan = Plan(
        candidates=count, proctors=proctors, duration=duration, ramp=min(count / 10, duration / 4),
        sources=chosen_sources(sources), codec=codec, simulcast=simulcast, tiles=tiles,
    )  # fmt: skip
    trust = trusted(ca, insecure=insecure)
    exam = Exam(candidates=candidates, lasts=lasts, record=record)
    with (
        venue(
            cli.client,
            f"rehearsal-{os.getpid()}",
            duration=duration,
            max_candidates=count,
            record=plan.sources if record else (),
        ) as place,
        live(candidates=count, proctors=proctors, duration=duration) as show,
    ):
        try:
            found = rehearse(cli.client, place, exam, plan, show=show, trust=trust)
        except coordinator.Interrupted:
            raise typer.Exit(exits.Exit.INTERRUPTED) from None
    writer = cli.writer(Rehearsal, lambda each: str(each.capacity))
    writer.one(found, COLUMNS)
    _tell(cli, found)
    if not found.holds:
        raise typer.Exit(exits.Exit.FAILED)


def _tell(cli: Cli, found: Rehearsal) -> None:
    if cli.format in (Format.TABLE, Format.WIDE):
        from proctor_sfu.simulate.capacity import Limit

        cli.writer(Limit).many(found.limits, LIMIT_COLUMNS, empty="nothing was measured")
    explain(found.result)
