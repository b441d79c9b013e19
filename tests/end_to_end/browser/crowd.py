"""A room full of candidates in one process: drawn people, encoded once and sent as they are by many.

Run as ``python -m end_to_end.browser.crowd URL ROOM COUNT``; writes ``ready`` when all publish, ends when stdin ends.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Final

import av

from end_to_end.browser import face
from end_to_end.browser.face import Face
from proctor_sfu.simulate.candidate import Candidate
from proctor_sfu.simulate.clip import EncodedFrame
from proctor_sfu.simulate.track import ClipTrack
from support.started import started

WIDTH: Final = 640
HEIGHT: Final = 360
CLOCK: Final = 90_000
_ROOT: Final = Path(__file__).resolve().parents[3]
_FIRST: Final = ("Ada", "Bram", "Chen", "Dalia", "Emre", "Femi", "Greta", "Hana")
_LAST: Final = ("Abel", "Brandt", "Castro", "Dogan", "Eriksen", "Fischer")
NAMES: Final = tuple(f"{first} {last}" for last, first in itertools.product(_LAST, _FIRST))


@contextmanager
def present(url: str, room: str, count: int) -> Iterator[None]:
    """Let ``count`` candidates, ``seat-001`` and so on, be in a room."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(_ROOT / "tests"), str(_ROOT)))}
    command = [sys.executable, "-m", "end_to_end.browser.crowd", url, room, str(count)]
    with started(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as crowd:
        assert crowd.stdin is not None and crowd.stdout is not None
        try:
            assert crowd.stdout.readline() == "ready\n", "the crowd did not come"
            yield
        finally:
            crowd.stdin.close()
        crowd.wait(30)
    assert crowd.returncode == 0, f"the crowd ended with {crowd.returncode}"


def loop(person: Face) -> tuple[EncodedFrame, ...]:
    """Return a loop of a person as VP8, the first picture a key frame; it is encoded once and kept."""
    path = face.made(person, "webm", _encode, Path(__file__).read_bytes())
    with av.open(str(path)) as container:
        packets = [each for each in container.demux(video=0) if each.size]
    return tuple(EncodedFrame(data=bytes(each), key=each.is_keyframe) for each in packets)


def _encode(path: Path, person: Face) -> None:
    options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=Fraction(face.FPS), options=options)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = WIDTH, HEIGHT, "yuv420p", 250_000
        for number in range(face.FRAMES):
            picture = av.VideoFrame.from_ndarray(face.draw(person, number, WIDTH, HEIGHT), format="rgb24")
            picture = picture.reformat(format="yuv420p")
            picture.pts, picture.time_base = number, Fraction(1, face.FPS)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


async def main(url: str, room: str, count: int) -> None:
    """Let everybody in, wait until stdin ends."""
    loop_of = cache(loop)
    crowd = [Candidate() for _ in range(count)]
    for number, each in enumerate(crowd):
        name = NAMES[number % len(NAMES)]
        await each.connect(url, {"roomId": room, "peerId": f"seat-{number + 1:03}", "role": "candidate"})
        frames = loop_of(face.CAST[(number * 5 + number // 7) % len(face.CAST)])
        track = ClipTrack(frames, kind="video", clock=CLOCK, step=CLOCK // face.FPS)
        await each.publish(name, "vp8", {"camera": [track]})
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    for each in crowd:
        await each.leave()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))
