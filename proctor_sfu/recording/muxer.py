"""Writes frames of several tracks into one file people can play, in the order of time; PyAV does the containers."""

from __future__ import annotations

import heapq
import io
import itertools
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import av

from proctor_sfu.recording.frames import Frame
from proctor_sfu.recording.journal import Header

Container: TypeAlias = Literal["webm", "matroska", "mp4"]

SUFFIXES: Final[Mapping[str, Container]] = {
    ".webm": "webm", ".mkv": "matroska", ".mka": "matroska", ".mp4": "mp4", ".m4a": "mp4",
}  # fmt: skip
CODECS: Final[Mapping[Container, frozenset[str]]] = {
    "webm": frozenset({"vp8", "vp9", "opus"}),
    "matroska": frozenset({"vp8", "vp9", "h264", "opus"}),
    "mp4": frozenset({"h264", "opus"}),
}
_MILLISECOND: Final = Fraction(1, 1000)
_OPUS_RATE: Final = 48_000
_IVF: Final = struct.Struct("<4sHH4sHHIIII")
_IVF_FRAME: Final = struct.Struct("<IQ")


@dataclass(slots=True, kw_only=True)
class Counts:
    """What became of a track."""

    frames: int = 0
    """Written."""
    dropped: int = 0
    """Pictures that lacked packets, and those built upon them."""
    lost: int = 0
    """Packets that are in no journal."""


@dataclass(slots=True, kw_only=True, eq=False)
class Outlet:
    """A stream of the file: one track in one codec."""

    track: str
    header: Header
    """Of its first journal."""
    counts: Counts = field(default_factory=Counts)
    stream: Any = None
    """PyAV's."""
    latest_ms: int = -1


class Muxer:
    """Writes frames of several tracks, in the order of time. ``with`` finishes the file."""

    def __init__(self, path: Path, container: Container) -> None:
        self.begin_us: float | None = None
        self.duration_ms = 0
        self._output: Any = av.open(str(path), "w", format=container)
        self._templates: list[Any] = []

    def __enter__(self) -> Muxer:
        return self

    def __exit__(self, *reason: object) -> None:
        self._output.close()
        for template in self._templates:
            template.close()

    def write(self, flows: Sequence[Iterator[tuple[float, Outlet, Frame]]], title: str) -> None:
        """Write all frames of all tracks; the first of each says what its stream is, and when the file begins."""
        started = [(first, flow) for flow in flows if (first := next(flow, None)) is not None]
        if not started:
            return
        self._output.metadata["title"] = title
        for (_, outlet, frame), _ in started:
            self._add(outlet, frame)
        self.begin_us = min(at for (at, _, _), _ in started)
        whole = [itertools.chain((first,), flow) for first, flow in started]
        for at, outlet, frame in heapq.merge(*whole, key=lambda each: each[0]):
            self._put(at, outlet, frame)

    def _put(self, at: float, outlet: Outlet, frame: Frame) -> None:
        assert self.begin_us is not None
        ms = max(round((at - self.begin_us) / 1000), outlet.latest_ms + 1)
        outlet.latest_ms = ms
        packet = av.Packet(frame.data)
        packet.stream, packet.time_base, packet.is_keyframe = outlet.stream, _MILLISECOND, frame.key
        packet.pts = packet.dts = ms
        self._output.mux(packet)
        outlet.counts.frames += 1
        self.duration_ms = max(self.duration_ms, ms)

    def _add(self, outlet: Outlet, frame: Frame) -> None:
        """Add the stream of a track, as its first frame says."""
        if outlet.header.kind == "audio":
            channels = "stereo" if outlet.header.channels == 2 else "mono"
            outlet.stream = self._output.add_stream("libopus", rate=_OPUS_RATE, layout=channels)
        else:
            template = av.open(*_sample(outlet.header.codec, frame))
            self._templates.append(template)
            outlet.stream = self._output.add_stream_from_template(template.streams.video[0])
        outlet.stream.metadata["title"] = outlet.track


def _sample(codec: str, frame: Frame) -> tuple[io.BytesIO, str, str]:
    """Return arguments to open a frame as a file of its own, from which the muxer takes what a decoder needs."""
    if codec == "h264":
        return io.BytesIO(frame.data), "r", "h264"
    width, height = frame.size or (0, 0)
    head = _IVF.pack(b"DKIF", 0, 32, {"vp8": b"VP80", "vp9": b"VP90"}[codec], width, height, 1000, 1, 1, 0)
    return io.BytesIO(head + _IVF_FRAME.pack(len(frame.data), 0) + frame.data), "r", "ivf"
