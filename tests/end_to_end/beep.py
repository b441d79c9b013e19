"""Sound with a beginning: a beep each second, and where the beeps of decoded sound begin.

With the time code of the pictures it shows whether sound and picture belong together.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
import numpy as np

from proctor_sfu.simulate.clip import EncodedFrame
from proctor_sfu.simulate.formats import AUDIO_CLOCK, AUDIO_PACKET, SECONDS

EVERY: Final = AUDIO_CLOCK // AUDIO_PACKET
"""Packets from the beginning of a beep to that of the next: a second."""
_LENGTH: Final = AUDIO_CLOCK // 10
_LOUD: Final = 4000
_HERTZ: Final = 1000


@functools.cache
def frames() -> tuple[EncodedFrame, ...]:
    """Return six seconds of Opus, in which each packet whose number `EVERY` divides begins a beep."""
    wave = np.zeros(AUDIO_CLOCK, np.int16)
    wave[:_LENGTH] = np.sin(2 * np.pi * _HERTZ * np.arange(_LENGTH) / AUDIO_CLOCK) * 12_000
    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as container:
        stream = container.add_stream("libopus", rate=AUDIO_CLOCK, layout="stereo")
        for start in range(0, SECONDS * AUDIO_CLOCK, AUDIO_PACKET):
            piece = np.repeat(wave[start % AUDIO_CLOCK :][:AUDIO_PACKET], 2)[np.newaxis]
            frame = av.AudioFrame.from_ndarray(piece, format="s16", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = AUDIO_CLOCK, start, Fraction(1, AUDIO_CLOCK)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    target.seek(0)
    with av.open(target) as container:
        return tuple(EncodedFrame(data=bytes(packet), key=True) for packet in container.demux(audio=0) if packet.size)[
            : SECONDS * EVERY
        ]


def beginnings(path: Path) -> Iterator[float]:
    """Yield when each beep of a file begins, in seconds of the file."""
    silent_since = float("-inf")
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            loud = np.abs(_mono(frame)) > _LOUD
            start = float(frame.pts * frame.time_base)
            for index in np.flatnonzero(loud):
                at = start + float(index) / frame.sample_rate
                if at - silent_since > 0.5:
                    yield at
                silent_since = at


def _mono(frame: Any) -> Any:
    samples = frame.to_ndarray().astype(np.float64)
    if frame.format.is_planar:
        return samples[0] * (32767 if "flt" in frame.format.name else 1)
    return samples.reshape(-1, len(frame.layout.channels))[:, 0]
