"""What simulated pictures and sound are like."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

VideoCodec: TypeAlias = Literal["vp8", "h264"]
Source: TypeAlias = Literal["camera", "microphone", "screen", "voice"]

SECONDS: Final = 6
"""Length of a clip, which is played again and again."""
VIDEO_CLOCK: Final = 90_000
AUDIO_CLOCK: Final = 48_000
AUDIO_PACKET: Final = 960
"""Samples in an Opus packet: 20 ms."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """What the pictures of a clip are like."""

    width: int
    height: int
    fps: int
    bitrate: int
    """Bits per second the encoder aims at."""
    motion: int
    """Pixels the pattern moves from one picture to the next; a screen shows a still page."""
    noise: int
    """Brightness steps of noise, up to 63: what makes a camera's picture cost the bits it costs."""

    @property
    def frames(self) -> int:
        """Pictures of a clip."""
        return self.fps * SECONDS


CAMERA: Final = Format(width=640, height=360, fps=20, bitrate=600_000, motion=4, noise=6)
LAYERS: Final = (
    Format(width=160, height=90, fps=20, bitrate=80_000, motion=1, noise=6),
    Format(width=320, height=180, fps=20, bitrate=200_000, motion=2, noise=6),
    CAMERA,
)
"""A camera in simulcast, the smallest first."""
SCREEN: Final = Format(width=1280, height=720, fps=5, bitrate=400_000, motion=0, noise=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a candidate publishes."""

    camera: Format
    screen: Format
    packet: int
    """Samples in a packet of the microphone."""

    def fps(self, source: str) -> int:
        """Pictures a second of a source."""
        return (self.screen if source == "screen" else self.camera).fps

    @property
    def sounds(self) -> float:
        """Packets a second of the microphone."""
        return AUDIO_CLOCK / self.packet


FULL: Final = Kit(camera=CAMERA, screen=SCREEN, packet=AUDIO_PACKET)
LIGHT: Final = Kit(
    camera=Format(width=160, height=120, fps=5, bitrate=40_000, motion=1, noise=6),
    screen=Format(width=480, height=270, fps=2, bitrate=40_000, motion=0, noise=0),
    packet=6 * AUDIO_PACKET,
)
"""An eighth of the packets: a picture is mostly one of them, and sound comes in the longest ones Opus has."""


def of_height(height: int) -> Format:
    """Return the format with that height; raises `KeyError`."""
    return {each.height: each for each in (*LAYERS, SCREEN, LIGHT.camera, LIGHT.screen)}[height]
