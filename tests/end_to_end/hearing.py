"""Finds the tone in decoded audio: the strongest frequency of every half second, and how much of the sound it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

WINDOW: Final = 24_000
"""Samples looked at together: half a second at 48 kHz."""
RESOLUTION: Final = 48_000 / WINDOW
"""Hertz between two neighbouring frequencies that can be told apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """The strongest frequency of a window."""

    hertz: float
    share: float
    """Part of the window's energy within three resolution steps of it, 0 to 1; silence has 0."""


class Ear:
    """Collects decoded 16 bit frames of 48 kHz stereo sound and judges every full window."""

    def __init__(self) -> None:
        self._pending: list[npt.NDArray[np.float64]] = []
        self._samples = 0

    def add(self, frame: Any) -> Tone | None:
        """Take an ``av.AudioFrame``; return the tone of the window it completed, if it completed one."""
        samples = frame.to_ndarray().astype(np.float64).reshape(-1)
        left = slice(0, frame.samples) if frame.format.is_planar else slice(0, None, len(frame.layout.channels))
        samples = samples[left]
        self._pending.append(samples)
        self._samples += samples.size
        if self._samples < WINDOW:
            return None
        window = np.concatenate(self._pending)[:WINDOW]
        self._pending.clear()
        self._samples = 0
        return _strongest(window)


def _strongest(window: npt.NDArray[np.float64]) -> Tone:
    energy = np.abs(np.fft.rfft(window * np.hanning(WINDOW))) ** 2
    total = float(energy.sum())
    if total == 0:
        return Tone(hertz=0.0, share=0.0)
    peak = int(energy.argmax())
    near = float(energy[max(0, peak - 3) : peak + 4].sum())
    return Tone(hertz=peak * RESOLUTION, share=near / total)
