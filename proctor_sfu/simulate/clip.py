"""Short encoded clips with a burnt-in time code and a sine tone, generated once and kept in the user's cache.

A clip lasts 6 s and has a key frame every second, no frame reordering, in Matroska; picture *n* carries the number *n*
(`timecode`), so every picture whose number divides by the frames of a second is a key frame. The tone lasts as long as
the picture. The name of a file is the hash of everything that determines its content.
"""

from __future__ import annotations

import hashlib
import math
import os
import random
from array import array
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av

from proctor_sfu.simulate import timecode
from proctor_sfu.simulate.formats import (
    AUDIO_CLOCK,
    AUDIO_PACKET,
    CAMERA,
    Format,
    VideoCodec,
    of_height,
)  # fmt: skip

_ENCODERS: Final[dict[VideoCodec, tuple[str, dict[str, str]]]] = {
    "vp8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}),
    "h264": (
        "libx264",
        {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline", "level": "31", "sc_threshold": "0"},
    ),
}


WIDTH: Final = CAMERA.width
HEIGHT: Final = CAMERA.height
FPS: Final = CAMERA.fps
FRAMES: Final = CAMERA.frames
"""Of a camera without simulcast."""

_ANNEX_B: Final = "h264_mp4toannexb,filter_units=remove_types=6"
"""Without what x264 says of itself, which would stand in front of the first key frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodedFrame:
    """One encoded picture or one audio packet."""

    data: bytes
    """H264 as Annex B with its parameter sets before every key frame."""
    key: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    """Everything encoded of a clip: its pictures, and packets of sound."""

    codec: VideoCodec
    format: Format
    video: tuple[EncodedFrame, ...]
    audio: tuple[EncodedFrame, ...]


def make(codec: VideoCodec, hertz: int, form: Format = CAMERA, packet: int = AUDIO_PACKET) -> Path:
    """Return the path of a clip with pictures of ``form`` and a tone of ``hertz``; encode it if it is not there yet.

    ``packet``: samples in a packet of the tone.
    """
    recipe = b"".join(Path(module).read_bytes() for module in (__file__, str(timecode.__file__)))
    digest = hashlib.sha256(recipe + f"{codec} {hertz} {form} {packet} {av.__version__}".encode()).hexdigest()
    path = _folder() / f"{codec}-{form.height}-{hertz}-{digest[:16]}.mkv"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{os.getpid()}-{path.name}")
        _encode(unfinished, codec, hertz, form, packet)
        unfinished.replace(path)
    return path


def load(path: Path) -> Clip:
    """Read a clip that `make` wrote."""
    with av.open(str(path)) as container:
        pictures, sound = container.streams.video[0], container.streams.audio[0]
        codec: VideoCodec = "h264" if pictures.codec_context.name == "h264" else "vp8"
        to_annex_b = av.bitstream.BitStreamFilterContext(_ANNEX_B, pictures) if codec == "h264" else None
        video: list[EncodedFrame] = []
        audio: list[EncodedFrame] = []
        for packet in container.demux(pictures, sound):
            if packet.size == 0:
                continue
            if packet.stream is sound:
                audio.append(EncodedFrame(data=bytes(packet), key=True))
                continue
            found = to_annex_b.filter(packet) if to_annex_b else [packet]
            video.extend(EncodedFrame(data=bytes(each), key=bool(each.is_keyframe)) for each in found)
        form = of_height(pictures.height)
    return Clip(codec=codec, format=form, video=tuple(video), audio=tuple(audio))


def picture(number: int, form: Format = CAMERA) -> Any:
    """Return picture ``number`` of a clip as an ``av.VideoFrame``: the time code above a moving pattern."""
    luma = timecode.blank(form.width, form.height)
    ramp = bytes(value % 256 // 2 + 64 for value in range(256 + form.width))
    for line in range(form.height):
        start = (line // 2 + form.motion * number) % 256
        luma.data[line * form.width : (line + 1) * form.width] = ramp[start : start + form.width]
    if form.noise:
        _add_noise(luma, form.noise, number)
    timecode.draw(luma, number)
    frame = av.VideoFrame(form.width, form.height, "yuv420p")
    brightness, *colours = frame.planes
    rows = (bytes(luma.data[line * form.width : (line + 1) * form.width]) for line in range(form.height))
    brightness.update(b"".join(row.ljust(brightness.line_size, b"\x80") for row in rows))
    for plane in colours:
        plane.update(b"\x80" * plane.buffer_size)
    return frame


def _add_noise(luma: timecode.Luma, most: int, seed: int) -> None:
    """Add up to ``most`` to every byte: one addition of two long numbers, since the pattern leaves room for it."""
    size = len(luma.data)
    grain = random.Random(seed).randbytes(size).translate(bytes(value * (most + 1) // 256 for value in range(256)))
    luma.data[:] = (int.from_bytes(luma.data, "big") + int.from_bytes(grain, "big")).to_bytes(size, "big")


def _folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "psfu" / "clips"


def _encode(path: Path, codec: VideoCodec, hertz: int, form: Format, packet: int) -> None:
    encoder, options = _ENCODERS[codec]
    with av.open(str(path), "w", format="matroska") as container:
        video = container.add_stream(encoder, rate=form.fps, options=options)
        video.width, video.height, video.pix_fmt = form.width, form.height, "yuv420p"
        video.bit_rate, video.gop_size, video.max_b_frames = form.bitrate, form.fps, 0
        duration = {"frame_duration": str(1000 * packet // AUDIO_CLOCK)}
        audio = container.add_stream("libopus", rate=AUDIO_CLOCK, layout="stereo", options=duration)
        audio.bit_rate = 48_000
        second = _second_of(hertz)
        for number in range(form.frames):
            frame = picture(number, form)
            frame.pts, frame.time_base = number, Fraction(1, form.fps)
            if number % form.fps == 0:
                frame.pict_type = av.video.frame.PictureType.I
            container.mux(video.encode(frame))
            for start in range(number * AUDIO_CLOCK // form.fps, (number + 1) * AUDIO_CLOCK // form.fps, _SOUND):
                container.mux(audio.encode(_sound(second, start)))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


_SOUND: Final = AUDIO_PACKET // 2
"""Samples handed to the audio encoder at once."""


def _second_of(hertz: int) -> bytes:
    """Return a second of a tone as 16 bit stereo; a whole number of waves, so that seconds join without a click."""
    wave = (int(12_000 * math.sin(2 * math.pi * hertz * at / AUDIO_CLOCK)) for at in range(AUDIO_CLOCK))
    return array("h", (value for sample in wave for value in (sample, sample))).tobytes()


def _sound(second: bytes, start: int) -> Any:
    frame = av.AudioFrame(format="s16", layout="stereo", samples=_SOUND)
    offset = start % AUDIO_CLOCK * 4
    frame.planes[0].update(second[offset : offset + _SOUND * 4].ljust(frame.planes[0].buffer_size, b"\x00"))
    frame.sample_rate, frame.pts, frame.time_base = AUDIO_CLOCK, start, Fraction(1, AUDIO_CLOCK)
    return frame
