"""``psfu report``: what the history says about a room, for an appeal; needs no daemon."""

from __future__ import annotations

import secrets
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from proctor_sfu.errors import PsfuError, RefusedError
from psfu_cli import complete, exits, history, quantities
from psfu_cli.options import Cli, client
from psfu_cli.output import Column, Format, duration
from psfu_cli.progress import progress

if TYPE_CHECKING:
    from proctor_sfu.quality.archive import Archive
    from proctor_sfu.quality.report import Report

COLUMNS: Final = (
    Column(title="CANDIDATE", value=lambda each: each.id),
    Column(title="NAME", value=lambda each: each.name),
    Column(title="SEEN", value=lambda each: duration(each.seen_s), wide=True),
    Column(title="LIVE", value=lambda each: duration(each.live_s)),
    Column(title="DEGRADED", value=lambda each: duration(each.degraded_s)),
    Column(title="AWAY", value=lambda each: duration(each.away_s), alarming=lambda each: each.away_s > 0),
    Column(title="GAP", value=lambda each: duration(each.gap_s), alarming=lambda each: each.gap_s > 0),
    Column(title="INTERRUPTIONS", value=lambda each: each.interruptions),
    Column(title="LOSS%", value=lambda each: each.loss_mean),
    Column(title="WORST%", value=lambda each: each.loss_worst, wide=True),
    Column(title="RTT", value=lambda each: each.rtt_mean_ms, wide=True),
    Column(title="HEALTH", value=lambda each: each.health_worst),
)


@client()
def report(
    cli: Cli,
    room: Annotated[str, typer.Argument(metavar="ROOM", help="Id of a room.", autocompletion=complete.rooms)],
    candidates: Annotated[list[str] | None, typer.Argument(metavar="CANDIDATE", help="Only these.")] = None,
    html: Annotated[Path | None, typer.Option("--html", metavar="FILE", help="Write one self-contained page.")] = None,
    save: Annotated[
        Path | None, typer.Option("--save", metavar="FILE", help="Save the room's history, to replay it elsewhere.")
    ] = None,
    mask: Annotated[bool, typer.Option("--mask", help="Save nobody's name, id or address, but aliases.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there.")] = False,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", metavar="FILE", help="History to read, else the daemon's.")
    ] = None,
    last: Annotated[
        Any, typer.Option("--last", metavar="TIME", parser=quantities.seconds, help="Only the last: 30m, 2h.")
    ] = None,
) -> None:
    """Tell how every candidate of a room fared, second by second, from the history."""
    if mask and save is None:
        raise RefusedError("usage", "--mask is for --save")
    if html is not None and html.exists() and not force:
        raise RefusedError("conflict", f"{html}: it is there already (--force replaces it)")
    # Only this command reads archives; the others start without it.
    from proctor_sfu.quality.archive import Archive
    from proctor_sfu.quality.report import CandidateReport

    with Archive(file or history.of_daemon(cli)) as archive:
        begin, end = _time_of(archive, room, last)
        if save is not None:
            _save(archive, room, begin, end, save, masked=mask, force=force)
        made = _made(archive, room, begin, end, candidates or ())
    if html is not None:
        _write_page(made, html)
    if (html is None and save is None) or cli.as_json:
        found = made.candidates
        if cli.format is Format.CSV:
            found = tuple(replace(each, curves=()) for each in found)  # More than a cell of a spreadsheet can hold.
        cli.writer(CandidateReport).many(found, COLUMNS, empty="nobody was in the room")
        for hole in made.holes:
            exits.hint(f"warning: the history tells nothing from {hole.begin} to {hole.end}")


def _time_of(archive: Archive, room: str, last: float | None) -> tuple[float, float]:
    """Return when the history tells of a room; raises `RefusedError` if it never does."""
    end = archive.end if archive.end is not None else 0.0
    begin = archive.begin if last is None or archive.begin is None else max(archive.begin, time.time() - last)
    seen = [each.at for each in archive.frames(begin, end, step=60) if any(one.id == room for one in each.frame.rooms)]
    if not seen:
        # A room that was there for less than a minute.
        seen = [each.at for each in archive.frames(begin, end) if any(one.id == room for one in each.frame.rooms)]
    if not seen:
        raise RefusedError("not_found", f'{archive.path}: nothing is known of room "{room}"')
    return max(seen[0] - 60, begin or 0.0), min(seen[-1] + 60, end)


def _made(archive: Archive, room: str, begin: float, end: float, only: Sequence[str]) -> Report:
    from proctor_sfu.quality.collector import Collector

    collector = Collector(room, begin, end, only=only)
    with progress() as tell:
        for recorded in archive.frames(begin, end):
            collector.add(recorded)
            if recorded.number % 100 == 0 and sys.stderr.isatty():
                tell("reading the history", (recorded.at - begin) / max(1.0, end - begin))
    made = collector.report(archive.node, archive.version, archive.events(begin, end, room=room))
    missing = set(only) - {each.id for each in made.candidates}
    if missing:
        raise RefusedError("not_found", f'{archive.path}: nothing is known of "{min(missing)}" in room "{room}"')
    return made


def _save(archive: Archive, room: str, begin: float, end: float, path: Path, *, masked: bool, force: bool) -> None:
    from proctor_sfu.control.api.masking import Mask
    from proctor_sfu.quality.keeping import save

    if path.exists() and not force:
        raise RefusedError("conflict", f"{path}: it is there already (--force replaces it)")
    save(archive, room, begin, end, path, mask=Mask(secrets.token_bytes(16)) if masked else None, force=force)
    exits.hint(f"saved {path}: psfu monitor --replay {path}")


def _write_page(made: Report, path: Path) -> None:
    from proctor_sfu.quality.report_page import page

    try:
        path.write_text(page(made), encoding="utf-8")
    except OSError as error:
        raise PsfuError(f"{path}: {(error.strerror or str(error)).lower()}") from error
    exits.hint(f"wrote {path}")
