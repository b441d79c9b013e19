"""Candidates who come back whatever happens, and whose every packet says which one it is and when it was sent.

Run as ``python -m end_to_end.crowd URL ROOM FOLDER PEER…``: each peer publishes camera and microphone, 50 packets a
second each, until stdin ends. Everything that was sent is in ``FOLDER/PEER-SOURCE``, `ENTRY` after `ENTRY`.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import sys
import time
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, BinaryIO, Final

import aiohttp
import av
from aiortc.exceptions import InvalidStateError
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from proctor_sfu.aio import spawn
from proctor_sfu.simulate.candidate import Candidate
from proctor_sfu.simulate.protoo import ClosedError, Data, RefusedError

ENTRY: Final = struct.Struct(">QQ")
"""Number, and when it was sent, microseconds of Unix time."""
SOURCES: Final = ("camera", "microphone")
_STEP: Final = 0.02
"""Seconds between packets."""
_KEY_EVERY: Final = 25
_PADDING: Final = bytes(150)
_AGAIN: Final = 0.2
"""Seconds before another attempt to get in."""
_TROUBLES: Final = (
    RefusedError, ClosedError, InvalidStateError, ConnectionError, TimeoutError, OSError, aiohttp.ClientError,
)  # fmt: skip


class Counted:
    """Numbers the packets of one source of one peer, over all its connections, and writes them down."""

    def __init__(self, kind: str, log: BinaryIO) -> None:
        self.kind = kind
        self._log = log
        self._count = 0

    def next(self, *, key: bool) -> bytes:
        """Return the next frame: of a picture, or of sound."""
        entry = ENTRY.pack(self._count, time.time_ns() // 1000)
        self._log.write(entry)
        self._count += 1
        if self.kind == "audio":
            return b"\xfc" + entry
        return (b"\x10" if key or self._count % _KEY_EVERY == 1 else b"\x11") + entry + _PADDING


class Track(MediaStreamTrack):  # type: ignore[misc]  # aiortc is not checked.
    """Sends what a `Counted` counts; one for each connection."""

    def __init__(self, counted: Counted) -> None:
        super().__init__()
        self.kind = counted.kind
        self._counted = counted
        self._clock = 48_000 if counted.kind == "audio" else 90_000
        self._sent = 0
        self._begun = time.monotonic()
        self._key = True

    def want_key_frame(self) -> None:
        """Answer a request."""
        self._key = True

    async def recv(self) -> Any:
        """Return the next frame when it is due."""
        if self.readyState != "live":
            raise MediaStreamError
        wait = self._begun + self._sent * _STEP - time.monotonic()
        if wait > 0:
            await asyncio.sleep(wait)
        packet = av.Packet(self._counted.next(key=self._key))
        self._key = False
        packet.pts, packet.time_base = int(self._sent * _STEP * self._clock), Fraction(1, self._clock)
        self._sent += 1
        return packet


class Member(Candidate):
    """One who comes back."""

    def __init__(self, peer: str, counted: dict[str, Counted]) -> None:
        super().__init__()
        self._peer = peer
        self._counted = counted
        self._ended = asyncio.Event()

    async def live(self, url: str, room: str) -> None:
        """Be there."""
        credentials = {"roomId": room, "peerId": self._peer, "role": "candidate"}
        while True:
            try:
                await self.connect(url, credentials)
                self._ended.clear()  # That was the connection before.
                tracks: Any = {source: [Track(each)] for source, each in self._counted.items()}
                await self.publish(self._peer, "vp8", tracks)
                await self._ended.wait()
            except _TROUBLES as error:
                print(f"{self._peer}: {error!r}", file=sys.stderr)
                await asyncio.sleep(_AGAIN)

    def told(self, method: str, data: Data) -> None:
        """The room's worker died: begin again."""
        if method == "workerDied":
            self._ended.set()

    def closed(self, code: int | None) -> None:
        """The daemon is gone, or will not have us: begin again."""
        self._ended.set()


async def over(tasks: Sequence[asyncio.Task[None]]) -> None:
    """End them, whatever they are doing.

    Once is not enough: a connection of aioice that is being closed takes a cancellation for the answer to its own.
    """
    pending = set(tasks)
    while pending:
        for task in pending:
            task.cancel()
        _, pending = await asyncio.wait(pending, timeout=_AGAIN)


async def main(url: str, room: str, folder: str, *peers: str) -> None:
    """Run until stdin ends."""
    with contextlib.ExitStack() as stack:
        members = []
        for peer in peers:
            counted = {}
            for source in SOURCES:
                log = stack.enter_context((Path(folder) / f"{peer}-{source}").open("wb", buffering=0))
                counted[source] = Counted("audio" if source == "microphone" else "video", log)  # type: ignore[arg-type]
            members.append(spawn(Member(peer, counted).live(url, room), name=peer))
        reader = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        await reader.read()
        await over(members)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
