"""What ``psfu recordings export`` was asked for, and the files that come of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from proctor_sfu.errors import RefusedError
from proctor_sfu.recording import ledger_file
from proctor_sfu.recording.export import Exported, Exporter, Span
from proctor_sfu.recording.muxer import SUFFIXES, Container
from proctor_sfu.recording.verify import Report, Verifier, known_key
from psfu_cli import offline, quantities
from psfu_cli.output import Column, duration
from psfu_cli.progress import Tell

COLUMNS: Final = (
    Column(title="FILE", value=lambda each: each.file),
    Column(title="FORMAT", value=lambda each: each.format),
    Column(title="DURATION", value=lambda each: duration(each.duration_s)),
    Column(title="TRACKS", value=lambda each: " ".join(f"{track.track}:{track.codec}" for track in each.tracks)),
    Column(title="FRAMES", value=lambda each: " ".join(str(track.frames) for track in each.tracks)),
    Column(title="DROPPED", value=lambda each: sum(track.dropped for track in each.tracks)),
)
_SUFFIX: Final[dict[Container, str]] = {"webm": ".webm", "matroska": ".mkv", "mp4": ".mp4"}
_KINDS: Final[dict[str, Container]] = {"webm": "webm", "mkv": "matroska", "mp4": "mp4"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is wanted."""

    to: Path | None
    kind: str | None
    sources: tuple[str, ...]
    separate: bool
    last: float | None
    at: str | None
    margin: float
    """Seconds."""
    force: bool


def export(
    folder: Path, wish: Wish, config: Path | None, tell: Tell, check: Callable[[Report], None] | None, *, many: bool
) -> Iterator[Exported]:
    """Export one recording; ``many``: it is one of several, so they cannot all be the file of ``--to``.

    ``check`` gets what verification says of what is read, before it is; None: it is not verified.
    """
    name = ledger_file.name(folder)
    exporter = Exporter(folder, offline.recording_key(folder, config), progress=lambda part: tell(name, part))
    tracks = [each for each in exporter.tracks if not wish.sources or each in wish.sources]
    if not tracks:
        raise RefusedError("not_found", f"{name}: it has no {' or '.join(wish.sources) or 'journals'}")
    span = _span(wish, exporter)
    if check is not None:
        verifier = Verifier(folder, known_key(folder), progress=lambda part: tell(f"verifying {name}", part))
        check(verifier.verify(exporter.journals(tracks, span)))
    for group in [[each] for each in tracks] if wish.separate else [tracks]:
        container = _container(wish, exporter, group)
        target = _target(wish, name, container, group[0] if wish.separate else None, many=many)
        if target.exists() and not wish.force:
            raise RefusedError("conflict", f"{target}: it is there already (--force replaces it)")
        yield exporter.export(target, container, group, span)


def _container(wish: Wish, exporter: Exporter, tracks: list[str]) -> Container:
    if wish.kind is not None:
        return _KINDS[wish.kind]
    if wish.to is not None and not wish.to.is_dir() and wish.to.suffix:
        if wish.to.suffix not in SUFFIXES:
            raise RefusedError("usage", f"{wish.to}: it has to end in .webm, .mkv or .mp4")
        return SUFFIXES[wish.to.suffix]
    return exporter.container(tracks)


def _target(wish: Wish, name: str, container: Container, track: str | None, *, many: bool) -> Path:
    stem = name.replace("/", "-") + (f"-{track}" if track else "")
    if wish.to is None:
        return Path(stem + _SUFFIX[container])
    if (many or track) and not wish.to.suffix:
        wish.to.mkdir(parents=True, exist_ok=True)
    if wish.to.is_dir():
        return wish.to / (stem + _SUFFIX[container])
    if many or track:
        raise RefusedError("usage", f"{wish.to}: several files are to be written: name a folder")
    return wish.to


def _span(wish: Wish, exporter: Exporter) -> Span:
    if wish.last is not None and wish.at is not None:
        raise RefusedError("usage", "--last and --at do not go together")
    if wish.last is not None:
        return Span(begin_us=exporter.ended_us - int(1e6 * wish.last))
    if wish.at is not None:
        middle, reach = _moment(wish.at, exporter), int(1e6 * wish.margin)
        return Span(begin_us=middle - reach, end_us=middle + reach)
    return Span()


def _moment(text: str, exporter: Exporter) -> int:
    """Return microseconds of Unix time of a date and time, or of a time since the beginning."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return exporter.begun_us + int(1e6 * quantities.seconds(text))
    return int(1e6 * (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp())
