"""``psfu stats``, also ``psfu candidates stats``: how everybody's media is right now, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from proctor_sfu.control.api import quality as api
from proctor_sfu.errors import RefusedError
from psfu_cli import complete
from psfu_cli.options import Cli, client
from psfu_cli.output import Column


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """A source, and whose it is."""

    candidate: str
    room: str
    source: str
    codec: str
    paused: bool
    level: str
    reasons: tuple[str, ...]
    health: int | None
    bitrate: float | None
    packets: float | None
    loss: float | None
    repaired: float | None
    rtt_ms: float | None
    jitter_ms: float | None
    fps: float | None
    gap_s: float | None
    silent_s: float | None
    layer: str | None
    score: int | None


class Sort(StrEnum):
    """What comes first: the worst, or by name."""

    HEALTH = "health"
    NAME = "name"
    BITRATE = "bitrate"
    LOSS = "loss"
    RTT = "rtt"
    JITTER = "jitter"
    GAP = "gap"


def _number(value: float | None, digits: int = 1) -> str | None:
    return None if value is None else f"{value:.{digits}f}"


def _milliseconds(value: float | None) -> str | None:
    """A round trip within one house is short, and not zero."""
    return _number(value, 1 if value is not None and 0 < value < 9.95 else 0)


def kilobits(value: float | None) -> str | None:
    """Return bits per second as people say them."""
    return None if value is None else f"{value / 1000:.0f}k" if value < 10e6 else f"{value / 1e6:.1f}M"


def _bitrate(source: str) -> Callable[[api.Candidate], str | None]:
    """Return what reads the bitrate of a source; one that is paused says so, for nothing of it is nothing bad."""
    return lambda each: next(
        ("paused" if one.paused else kilobits(one.bitrate) for one in each.sources if one.source == source), None
    )


def _bad(each: Any) -> bool:
    return each.level in ("warn", "bad")


COLUMNS: Final = (
    Column(title="CANDIDATE", value=lambda each: each.id),
    Column(title="ROOM", value=lambda each: each.room),
    Column(title="NAME", value=lambda each: each.name, wide=True),
    Column(title="STATE", value=lambda each: each.state, alarming=_bad),
    Column(title="HEALTH", value=lambda each: each.health, alarming=_bad),
    Column(title="CAM", value=_bitrate("camera")),
    Column(title="SCREEN", value=_bitrate("screen")),
    Column(title="MIC", value=_bitrate("microphone")),
    Column(title="LOSS%", value=lambda each: _number(each.loss)),
    Column(title="RTX%", value=lambda each: _number(each.repaired), wide=True),
    Column(title="RTT", value=lambda each: _milliseconds(each.rtt_ms)),
    Column(title="JITTER", value=lambda each: _number(each.jitter_ms)),
    Column(title="GAP", value=lambda each: _number(each.gap_s)),
    Column(title="PATH", value=lambda each: each.path),
    Column(title="ADDRESS", value=lambda each: each.address, wide=True),
    Column(title="WATCHED", value=lambda each: len(each.watchers), wide=True),
    Column(title="WHY", value=lambda each: ",".join(each.reasons), alarming=_bad),
)
SOURCES: Final = (
    Column(title="CANDIDATE", value=lambda each: each.candidate),
    Column(title="ROOM", value=lambda each: each.room),
    Column(title="SOURCE", value=lambda each: f"{each.source}{' (paused)' if each.paused else ''}"),
    Column(title="CODEC", value=lambda each: each.codec, wide=True),
    Column(title="HEALTH", value=lambda each: each.health, alarming=_bad),
    Column(title="BITRATE", value=lambda each: kilobits(each.bitrate)),
    Column(title="PACKETS", value=lambda each: _number(each.packets), wide=True),
    Column(title="LOSS%", value=lambda each: _number(each.loss)),
    Column(title="RTX%", value=lambda each: _number(each.repaired)),
    Column(title="RTT", value=lambda each: _milliseconds(each.rtt_ms)),
    Column(title="JITTER", value=lambda each: _number(each.jitter_ms)),
    Column(title="FPS", value=lambda each: _number(each.fps)),
    Column(title="GAP", value=lambda each: _number(each.gap_s)),
    Column(title="LAYER", value=lambda each: each.layer, wide=True),
    Column(title="SCORE", value=lambda each: each.score, wide=True),
    Column(title="WHY", value=lambda each: ",".join(each.reasons), alarming=_bad),
)
_KEYS: Final[Mapping[Sort, Callable[[api.Candidate], tuple[Any, ...]]]] = {
    Sort.HEALTH: lambda each: (101 if each.health is None else each.health, each.id),
    Sort.NAME: lambda each: (each.room, each.id),
    Sort.BITRATE: lambda each: (-(each.bitrate or 0), each.id),
    Sort.LOSS: lambda each: (-(each.loss or 0), each.id),
    Sort.RTT: lambda each: (-(each.rtt_ms or 0), each.id),
    Sort.JITTER: lambda each: (-(each.jitter_ms or 0), each.id),
    Sort.GAP: lambda each: (-(each.gap_s or 0), each.id),
}


@client(reads=True)
def stats(
    cli: Cli,
    candidates: Annotated[
        list[str] | None,
        typer.Argument(metavar="CANDIDATE", help="Only these.", autocompletion=complete.candidates),
    ] = None,
    room: Annotated[
        str | None, typer.Option("--room", "-r", metavar="ROOM", help="Room.", autocompletion=complete.rooms)
    ] = None,
    by_source: Annotated[bool, typer.Option("--sources", "-s", help="A row for each source.")] = False,
    problems: Annotated[bool, typer.Option("--problems", help="Only those in trouble.")] = False,
    sort: Annotated[Sort, typer.Option("--sort", help="What comes first.")] = Sort.HEALTH,
    limit: Annotated[
        int | None, typer.Option("--limit", "-n", min=1, metavar="N", help="At most N candidates.")
    ] = None,
) -> None:
    """Show how everybody's media is right now, the worst first; what is not known is a dash, never a zero."""
    frame = cli.client.quality.snapshot(room)
    found = list(_chosen(frame.candidates, candidates or (), problems=problems))
    found.sort(key=_KEYS[sort])
    found = found[:limit]
    empty = "nobody is in trouble" if problems else "no candidates"
    if by_source:
        rows = [row for each in found for row in source_rows(each)]
        cli.writer(SourceRow, lambda each: f"{each.candidate}/{each.source}").many(rows, SOURCES, empty=empty)
    else:
        cli.writer(api.Candidate).many(found, COLUMNS, empty=empty)


def _chosen(every: Iterable[api.Candidate], wanted: Iterable[str], *, problems: bool) -> Iterable[api.Candidate]:
    names = set(wanted)
    missing = names - {each.id for each in every}
    if missing:
        raise RefusedError("not_found", f'nobody called "{min(missing)}" is in any room (psfu candidates list)')
    for each in every:
        if (not names or each.id in names) and not (problems and not _bad(each)):
            yield each


def source_rows(candidate: api.Candidate) -> Iterable[SourceRow]:
    """Yield a row for each source of a candidate."""
    for each in candidate.sources:
        yield SourceRow(
            candidate=candidate.id, room=candidate.room, source=each.source, codec=each.codec, paused=each.paused,
            level=each.level, reasons=each.reasons, health=each.health, bitrate=each.bitrate, packets=each.packets,
            loss=each.loss, repaired=each.repaired, rtt_ms=each.rtt_ms, jitter_ms=each.jitter_ms, fps=each.fps,
            gap_s=each.gap_s, silent_s=each.silent_s, layer=each.layer, score=each.score,
        )  # fmt: skip
