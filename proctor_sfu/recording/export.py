"""Exports a recording to files people can play, without transcoding, also while it is still recorded.

Tracks are put on one clock (`timeline`), gaps stay gaps, and a file begins at a key frame. Muxing is libavformat's, by
way of PyAV.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

from proctor_sfu.errors import ExportError, SealedError
from proctor_sfu.recording import contents, folder, ledger, ledger_file
from proctor_sfu.recording.contents import Stated
from proctor_sfu.recording.frames import Frame, Stream, Unwrapper
from proctor_sfu.recording.journal import Header
from proctor_sfu.recording.muxer import CODECS, Container, Counts, Muxer, Outlet
from proctor_sfu.recording.reading import JournalFile
from proctor_sfu.recording.timeline import Arrivals, Timeline

Progress: TypeAlias = Callable[[float], None]

PREROLL_US: Final = 45_000_000
"""Microseconds before a wanted part in which its key frame is looked for; the recorder asks for one every 30 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The part that is wanted, microseconds of Unix time; None: from the beginning, to the end."""

    begin_us: int | None = None
    end_us: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackResult:
    """What was written of a track."""

    track: str
    codec: str
    frames: int
    dropped: int
    """Pictures that lacked packets, and those built upon them."""
    lost: int
    """Packets that are in no journal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exported:
    """A file that was written."""

    file: str
    format: Container
    begin_us: int
    """When its time 0 was captured, microseconds of Unix time."""
    duration_s: float
    tracks: tuple[TrackResult, ...]


@dataclass(slots=True, kw_only=True)
class _Take:
    """Journals of one stream: one track, one SSRC."""

    track: str
    header: Header
    files: list[tuple[Path, Stated]]

    @property
    def clocks(self) -> list[tuple[int, int]]:
        return [clock for _, stated in self.files for clock in stated.clocks]


class Exporter:
    """Exports one recording. ``key``: its own, if it is encrypted."""

    def __init__(self, path: Path, key: bytes | None = None, *, progress: Progress = lambda part: None) -> None:
        self._folder = path
        self._key = key
        self._progress = progress
        rows = ledger_file.read(path).rows
        self._recording = contents.recording(rows) or folder.place(path)
        self._stated = contents.journals(rows)
        self._takes = self._find()
        self._size = 1
        self._read = 0

    @property
    def tracks(self) -> list[str]:
        """Names of the tracks there are."""
        return sorted({take.track for take in self._takes})

    @property
    def ended_us(self) -> int:
        """Arrival of the last packet, microseconds of Unix time; of a journal that grows, about."""
        return max((_ended_us(path, stated) for take in self._takes for path, stated in take.files), default=0)

    @property
    def begun_us(self) -> int:
        """Arrival of the first packet, microseconds of Unix time."""
        return min((take.header.started_us for take in self._takes), default=0)

    def journals(self, tracks: Sequence[str], span: Span) -> set[str]:
        """Return the names of the journals that a part of these tracks is read from."""
        takes = [take for take in self._takes if take.track in tracks]
        return {path.name for take in takes for path, stated in take.files if _file_meets(stated, span)}

    def container(self, tracks: Sequence[str]) -> Container:
        """Return the container that suits these tracks: WebM if it can."""
        codecs = {take.header.codec for take in self._takes if take.track in tracks}
        return "webm" if codecs <= CODECS["webm"] else "matroska"

    def export(self, target: Path, container: Container, tracks: Sequence[str], span: Span) -> Exported:
        """Write one file. Raises `ExportError`, `SealedError` and `OSError`; an unfinished file is removed."""
        takes = [take for take in self._takes if take.track in tracks and _meets(take, span)]
        wrong = {take.header.codec for take in takes} - CODECS[container]
        if wrong:
            raise ExportError(f"{container} cannot hold {', '.join(sorted(wrong))}; choose another format")
        self._size = max(1, sum(path.stat().st_size for take in takes for path, _ in take.files))
        self._read = 0
        unfinished = target.with_name(f".{target.name}.unfinished")
        try:
            exported = self._write(unfinished, target, container, takes, span)
            unfinished.replace(target)
        except BaseException:
            unfinished.unlink(missing_ok=True)
            raise
        self._progress(1.0)
        return exported

    # Finding.

    def _find(self) -> list[_Take]:
        """Return the takes by track and time; a journal that has not even a header yet is left out."""
        found: dict[tuple[str, int], _Take] = {}
        for path in folder.journals(self._folder):
            name = folder.journal_name(path.name)
            assert name is not None
            stated = self._stated.get(path.name, Stated(file=path.name, track=name.track))
            header = self._header(path)
            if header is not None and not stated.erased:
                take = found.setdefault(
                    (name.track, header.ssrc), _Take(track=name.track, header=header, files=[])
                )  # fmt: skip
                take.files.append((path, stated))
        return sorted(found.values(), key=lambda take: (take.track, take.header.started_us))

    def _header(self, path: Path) -> Header | None:
        if path.name.endswith(folder.SEALED) and self._key is None:
            raise SealedError(f"{self._recording}: it is encrypted; its key and recording.master_key are needed")
        reader = JournalFile(path, self._recording, self._key)
        for _ in reader.pieces():
            if reader.parser.header is not None:
                return reader.parser.header
        return None

    # Reading.

    def _packets(self, take: _Take, span: Span, tell: Callable[[int], None]) -> Iterator[tuple[int, bytes]]:
        """Yield arrival and packet, in the order they were written; ``tell`` gets the bytes read."""
        for path, stated in take.files:
            if not _file_meets(stated, span):
                continue
            reader = JournalFile(path, self._recording, self._key)
            tell(reader.skip(_skippable(stated, span)))
            for piece, packets in reader.pieces():
                header = reader.parser.header
                for packet in packets:
                    assert header is not None
                    yield header.started_us + packet.ms * 1000, packet.data
                tell(len(piece))

    def _tell(self, count: int) -> None:
        self._read += count
        self._progress(min(0.99, self._read / self._size))

    def _frames(self, take: _Take, span: Span, counts: Counts) -> Iterator[tuple[float, Frame]]:
        """Yield frames with the time they were captured."""
        timeline: Timeline | None = None
        stream = Stream(take.header.codec)
        for at_us, packet in self._packets(take, span, self._tell):
            for frame in stream.push(packet, at_us):
                timeline = timeline or self._timeline(take, span, frame.timestamp)
                yield timeline.at(frame.timestamp), frame
        for frame in stream.end():
            timeline = timeline or self._timeline(take, span, frame.timestamp)
            yield timeline.at(frame.timestamp), frame
        counts.dropped += stream.dropped
        counts.lost += stream.lost

    def _timeline(self, take: _Take, span: Span, first: int) -> Timeline:
        """Return the clock of a stream whose first timestamp that counts is ``first``."""
        unwrapper = Unwrapper(32)
        unwrapper.take(first)
        if take.clocks:
            return Timeline(
                take.header.clock_rate, [(unwrapper.take(timestamp), float(at)) for timestamp, at in take.clocks]
            )
        arrivals, stream = Arrivals(take.header.clock_rate), Stream(take.header.codec)
        for at_us, packet in self._packets(take, span, lambda count: None):
            for frame in stream.push(packet, at_us):
                arrivals.take(frame.timestamp, frame.at_us)
        for frame in stream.end():
            arrivals.take(frame.timestamp, frame.at_us)
        return Timeline(take.header.clock_rate, arrivals.points())

    # Writing.

    def _write(
        self, unfinished: Path, target: Path, container: Container, takes: Sequence[_Take], span: Span
    ) -> Exported:
        found: dict[tuple[bool, str, str], list[_Take]] = {}
        for take in takes:
            # Pictures first.
            found.setdefault((take.header.kind != "video", take.track, take.header.codec), []).append(take)
        parts = [(Outlet(track=key[1], header=found[key][0].header), found[key]) for key in sorted(found)]
        outlets = [outlet for outlet, _ in parts]
        with Muxer(unfinished, container) as muxer:
            muxer.write([self._cut(outlet, own, span) for outlet, own in parts], self._recording)
        if muxer.begin_us is None:
            begin, end = (ledger.timestamp(at / 1e6) for at in (self.begun_us, self.ended_us))
            text = f"nothing that can be played is in this part; it was recorded from {begin} to {end}"
            raise ExportError(f"{self._recording}: {text}")
        tracks = tuple(
            TrackResult(
                track=outlet.track, codec=outlet.header.codec, frames=outlet.counts.frames,
                dropped=outlet.counts.dropped, lost=outlet.counts.lost,
            )
            for outlet in outlets
        )  # fmt: skip
        return Exported(
            file=str(target), format=container, begin_us=int(muxer.begin_us),
            duration_s=round(muxer.duration_ms / 1000, 3), tracks=tracks,
        )  # fmt: skip

    def _cut(self, outlet: Outlet, takes: Sequence[_Take], span: Span) -> Iterator[tuple[float, Outlet, Frame]]:
        """Yield the frames of a track that are wanted, those from the key frame before its begin on included."""
        before: list[tuple[float, Frame]] = []
        for take in takes:
            for at, frame in self._frames(take, span, outlet.counts):
                if span.end_us is not None and at > span.end_us:
                    break
                if span.begin_us is not None and at < span.begin_us:
                    if frame.key:
                        before.clear()
                    if outlet.header.kind == "video":
                        before.append((at, frame))
                    continue
                for earlier_at, earlier in before:
                    yield earlier_at, outlet, earlier
                before.clear()
                yield at, outlet, frame


def _ended_us(path: Path, stated: Stated) -> int:
    return stated.last_us if stated.closed else path.stat().st_mtime_ns // 1000


def _meets(take: _Take, span: Span) -> bool:
    return any(_file_meets(stated, span) for _, stated in take.files)


def _file_meets(stated: Stated, span: Span) -> bool:
    """Whether a journal may have something of a part; one that grows is not known to end."""
    if span.begin_us is not None and stated.closed and stated.last_us < span.begin_us - PREROLL_US:
        return False
    return span.end_us is None or not stated.first_us or stated.first_us <= span.end_us


def _skippable(stated: Stated, span: Span) -> int:
    """Return where in a journal to begin to read."""
    if span.begin_us is None:
        return 0
    wanted = span.begin_us - PREROLL_US
    return max(
        (mark.size for mark, last_us in zip(stated.marks, stated.lasts, strict=True) if last_us < wanted), default=0
    )
