"""A candidate: publishes the pictures and the sound of a clip as they are, without encoding anything.

Run as ``python -m end_to_end.candidate``; commands of `client`, and ``publish``. For every picture handed to the
packetiser it writes the event ``sent`` with the number burnt into it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from end_to_end import beep
from end_to_end.client import Commanded, emit
from proctor_sfu.simulate import candidate, clip
from proctor_sfu.simulate.formats import AUDIO_CLOCK, AUDIO_PACKET
from proctor_sfu.simulate.track import ClipTrack


class Candidate(Commanded, candidate.Candidate):
    """Publishes camera and microphone."""

    async def do_publish(self, path: str) -> dict[str, str]:
        """Publish the clip at ``path``; return the producer ids by source. What was published before is closed."""
        played = clip.load(Path(path))
        camera, microphone = ClipTrack.video(played, _sent), ClipTrack.audio(played)
        return await self.publish("A candidate", played.codec, {"camera": [camera], "microphone": [microphone]})

    async def do_publish_beeps(self, path: str) -> dict[str, str]:
        """Publish the pictures of the clip at ``path``, and beeps for its tone; events tell when each was due."""
        played = clip.load(Path(path))
        camera = ClipTrack.video(played, _sent)
        beeps = ClipTrack(beep.frames(), kind="audio", clock=AUDIO_CLOCK, step=AUDIO_PACKET, sent=_sounded)
        return await self.publish("A candidate", played.codec, {"camera": [camera], "microphone": [beeps]})

    async def do_publish_layers(self, paths: list[str]) -> dict[str, str]:
        """Publish the pictures of several clips as the layers of one camera, the smallest first."""
        tracks = [ClipTrack.video(clip.load(Path(path))) for path in paths]
        return await self.publish("A candidate", "vp8", {"camera": tracks})

    async def do_speak(self, path: str) -> dict[str, str]:
        """Publish the tone of a clip as the voice of a proctor."""
        return await self.publish("A proctor", "vp8", {"voice": [ClipTrack.audio(clip.load(Path(path)))]})


def _sent(number: int, key: bool, at: float) -> None:
    emit("sent", number=number, key=key, at=at)


def _sounded(number: int, key: bool, at: float) -> None:
    if number % beep.EVERY == 0:
        emit("beep", number=number, at=at)


if __name__ == "__main__":
    asyncio.run(Candidate().serve())
