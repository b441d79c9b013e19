"""Who somebody is in a room, and what can be published there."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What a peer is in a room; said by its token, never by what it does."""

    CANDIDATE = "candidate"
    PROCTOR = "proctor"
    LEAD = "lead"
    """A proctor of the whole room, who also assigns, kicks, and pauses what others send."""
    OBSERVER = "observer"


class Source(StrEnum):
    """What a peer publishes; each is one producer."""

    CAMERA = "camera"
    SCREEN = "screen"
    MICROPHONE = "microphone"
    VOICE = "voice"
    """What a proctor says, heard by those it is addressed to."""


AUDIO: Final = frozenset({Source.MICROPHONE, Source.VOICE})
CANDIDATE_SOURCES: Final = (Source.CAMERA, Source.SCREEN, Source.MICROPHONE)
