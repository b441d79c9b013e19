"""A candidate behind a bad network that knows what the network did; run as ``python -m end_to_end.impaired``.

Commands of `candidate`, and ``impair`` before it publishes. Every half second it writes the event ``carried`` with what
went through so far, by SSRC.
"""

from __future__ import annotations

import asyncio
from typing import Any

import av
import numpy
from aiortc.mediastreams import AudioStreamTrack, VideoStreamTrack

from end_to_end.candidate import Candidate
from end_to_end.client import Commanded, emit
from proctor_sfu.aio import spawn
from proctor_sfu.simulate import client, stack
from proctor_sfu.simulate.impairment import Impairment
from support.impair import CountingProxy

PERIOD = 0.5
"""Seconds."""


class Impaired(Commanded):
    """Mixed into a client that obeys commands."""

    async def do_impair(self, up: dict[str, float], down: dict[str, float]) -> dict[str, Any]:
        """Go through a bad network from the next transport on."""
        CountingProxy.directions = Impairment(**up), Impairment(**down)
        client.Proxy = CountingProxy  # type: ignore[misc]
        # Its own value does not matter, only that there is one.
        self._impairment = Impairment()
        return {}

    async def do_dark(self, dark: bool) -> dict[str, Any]:
        """Let nothing through any more, or all of it again."""
        assert isinstance(self._proxy, CountingProxy)
        self._proxy.dark = dark
        return {}

    async def serve(self) -> None:
        """Obey stdin, and report what is carried."""
        stack.prepare()
        reports = spawn(self._report(), name="report what is carried")
        await super().serve()
        reports.cancel()

    async def _report(self) -> None:
        while True:
            if isinstance(self._proxy, CountingProxy):
                emit("carried", **self._proxy.carried())
            await asyncio.sleep(PERIOD)


class ImpairedCandidate(Impaired, Candidate):
    """Publishes through it; ``ssrcs`` tells which streams are whose."""

    async def do_ssrcs(self) -> dict[str, list[int]]:
        """Return media and retransmission SSRC by source."""
        senders = [each.sender for each in self.transport.handler.pc.getTransceivers()]
        names = {"video": "camera", "audio": "microphone"}
        return {names[each.kind]: [each._ssrc, each._rtx_ssrc] for each in senders}

    async def do_mute(self, kind: str, muted: bool) -> dict[str, Any]:
        """Send no packets of ``video`` or ``audio`` any more, or again; nobody is told, as when a camera dies."""
        for each in self.transport.handler.pc.getTransceivers():
            if each.kind == kind:
                each.sender._enabled = not muted
        return {}

    async def do_publish_still(self) -> dict[str, Any]:
        """Publish a picture that never changes and digital silence, both really encoded."""
        await self.open_media()
        self.transport.on("produce", self._produce)
        await self.join({"displayName": "A still life"})
        await self.transport.produce(track=Still(), codec=self._codec("video/vp8"), appData={"source": "camera"})
        silence, opus = AudioStreamTrack(), self._codec("audio/opus")
        await self.transport.produce(track=silence, codec=opus, appData={"source": "microphone"})
        return {}


class Still(VideoStreamTrack):  # type: ignore[misc]  # aiortc is not checked.
    """The same picture again and again."""

    def __init__(self) -> None:
        super().__init__()
        rows, columns = numpy.mgrid[0:240, 0:320]
        shade = numpy.sin(columns / 25) * numpy.cos(rows / 18) * 60 + 128
        pixels = numpy.stack([columns * 255 // 320, rows * 255 // 240, shade], -1).astype(numpy.uint8)
        self._picture = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")

    async def recv(self) -> Any:
        """Return it when it is due."""
        self._picture.pts, self._picture.time_base = await self.next_timestamp()
        return self._picture


if __name__ == "__main__":
    asyncio.run(ImpairedCandidate().serve())
