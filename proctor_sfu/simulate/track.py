"""A track of aiortc that plays encoded pictures or sound as they are, so that a candidate costs next to nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final, TypeAlias

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from proctor_sfu.simulate.clip import Clip, EncodedFrame
from proctor_sfu.simulate.formats import AUDIO_CLOCK, AUDIO_PACKET, VIDEO_CLOCK

Sent: TypeAlias = Callable[[int, bool, float], None]
"""Told of every picture: its number, whether it is a key frame, and when (monotonic, seconds) it was due, which is when
a camera would have taken it."""

_STALL: Final = 0.5
"""Seconds behind schedule from which on a track leaves out what it is late with instead of catching up with a burst."""
_KEY_FRAME_SPACING: Final = 0.2
"""Seconds between two key frames sent on request, as an encoder would limit them."""


class ClipTrack(MediaStreamTrack):  # type: ignore[misc]  # aiortc is not checked.
    """Plays the packets of a clip for ever, in real time, and jumps ahead to a key frame when it is asked for one.

    Timestamps tell when a packet was due, also behind a stall, so that tracks that stalled stay in sync.
    """

    def __init__(
        self, frames: tuple[EncodedFrame, ...], *, kind: str, clock: int, step: int, sent: Sent | None = None
    ) -> None:
        super().__init__()
        self.kind = kind
        self._frames = frames
        self._clock = clock
        self._step = step
        self._sent = sent
        self._time_base = Fraction(1, clock)
        self._position = 0
        self._count = 0
        """Packets that were due before the next one, sent or not."""
        self._origin: float | None = None
        self._key_wanted = False
        self._last_key = float("-inf")

    @classmethod
    def video(cls, clip: Clip, sent: Sent | None = None) -> ClipTrack:
        """The pictures of a clip."""
        return cls(clip.video, kind="video", clock=VIDEO_CLOCK, step=VIDEO_CLOCK // clip.format.fps, sent=sent)

    @classmethod
    def audio(cls, clip: Clip, packet: int = AUDIO_PACKET) -> ClipTrack:
        """The sound of a clip; ``packet``: samples in each of its packets."""
        return cls(clip.audio, kind="audio", clock=AUDIO_CLOCK, step=packet)

    def want_key_frame(self) -> None:
        """Answer a PLI or FIR."""
        self._key_wanted = True

    async def recv(self) -> Any:
        """Return the next packet when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        due = await self._until_due()
        now = time.monotonic()
        if self._key_wanted and now - self._last_key >= _KEY_FRAME_SPACING:
            self._key_wanted = False
            while not self._frames[self._position].key:
                self._position = (self._position + 1) % len(self._frames)
        frame = self._frames[self._position]
        packet = av.Packet(frame.data)
        packet.pts, packet.time_base = self._count * self._step, self._time_base
        if self._sent is not None:
            self._sent(self._position, frame.key, due)
        if frame.key:
            self._last_key = now
            self._key_wanted = False
        self._position = (self._position + 1) % len(self._frames)
        self._count += 1
        return packet

    async def _until_due(self) -> float:
        now = time.monotonic()
        if self._origin is None:
            self._origin = now
        late = now - self._due(self._origin)
        if late > _STALL:
            self._count += int(late * self._clock / self._step)
        due = self._due(self._origin)
        if due > now:
            await asyncio.sleep(due - now)
        return due

    def _due(self, origin: float) -> float:
        return origin + self._count * self._step / self._clock
