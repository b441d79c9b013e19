"""What fake cameras and microphones of the browser tests give: drawn people before walls of known colours, and tones.

Which candidate is in a picture can be told from its top left corner, which is nothing but wall.
"""

from __future__ import annotations

import hashlib
import os
import wave
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

_FOLDER: Final = Path(__file__).resolve().parents[3] / "build" / "faces"
WIDTH: Final = 1280
HEIGHT: Final = 720
FPS: Final = 8
FRAMES: Final = 16
RATE: Final = 48_000

Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """A person to be seen and heard."""

    wall: Rgb
    skin: Rgb
    hair: Rgb
    shirt: Rgb
    hertz: int


ANN: Final = Face(wall=(92, 128, 168), skin=(224, 182, 152), hair=(74, 48, 34), shirt=(232, 226, 214), hertz=440)
BOB: Final = Face(wall=(176, 128, 88), skin=(150, 104, 78), hair=(28, 24, 22), shirt=(58, 84, 74), hertz=880)
CAST: Final = (
    ANN,
    BOB,
    Face(wall=(120, 146, 122), skin=(240, 204, 178), hair=(196, 148, 84), shirt=(104, 58, 74), hertz=523),
    Face(wall=(146, 136, 160), skin=(108, 74, 56), hair=(20, 18, 20), shirt=(222, 174, 76), hertz=587),
    Face(wall=(190, 182, 166), skin=(214, 168, 132), hair=(40, 30, 28), shirt=(52, 66, 104), hertz=659),
    Face(wall=(86, 104, 110), skin=(234, 194, 170), hair=(150, 70, 44), shirt=(170, 176, 182), hertz=698),
)
"""Enough that a wall of tiles looks like a room of people."""


def draw(face: Face, frame: int, width: int = WIDTH, height: int = HEIGHT) -> Any:
    """Return a picture, ``height`` × ``width`` × RGB; from frame to frame the head moves a little, for ever."""
    phase = 2 * np.pi * frame / FRAMES
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    x = (columns - width / 2) / height - 0.03 * np.sin(phase)
    y = rows / height - 0.012 * np.cos(2 * phase)
    light = 1 - 0.18 * rows / height
    picture = np.asarray(face.wall, np.float32) * light[..., None]
    still = (columns - width / 2) / height
    for colour, inside in (
        (face.hair, ((x / 0.165) ** 2 + ((y - 0.40) / 0.215) ** 2) < 1),
        (face.shirt, ((still / 0.46) ** 2 + ((rows / height - 1.08) / 0.38) ** 2) < 1),
        (face.skin, (abs(x) < 0.055) & (y > 0.52) & (y < 0.74)),
        (face.skin, ((x / 0.132) ** 2 + ((y - 0.44) / 0.178) ** 2) < 1),
        ((46, 36, 34), (((abs(x) - 0.052) / 0.014) ** 2 + ((y - 0.42) / 0.012) ** 2) < 1),
        ((150, 82, 76), ((x / 0.042) ** 2 + ((y - 0.535) / 0.010) ** 2) < 1),
    ):
        picture[inside] = colour
    return picture.clip(0, 255).astype(np.uint8)


def camera(face: Face) -> Path:
    """Return an uncompressed film for ``--use-file-for-fake-video-capture``."""
    return made(face, "y4m", _write_film)


def microphone(face: Face) -> Path:
    """Return a sound for ``--use-file-for-fake-audio-capture``."""
    return made(face, "wav", _write_sound)


def made(face: Face, kind: str, write: Callable[[Path, Face], None], recipe: bytes = b"") -> Path:
    """Return a file of a person, written if it is not there yet; ``recipe``: what it depends on besides this module."""
    digest = hashlib.sha256(Path(__file__).read_bytes() + recipe + repr(face).encode()).hexdigest()
    path = _FOLDER / f"{digest[:16]}.{kind}"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f"{os.getpid()}-{path.name}")
        write(unfinished, face)
        unfinished.replace(path)
    return path


def _write_film(path: Path, face: Face) -> None:
    with path.open("wb") as film:
        film.write(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F{FPS}:1 Ip A1:1 C420jpeg\n".encode())
        # The head goes back the way it came, so that all but two pictures are there twice.
        firsts = [min(frame, (FRAMES // 2 - frame) % FRAMES) for frame in range(FRAMES)]
        drawn = {frame: b"".join(plane.tobytes() for plane in planes(draw(face, frame))) for frame in set(firsts)}
        for frame in firsts:
            film.write(b"FRAME\n" + drawn[frame])


def planes(picture: Any) -> tuple[Any, Any, Any]:
    """Return a picture as the planes of yuv420p, BT.601 with limited range."""
    red, green, blue = (picture[..., each].astype(np.float32) for each in range(3))
    luma = 16 + 0.257 * red + 0.504 * green + 0.098 * blue
    u = 128 - 0.148 * red - 0.291 * green + 0.439 * blue
    v = 128 + 0.439 * red - 0.368 * green - 0.071 * blue
    return luma.astype(np.uint8), _halved(u), _halved(v)


def _halved(plane: Any) -> Any:
    height, width = plane.shape
    return plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3)).astype(np.uint8)


def _write_sound(path: Path, face: Face) -> None:
    times = np.arange(4 * RATE) / RATE
    # Louder and softer, as speech is.
    loudness = 0.25 + 0.2 * np.sin(2 * np.pi * 1.5 * times)
    samples = (loudness * np.sin(2 * np.pi * face.hertz * times) * 32_000).astype("<i2")
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RATE)
        sound.writeframes(samples.tobytes())
