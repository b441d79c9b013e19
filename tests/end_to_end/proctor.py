"""A proctor: consumes every candidate the server offers, decodes pictures and sound, and reports what is in them.

Run as ``python -m end_to_end.proctor``; commands of `client`, and ``watch``. Events: ``consumer`` (what the server
offered), ``frame`` (the number read from a decoded picture, None if it cannot be read) and ``tone`` (the strongest
frequency of half a second of sound). aiortc completes a picture when the first packet of the next one arrives, so a
frame shows up here one frame interval later than in a browser, and the last one before a pause only after it.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from aiortc.mediastreams import MediaStreamError
from pymediasoup.rtp_parameters import RtpParameters

from end_to_end import hearing
from end_to_end.client import Commanded, emit
from proctor_sfu.aio import spawn
from proctor_sfu.simulate import stack, timecode
from proctor_sfu.simulate.protoo import Data


class Proctor(Commanded):
    """Watches and listens to everything."""

    direction = "recv"
    role = "proctor"

    def __init__(self) -> None:
        super().__init__()
        self._consumers: dict[str, Any] = {}
        self._one_at_a_time = asyncio.Lock()

    async def do_watch(self, auto: bool = True) -> Data:
        """Join and consume what the server offers, by itself or for declared tiles; earlier consumers are closed."""
        await self.open_media()
        stack.keep_closed_sections(self.transport)
        capabilities = self.device.rtpCapabilities.model_dump(exclude_none=True)
        return await self.signal.request(
            "join", {"displayName": "A proctor", "rtpCapabilities": capabilities, "autoConsume": auto}
        )

    async def asked(self, method: str, data: Data) -> Data:
        """Take a new consumer."""
        if method != "newConsumer":
            return await super().asked(method, data)
        # One description exchange at a time: aiortc has one state for the whole transport.
        async with self._one_at_a_time:
            consumer = await self.transport.consume(
                id=data["id"],
                producerId=data["producerId"],
                kind=data["kind"],
                rtpParameters=RtpParameters(**data["rtpParameters"]),
            )
        self._consumers[data["id"]] = consumer
        labels = {"peer": data["peerId"], "source": data["appData"]["source"], "consumer": data["id"]}
        look = self._see if data["kind"] == "video" else self._hear
        spawn(look(consumer.track, labels), name=f"decoded {data['kind']}")
        codec = data["rtpParameters"]["codecs"][0]["mimeType"]
        emit("consumer", **labels, kind=data["kind"], type=data["type"], codec=codec, paused=data["producerPaused"])
        return {}

    def told(self, method: str, data: Data) -> None:
        """Take a notification; a closed consumer is closed here as well."""
        super().told(method, data)
        if method == "consumerClosed":
            spawn(self._close(data["consumerId"]), name="close consumer")

    async def drop_media(self) -> None:
        """Close everything."""
        self._consumers.clear()
        await super().drop_media()

    async def _close(self, consumer_id: str) -> None:
        async with self._one_at_a_time:
            consumer = self._consumers.pop(consumer_id, None)
            if consumer is not None:
                await consumer.close()

    async def _see(self, track: Any, labels: dict[str, str]) -> None:
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            at = time.monotonic()
            number = timecode.read(timecode.luma_of(frame))
            emit("frame", **labels, number=number, size=[frame.width, frame.height], at=at)

    async def _hear(self, track: Any, labels: dict[str, str]) -> None:
        ear = hearing.Ear()
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            if (tone := ear.add(frame)) is not None:
                emit("tone", **labels, hertz=tone.hertz, share=round(tone.share, 3))


async def main() -> None:
    """Run one proctor."""
    await Proctor().serve()


if __name__ == "__main__":
    asyncio.run(main())
