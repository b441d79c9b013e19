"""Short encoded clips with a burnt-in time code and a sine tone, generated once and kept in ``build/clips``.

A clip is 6 s of 640 × 360 at 20 frames a second with a key frame every second, no frame reordering, in Matroska;
frame *n* carries the number *n* (`timecode`), so every frame whose number divides by 20 is a key frame. The tone lasts
as long as the picture. The name of a file is the hash of everything that determines its content.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import av
import numpy as np

from end_to_end import timecode

VideoCodec: TypeAlias = Literal["vp8", "h264"]

WIDTH: Final = 640
HEIGHT: Final = 360
FPS: Final = 20
SECONDS: Final = 6
FRAMES: Final = FPS * SECONDS
VIDEO_CLOCK: Final = 90_000
AUDIO_CLOCK: Final = 48_000
AUDIO_PACKET: Final = 960
"""Samples in an Opus packet: 20 ms."""

_ENCODERS: Final[dict[VideoCodec, tuple[str, dict[str, str]]]] = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}),
    "h264": ("libx264", {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "level": "31"}),
}
_FOLDER = Path(__file__).resolve().parents[2] / "build" / "clips"


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedFrame:
    """One encoded picture or one audio packet."""

    data: bytes
    """H264 as Annex B with its parameter sets before every key frame."""
    key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Everything encoded of a clip: `FRAMES` pictures, and 20 ms packets of audio."""

    codec: VideoCodec
    video: tuple[EncodedFrame, ...]
    audio: tuple[EncodedFrame, ...]


def make(codec: VideoCodec, hertz: int) -> Path:
    """Return the path of the clip with ``codec`` pictures and a tone of ``hertz``; encode it if it is not there yet."""
    recipe = b"".join(Path(module).read_bytes() for module in (__file__, str(timecode.__file__)))
    digest = hashlib.sha256(recipe + f"{codec} {hertz} {av.__version__}".encode()).hexdigest()
    path = _FOLDER / f"{codec}-{hertz}-{digest[:16]}.mkv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{os.getpid()}-{path.name}")
        _encode(unfinished, codec, hertz)
        unfinished.replace(path)
    return path


def load(path: Path) -> Clip:
    """Read a clip that `make` wrote."""
    with av.open(str(path)) as container:
        video_stream, sound = container.streams.video[0], container.streams.audio[0]
        codec: VideoCodec = "h264" if video_stream.codec_context.name == "h264" else "vp8"
        to_annex_b = av.bitstream.BitStreamFilterContext("h264_mp4toannexb", video_stream) if codec == "h264" else None
        video: list[EncodedFrame] = []
        audio: list[EncodedFrame] = []
        for packet in container.demux(video_stream, sound):
            if packet.size == 0:
                continue
            if packet.stream is sound:
                audio.append(EncodedFrame(data=bytes(packet), key=True))
                continue
            for each in to_annex_b.filter(packet) if to_annex_b else [packet]:
                video.append(EncodedFrame(data=bytes(each), key=bool(each.is_keyframe)))
    return Clip(codec=codec, video=tuple(video), audio=tuple(audio))


def picture(number: int) -> Any:
    """Return frame ``number`` of every clip as an ``av.VideoFrame``: the time code above a moving pattern."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    luma = ((columns + rows // 2 + 4 * number) % 256 // 2 + 64).astype(np.uint8)
    timecode.draw(luma, number)
    frame = av.VideoFrame(WIDTH, HEIGHT, "yuv420p")
    for plane, values in zip(frame.planes, (luma, None, None), strict=True):
        lines = np.full((plane.height, plane.line_size), 128, np.uint8)
        if values is not None:
            lines[:, :WIDTH] = values
        plane.update(lines.tobytes())
    return frame


def _encode(path: Path, codec: VideoCodec, hertz: int) -> None:
    encoder, options = _ENCODERS[codec]
    with av.open(str(path), "w", format="matroska") as container:
        video = container.add_stream(encoder, rate=FPS, options=options)
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        video.bit_rate, video.gop_size, video.max_b_frames = 600_000, FPS, 0
        audio = container.add_stream("libopus", rate=AUDIO_CLOCK, layout="stereo")
        audio.bit_rate = 48_000
        for number in range(FRAMES):
            frame = picture(number)
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            if number % FPS == 0:
                frame.pict_type = av.video.frame.PictureType.I
            container.mux(video.encode(frame))
            for offset in range(0, AUDIO_CLOCK // FPS, AUDIO_PACKET // 2):
                container.mux(audio.encode(_tone(hertz, number * AUDIO_CLOCK // FPS + offset, AUDIO_PACKET // 2)))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _tone(hertz: int, start: int, samples: int) -> Any:
    wave = np.sin(2 * np.pi * hertz * np.arange(start, start + samples) / AUDIO_CLOCK) * 12_000
    frame = av.AudioFrame.from_ndarray(np.repeat(wave.astype(np.int16), 2)[np.newaxis], format="s16", layout="stereo")
    frame.sample_rate, frame.pts, frame.time_base = AUDIO_CLOCK, start, Fraction(1, AUDIO_CLOCK)
    return frame
