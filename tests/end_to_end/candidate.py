"""A candidate: publishes the pictures and the sound of a clip as they are, without encoding anything.

Run as ``python -m end_to_end.candidate``; commands of `client`, and ``publish``. For every picture handed to the
packetiser it writes the event ``sent`` with the number burnt into it.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from end_to_end.client import Commanded, emit
from proctor_sfu.simulate import candidate, clip
from proctor_sfu.simulate.track import ClipTrack


class Candidate(Commanded, candidate.Candidate):
    """Publishes camera and microphone."""

    async def do_publish(self, path: str) -> dict[str, str]:
        """Publish the clip at ``path``; return the producer ids by source. What was published before is closed."""
        played = clip.load(Path(path))
        camera, microphone = ClipTrack.video(played, _sent), ClipTrack.audio(played)
        return await self.publish("A candidate", played.codec, {"camera": [camera], "microphone": [microphone]})


def _sent(number: int, key: bool, at: float) -> None:
    emit("sent", number=number, key=key, at=at)


if __name__ == "__main__":
    asyncio.run(Candidate().serve())
