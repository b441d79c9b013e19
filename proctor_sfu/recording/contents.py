"""What a ledger says there should be: its journals with their last known states, and a summary. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NoReturn

from proctor_sfu.errors import FolderError
from proctor_sfu.recording.digest import Mark
from proctor_sfu.recording.folder import journal_name, split_id
from proctor_sfu.recording.ledger import Row, timestamp

SILENCE_US: Final = 2_000_000
"""Time without packets from which on a ledger names a gap."""
HOLDS: Final = frozenset({"hold_set", "hold_released"})
"""Events of a ledger that say whether anything of a recording may be deleted."""
ROUNDING_US: Final = 2000
"""Journals have milliseconds, rows have microseconds."""


@dataclass(slots=True, kw_only=True)
class Stated:
    """A journal, as rows speak of it."""

    file: str
    track: str
    marks: list[Mark] = field(default_factory=list)
    """Of checkpoints, and last of its end if it is closed."""
    lasts: list[int] = field(default_factory=list)
    """Arrival of the last packet before each mark, microseconds of Unix time."""
    clocks: list[tuple[int, int]] = field(default_factory=list)
    """RTP timestamps, and when these were captured, microseconds of Unix time."""
    packets: int = 0
    first_us: int = 0
    last_us: int = 0
    closed: bool = False
    erased: bool = False


def journals(rows: Iterable[Row]) -> dict[str, Stated]:
    """Return the journals by file name, in the order they were begun. Raises `ValueError` for a row that is none."""
    found: dict[str, Stated] = {}
    for row in rows:
        try:
            _take(found, row)
        except (KeyError, TypeError, IndexError) as error:
            raise ValueError(f"row {row.n}: not a row of psfu: {error!r}") from None
    return found


def _take(found: dict[str, Stated], row: Row) -> None:
    fields = row.fields
    if row.event == "erased":
        for name in fields["files"]:
            track = (journal_name(name) or _no_journal(name)).track
            found.setdefault(name, Stated(file=name, track=track)).erased = True
    if row.event not in ("segment_opened", "checkpoint", "segment_closed"):
        return
    if journal_name(fields["file"]) is None:
        _no_journal(fields["file"])
    stated = found.setdefault(fields["file"], Stated(file=fields["file"], track=fields["track"]))
    if row.event == "segment_opened":
        return
    stated.marks.append(Mark(size=fields["bytes"], sha256=fields["sha256"], crc32=fields["crc32"]))
    stated.lasts.append(fields["last_us"])
    stated.packets, stated.first_us, stated.last_us = fields["packets"], fields["first_us"], fields["last_us"]
    if "clock" in fields:
        clock = (fields["clock"][0], fields["clock"][1])
        if clock not in stated.clocks[-1:]:
            stated.clocks.append(clock)
    stated.closed = row.event == "segment_closed"


def _no_journal(name: object) -> NoReturn:
    raise TypeError(f"{name!r} is no journal")


def recording(rows: Sequence[Row]) -> str | None:
    """Return the id of the recording, which its first row has wherever it was copied to."""
    found = rows[0].fields.get("recording") if rows else None
    try:
        return "/".join(split_id(found)) if isinstance(found, str) else None
    except FolderError:
        return None


def is_gap(event: str, fields: Mapping[str, Any]) -> bool:
    """Whether a row is of a gap; one in which no packet is missing is only the time between two."""
    return event == "gap" and fields.get("packets") != 0


@dataclass(slots=True, kw_only=True)
class Tally:
    """What rows have come to so far."""

    gaps: int = 0
    held: bool = False
    """Nothing of the recording may be deleted."""

    def take(self, event: str, fields: Mapping[str, Any]) -> bool:
        """Take the next row; returns whether it changed anything."""
        before = self.gaps, self.held
        self.gaps += is_gap(event, fields)
        if event in HOLDS:
            self.held = event == "hold_set"
        return (self.gaps, self.held) != before


def finished(rows: Iterable[Row]) -> bool:
    """Whether the recording is complete."""
    return any(row.event == "recording_finished" for row in rows)


def unexplained(rows: Sequence[Row]) -> list[tuple[str, str, int, int]]:
    """Return track, file, begin and end (microseconds of Unix time) of times between journals no row explains."""
    explained: dict[str, list[tuple[int, int]]] = {}
    for row in rows:
        begin, end = row.fields.get("from_us"), row.fields.get("to_us")
        if row.event == "gap" and begin is not None and end is not None:
            explained.setdefault(row.fields.get("track", ""), []).append((begin, end))
    latest: dict[str, int] = {}
    found = []
    for each in sorted(journals(rows).values(), key=lambda each: (each.track, each.first_us)):
        if not each.first_us:
            continue
        since = latest.get(each.track, each.first_us)
        if each.first_us - since > SILENCE_US and not _cover(explained.get(each.track, ()), since, each.first_us):
            found.append((each.track, each.file, since, each.first_us))
        latest[each.track] = max(since, each.last_us)
    return found


def _cover(gaps: Iterable[tuple[int, int]], begin: int, end: int) -> bool:
    """Whether gaps, one or several that follow each other, reach over a time."""
    for since, until in sorted(gaps):
        if since <= begin + ROUNDING_US:
            begin = max(begin, until)
    return begin >= end


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A recording at a glance, as its manifest has it."""

    begun_at: str
    ended_at: str
    """Arrival of the last packet, or when it began."""
    tracks: str
    """Their names, with commas."""
    packets: int
    size: int
    """Bytes of the journals."""
    gaps: int
    gap_ms: int
    """Milliseconds of all gaps of all tracks."""
    held: bool
    """Nothing of it may be deleted."""
    retain_until: str
    """When it may be deleted; empty: never by itself."""
    erased: bool
    """Its journals were deleted."""


def summary(rows: Sequence[Row]) -> Summary:
    """Sum a ledger up. Raises `ValueError` for one that psfu did not write."""
    stated = journals(rows).values()
    gaps = [row.fields for row in rows if is_gap(row.event, row.fields)]
    tally, retain = Tally(), None
    for row in rows:
        tally.take(row.event, row.fields)
        retain = row.fields.get("retain_days", retain)
    try:
        last = max((each.last_us for each in stated), default=0) / 1e6 or rows[0].at
        until = timestamp(last + 86_400 * retain) if retain else ""
        return Summary(
            begun_at=timestamp(rows[0].at), ended_at=timestamp(last),
            tracks=",".join(sorted({each.track for each in stated})),
            packets=sum(each.packets for each in stated),
            size=sum(each.marks[-1].size for each in stated if each.marks and not each.erased),
            gaps=tally.gaps, gap_ms=sum(gap["to_us"] - gap["from_us"] for gap in gaps) // 1000, held=tally.held,
            retain_until=until, erased=bool(stated) and all(each.erased for each in stated),
        )  # fmt: skip
    except (IndexError, KeyError, TypeError, OverflowError) as error:
        raise ValueError(f"not a ledger of psfu: {error!r}") from None
