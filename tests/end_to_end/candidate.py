"""A candidate: publishes the pictures and the sound of a clip as they are, without encoding anything.

Run as ``python -m end_to_end.candidate``; commands of `client`, and ``publish``. For every picture handed to the
packetiser it writes the event ``sent`` with the number burnt into it.
"""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from end_to_end import clip
from end_to_end.client import Client, emit
from end_to_end.protoo import Data

_STALL: Final = 0.5
"""Seconds behind schedule from which on a track starts a new schedule instead of catching up with a burst."""
_KEY_FRAME_SPACING: Final = 0.2
"""Seconds between two key frames sent on request, as an encoder would limit them."""


class ClipTrack(MediaStreamTrack):  # type: ignore[misc]  # aiortc is not checked.
    """Plays the packets of a clip for ever, in real time, and jumps ahead to a key frame when it is asked for one."""

    def __init__(self, frames: tuple[clip.EncodedFrame, ...], *, kind: str, clock: int, step: int) -> None:
        super().__init__()
        self.kind = kind
        self._frames = frames
        self._clock = clock
        self._step = step
        self._position = 0
        self._count = 0
        self._origin: float | None = None
        self._key_wanted = False
        self._last_key = float("-inf")

    def want_key_frame(self) -> None:
        """Answer a PLI or FIR."""
        self._key_wanted = True

    async def recv(self) -> Any:
        """Return the next packet when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        await self._until_due()
        now = time.monotonic()
        if self._key_wanted and now - self._last_key >= _KEY_FRAME_SPACING:
            self._key_wanted = False
            while not self._frames[self._position].key:
                self._position = (self._position + 1) % len(self._frames)
        frame = self._frames[self._position]
        packet = av.Packet(frame.data)
        packet.pts, packet.time_base = self._count * self._step, Fraction(1, self._clock)
        if self.kind == "video":
            emit("sent", number=self._position, key=frame.key, at=now)
        if frame.key:
            self._last_key = now
            self._key_wanted = False
        self._position = (self._position + 1) % len(self._frames)
        self._count += 1
        return packet

    async def _until_due(self) -> None:
        now = time.monotonic()
        offset = self._count * self._step / self._clock
        if self._origin is None or now - self._origin - offset > _STALL:
            self._origin = now - offset
        wait = self._origin + offset - now
        if wait > 0:
            await asyncio.sleep(wait)


class Candidate(Client):
    """Publishes camera and microphone."""

    direction = "send"
    role = "candidate"

    async def do_publish(self, path: str) -> Data:
        """Publish the clip at ``path``; return the producer ids by source. What was published before is closed."""
        await self.open_media()
        self.transport.on("produce", self._produce)
        await self.signal.request("join", {"displayName": "A candidate"})
        played = clip.load(Path(path))
        tracks = {
            "camera": ClipTrack(played.video, kind="video", clock=clip.VIDEO_CLOCK, step=clip.VIDEO_CLOCK // clip.FPS),
            "microphone": ClipTrack(played.audio, kind="audio", clock=clip.AUDIO_CLOCK, step=clip.AUDIO_PACKET),
        }
        codecs = {"camera": self._codec(f"video/{played.codec}"), "microphone": self._codec("audio/opus")}
        producers: dict[str, str] = {}
        for source, track in tracks.items():
            producer = await self.transport.produce(track=track, codec=codecs[source], appData={"source": source})
            # aiortc's own answer to a key frame request goes to an encoder, which a clip does not have.
            producer.rtpSender._send_keyframe = track.want_key_frame
            producers[source] = producer.id
        return producers

    def _codec(self, mime_type: str) -> Any:
        for codec in self.device.rtpCapabilities.codecs:
            if codec.mimeType.lower() == mime_type and codec.parameters.get("packetization-mode", 1) == 1:
                return codec
        raise RuntimeError(f"the room does not take {mime_type}")

    async def _produce(self, kind: str, rtp: Any, app_data: Data) -> str:
        data = {
            "transportId": self.transport.id,
            "kind": kind,
            "rtpParameters": rtp.model_dump(exclude_none=True),
            "appData": app_data,
        }
        return str((await self.signal.request("produce", data))["id"])


if __name__ == "__main__":
    asyncio.run(Candidate().serve())
