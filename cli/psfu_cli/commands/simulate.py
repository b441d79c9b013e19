"""``psfu simulate``: candidates and proctors with real media."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, TypeAlias

import typer

from proctor_sfu.errors import PsfuError, RefusedError
from psfu_cli import complete, exits, quantities
from psfu_cli.live import live
from psfu_cli.options import Cli, client, with_bare
from psfu_cli.output import Column

if TYPE_CHECKING:
    from proctor_sfu.simulate.results import Media, Process, Result, Spread
    from proctor_sfu.simulate.trust import Trust

SOURCES: Final = ("camera", "microphone", "screen")
ALL_SOURCES: Final = ",".join(SOURCES)
NETWORK: Final = "Bad network"
LIMITS: Final = "Limits"


def with_unit(parser: Callable[[str], Any], *names: str, metavar: str, text: str, panel: str | None = None) -> Any:
    """Return an option whose value has a unit; what its parser returns is what the command gets."""
    return typer.Option(*names, parser=parser, metavar=metavar, help=text, rich_help_panel=panel)


_time = partial(with_unit, quantities.seconds, metavar="TIME")
_network = partial(with_unit, panel=NETWORK)
_limit = partial(with_unit, panel=LIMITS)

Candidates: TypeAlias = Annotated[
    int, typer.Option("--candidates", "-c", metavar="N", min=0, max=5000, help="Candidates.")
]
Proctors: TypeAlias = Annotated[
    int, typer.Option("--proctors", "-p", metavar="N", min=0, max=200, help="Proctors, each with a wall of tiles.")
]
Tiles: TypeAlias = Annotated[
    int,
    typer.Option(
        "--tiles", metavar="N", min=0, max=300,
        help="Tiles on a proctor's wall, one of them in focus; 0: everything of everybody.",
    ),
]  # fmt: skip
Room: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--room", "-r", metavar="ROOM", help="Room; one that is not there is made, and closed at the end.",
        autocompletion=complete.rooms,
    ),
]  # fmt: skip
Sources: TypeAlias = Annotated[
    str, typer.Option("--sources", metavar="LIST", help="What candidates publish, separated by commas.")
]
Codec: TypeAlias = Annotated[Literal["vp8", "h264"], typer.Option("--codec", help="Codec of camera and screen.")]
Simulcast: TypeAlias = Annotated[bool, typer.Option("--simulcast", help="Cameras send three sizes.")]
Light: TypeAlias = Annotated[
    bool, typer.Option("--light", help="An eighth of the packets, for many candidates on a small machine.")
]
Record: TypeAlias = Annotated[
    str,
    typer.Option(
        "--record", metavar="[LIST]", help="Sources to record, as camera,screen; all without a list. Kept for a day."
    ),
]
Decode: TypeAlias = Annotated[
    bool, typer.Option("--decode", help="Proctors decode what they see and measure the delay; costs processor time.")
]
Seed: TypeAlias = Annotated[int, typer.Option("--seed", metavar="N", help="The same seed makes the same accidents.")]
Url: TypeAlias = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="Signaling endpoint, if not the daemon's own, as wss://…")
]
Ca: TypeAlias = Annotated[
    Path | None, typer.Option("--ca", metavar="FILE", help="Trust only this certificate, or authority, for wss://.")
]
Insecure: TypeAlias = Annotated[bool, typer.Option("--insecure", help="Trust whoever answers, for wss://.")]
Relay: TypeAlias = Annotated[
    bool, typer.Option("--relay", help="All media goes through the TURN server clients are told of.")
]
# What a parser returns is no type a command line knows, hence Any for all options with a unit.
Duration: TypeAlias = Annotated[Any, _time("--duration", "-d", text="How long it lasts.")]
Ramp: TypeAlias = Annotated[Any, _time("--ramp", text="Time in which they arrive; else 10 a second.")]
Churn: TypeAlias = Annotated[
    Any,
    with_unit(
        quantities.per_minute, "--churn", metavar="RATE",
        text="Candidates who leave or lose everything, and come back: 6/min.",
    ),
]  # fmt: skip
On: TypeAlias = Annotated[
    int | None,
    typer.Option("--on", min=0, metavar="N", help="Candidates it is for; else all.", rich_help_panel=NETWORK),
]
Loss: TypeAlias = Annotated[
    Any, _network(quantities.share, "--loss", metavar="PERCENT", text="Datagrams lost each way.")
]
Burst: TypeAlias = Annotated[
    float,
    typer.Option("--burst", min=1, metavar="N", help="Lost in a row, on average.", rich_help_panel=NETWORK),
]
Delay: TypeAlias = Annotated[Any, _network(quantities.seconds, "--delay", metavar="TIME", text="Delay each way.")]
Jitter: TypeAlias = Annotated[
    Any, _network(quantities.seconds, "--jitter", metavar="TIME", text="At most so much more.")
]
Rate: TypeAlias = Annotated[
    Any, _network(quantities.bits, "--rate", metavar="BITS", text="Bandwidth each way: 300k, 2M.")
]
Outages: TypeAlias = Annotated[
    list[Any] | None,
    _network(
        quantities.outage, "--outage", metavar="TIME@START",
        text="Nothing gets through for a time, from a second of the simulation on: 5s@20s. May be repeated.",
    ),
]  # fmt: skip
MaxJoin: TypeAlias = Annotated[
    Any, _limit(quantities.seconds, "--max-join", metavar="TIME", text="95 of 100 joins take no longer.")
]
MaxFirstPicture: TypeAlias = Annotated[
    Any, _limit(quantities.seconds, "--max-first-picture", metavar="TIME", text="95 of 100 first pictures likewise.")
]
MinPictures: TypeAlias = Annotated[
    Any, _limit(quantities.percent, "--min-pictures", metavar="PERCENT", text="Least part of them that arrives.")
]
MaxGap: TypeAlias = Annotated[
    Any,
    _limit(quantities.seconds, "--max-gap", metavar="TIME", text="No time without picture, sound or peer is longer."),
]


def _spread(value: Spread | None) -> str:
    if value is None:
        return ""
    return f"median {value.p50:.0f} ms, 95 of 100 within {value.p95:.0f} ms, all within {value.max:.0f} ms"


def _media(media: Media | None) -> str:
    if media is None or not media.views:
        return ""
    return (
        f"{media.pictures_percent:.1f} % of {media.pictures_expected} pictures, {media.sound_percent:.1f} % of the"
        f" sound; {media.lost} packets lost, {media.repaired} repaired"
    )


def _gaps(media: Media | None) -> str:
    if media is None or not media.views:
        return ""
    if not media.gaps:
        return "none"
    return f"{media.gaps}, the longest {media.gap_longest_s:.1f} s, {media.gap_total_s:.1f} s in all"


def _verdict(result: Result) -> str:
    if not result.ok:
        return "FAILED"
    return "ok" if result.clean.views else "ok, of joins alone: nobody watched a candidate with a good network"


def _processes(found: tuple[Process, ...]) -> str:
    cpu, lag = sum(each.cpu_s for each in found), max((each.lag_ms for each in found), default=0.0)
    return f"{len(found)}, {cpu:.1f} s CPU, at most {lag:.0f} ms late"


COLUMNS: Final = (
    Column(title="ROOM", value=lambda each: each.room),
    Column(title="LASTED", value=lambda each: f"{each.duration_s:.0f} s{'' if each.complete else ', cut short'}"),
    Column(
        title="JOINED",
        value=lambda each: f"{each.joined} of {each.candidates + each.proctors}",
        alarming=lambda each: each.joined < each.candidates + each.proctors,
    ),
    Column(title="JOIN", value=lambda each: _spread(each.join_ms)),
    Column(title="REJOIN", value=lambda each: _spread(each.rejoin_ms)),
    Column(title="FIRST PICTURE", value=lambda each: _spread(each.clean.first_picture_ms)),
    Column(title="FIRST SOUND", value=lambda each: _spread(each.clean.first_sound_ms)),
    Column(title="DELAY", value=lambda each: _spread(each.clean.delay_ms)),
    Column(title="MEDIA", value=lambda each: _media(each.clean)),
    Column(title="GAPS", value=lambda each: _gaps(each.clean), alarming=lambda each: each.clean.gaps > 0),
    Column(title="BAD NETWORK", value=lambda each: _media(each.impaired_media)),
    Column(title="ITS GAPS", value=lambda each: _gaps(each.impaired_media)),
    Column(title="TROUBLES", value=lambda each: each.trouble_count, alarming=lambda each: each.trouble_count > 0),
    Column(title="KICKED", value=lambda each: len(each.kicks) or None),
    Column(title="PROCESSES", value=lambda each: _processes(each.processes)),
    Column(title="VERDICT", value=_verdict, alarming=lambda each: not each.ok),
)


Command: Final = with_bare("--record", ALL_SOURCES)


@client()
def simulate(
    cli: Cli,
    candidates: Candidates = 10,
    proctors: Proctors = 1,
    duration: Duration = "30s",
    room: Room = None,
    ramp: Ramp = None,
    churn: Churn = "0",
    sources: Sources = ALL_SOURCES,
    codec: Codec = "vp8",
    simulcast: Simulcast = False,
    light: Light = False,
    tiles: Tiles = 20,
    record: Record = "",
    decode: Decode = False,
    seed: Seed = 0,
    url: Url = None,
    ca: Ca = None,
    insecure: Insecure = False,
    relay: Relay = False,
    on: On = None,
    loss: Loss = "0%",
    burst: Burst = 1,
    delay: Delay = "0ms",
    jitter: Jitter = "0ms",
    rate: Rate = "0",
    outage: Outages = None,
    max_join: MaxJoin = "5s",
    max_first_picture: MaxFirstPicture = "5s",
    min_pictures: MinPictures = "95%",
    max_gap: MaxGap = "3s",
) -> None:
    """Let simulated candidates and proctors with real media take part in a room, and say how it went.

    They run in processes of their own and are clients like any other. The limits are for candidates without the bad
    network; when one was not kept, the exit status is 1.
    """
    from proctor_sfu.simulate import coordinator
    from proctor_sfu.simulate.impairment import Impairment
    from proctor_sfu.simulate.limits import Limits, judged
    from proctor_sfu.simulate.plan import Plan
    from proctor_sfu.simulate.results import Result
    from proctor_sfu.simulate.venue import venue

    impairment = Impairment(
        loss=loss, burst=burst, delay=delay, jitter=jitter, rate=rate, outages=tuple(outage or ())
    )  # fmt: skip
    plan = Plan(
        candidates=candidates, proctors=proctors, duration=duration, churn=churn, sources=chosen_sources(sources),
        codec=codec, ramp=min(candidates / 10, duration / 4) if ramp is None else ramp,
        simulcast=simulcast, light=light, tiles=tiles, impairment=impairment, impaired=candidates if on is None else on,
        relayed=relay, decode=decode, seed=seed,
        # Nobody of a room that is there already, and of no other simulation in it.
        prefix="sim" if room is None else f"sim-{os.getpid()}",
    )  # fmt: skip
    if not 0 <= plan.ramp <= plan.duration or not plan.duration:
        raise RefusedError("usage", "--duration must be longer than nothing, and --ramp not longer than that")
    if light and simulcast:
        raise RefusedError("usage", "--light cameras have one size: no --simulcast with it")
    if not candidates + proctors:
        raise RefusedError("usage", "--candidates and --proctors are both 0: nobody takes part")
    trust = trusted(ca, insecure=insecure)
    interrupted, result, closing = False, None, None
    name = room or f"simulation-{os.getpid()}"
    try:
        with (
            venue(
                cli.client,
                name,
                duration=duration,
                url=url,
                max_candidates=max(1, candidates),
                record=quantities.recorded_sources(record),
            ) as place,
            live(candidates=candidates, proctors=proctors, duration=duration) as show,
        ):
            try:
                result = coordinator.run(
                    plan, url=place.url, room=place.room, credentials=place.credentials, show=show, trust=trust
                )
            except coordinator.Interrupted as early:
                result, interrupted = early.result, True
    except PsfuError as error:
        if result is None:
            raise
        closing = error  # What was measured is told, whatever became of the daemon.
    result = judged(
        result, Limits(join=max_join, first_picture=max_first_picture, pictures=min_pictures, gap=max_gap)
    )  # fmt: skip
    cli.writer(Result, lambda each: str(each.room)).one(result, COLUMNS)
    explain(result)
    if closing is not None:
        raise closing
    if interrupted:
        raise typer.Exit(exits.Exit.INTERRUPTED)
    if not result.ok:
        raise typer.Exit(exits.Exit.FAILED)


def trusted(ca: Path | None, *, insecure: bool) -> Trust:
    """Return whom to trust; raises `RefusedError` ``usage`` for a file that is no certificate."""
    import ssl

    from proctor_sfu.simulate.trust import Trust

    trust = Trust(authority=None if ca is None else str(ca.absolute()), anybody=insecure)
    try:
        trust.context()
    except ssl.SSLError:
        raise RefusedError("usage", f"--ca {ca}: no certificate in PEM") from None
    except OSError as error:
        raise RefusedError("usage", f"--ca {ca}: {(error.strerror or str(error)).lower()}") from None
    return trust


def explain(result: Result) -> None:
    """Say on standard error what went wrong."""
    if any(each.code == "certificate" for each in result.troubles):
        exits.hint(
            "the server's certificate is trusted by nobody here: --ca FILE says whom to trust, --insecure anybody"
        )
    for each in result.troubles[:5]:
        exits.hint(f"trouble: after {each.at_s:.1f} s {each.peer}: {each.code}: {each.reason}")
    if result.trouble_count > 5:
        exits.hint(f"trouble: {result.trouble_count - 5} more")
    for each in result.kicks:
        exits.hint(f"kicked: after {each.at_s:.1f} s {each.peer}" + (f": {each.reason}" if each.reason else ""))
    for process in result.processes:
        for line in process.said:
            exits.hint(f"process {process.pid}: {line}")
    for line in result.broken:
        exits.hint(f"limit: {line}")


def chosen_sources(text: str) -> Any:
    """Return the sources in a list separated by commas; raises `RefusedError` ``usage``."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if not names or not set(names) <= set(SOURCES):
        raise RefusedError("usage", f"--sources is a list of {', '.join(SOURCES)}")
    return names
