"""A candidate: publishes the pictures and the sound of clips as they are, without encoding anything."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from proctor_sfu.simulate.client import Client
from proctor_sfu.simulate.formats import Source, VideoCodec
from proctor_sfu.simulate.protoo import Data
from proctor_sfu.simulate.track import ClipTrack

_FIRST: Final = ("audio/opus", "video/vp8")
"""The codecs aiortc puts first."""


class Candidate(Client):
    """Publishes; see `publish`."""

    direction = "send"
    role = "candidate"

    async def publish(
        self, name: str, codec: VideoCodec, sources: Mapping[Source, Sequence[ClipTrack]]
    ) -> dict[str, str]:
        """Join as ``name`` and publish; return the producer ids by source. What was published before is closed.

        A source with several tracks is in simulcast, the smallest layer first.
        """
        await self.open_media()
        self.transport.on("produce", self._produce)
        # Capabilities are for those who also receive: a proctor who speaks.
        capabilities = self.device.rtpCapabilities.model_dump(exclude_none=True)
        await self.join({"displayName": name, "rtpCapabilities": capabilities})
        producers: dict[str, str] = {}
        for source, tracks in sources.items():
            mime_type = "audio/opus" if source in ("microphone", "voice") else f"video/{codec}"
            publish = self._publish_one if len(tracks) == 1 else self._publish_layers
            producers[source] = await publish(source, self._codec(mime_type), tracks)
        return producers

    async def _publish_one(self, source: Source, codec: Any, tracks: Sequence[ClipTrack]) -> str:
        producer = await self.transport.produce(track=tracks[0], codec=codec, appData={"source": source})
        await _started(producer.rtpSender, tracks[0], codec)
        return str(producer.id)

    async def _publish_layers(self, source: Source, codec: Any, tracks: Sequence[ClipTrack]) -> str:
        """Send three tracks and signal them as one producer: aiortc itself knows no simulcast."""
        sent = []
        for track in tracks:
            sent.append(await self.transport.handler.send(track=track, codec=codec))
            await _started(sent[-1].rtpSender, track, codec)
        rtp = sent[0].rtpParameters.model_dump(exclude_none=True)
        rtp["encodings"] = [
            {**each.rtpParameters.encodings[0].model_dump(exclude_none=True), "scalabilityMode": "L1T1"}
            for each in sent
        ]
        return await self._signal_producer(sent[0].rtpSender.kind, rtp, {"source": source})

    def _codec(self, mime_type: str) -> Any:
        for codec in self.device.rtpCapabilities.codecs:
            if codec.mimeType.lower() == mime_type and codec.parameters.get("packetization-mode", 1) == 1:
                return codec
        raise RuntimeError(f"the room does not take {mime_type}")

    async def _produce(self, kind: str, rtp: Any, app_data: Data) -> str:
        return await self._signal_producer(kind, rtp.model_dump(exclude_none=True), app_data)

    async def _signal_producer(self, kind: str, rtp: Data, app_data: Data) -> str:
        data = {"transportId": self.transport.id, "kind": kind, "rtpParameters": rtp, "appData": app_data}
        return str((await self.signal.request("produce", data))["id"])


async def _started(sender: Any, track: ClipTrack, codec: Any) -> None:
    """Let key frame requests reach the track, and wait until media can flow if it has to.

    aiortc's own answer to a request goes to an encoder, which a clip does not have. When DTLS is up it starts whatever
    there is to send, even what the other end has not answered yet, and then with the first codec it knows.
    """
    sender._send_keyframe = track.want_key_frame
    if codec.mimeType.lower() in _FIRST:
        return
    dtls = sender.transport
    changed = asyncio.Event()
    dtls.on("statechange", changed.set)
    try:
        while dtls.state in ("new", "connecting"):
            await changed.wait()
            changed.clear()
    finally:
        dtls.remove_listener("statechange", changed.set)
    if dtls.state != "connected":
        raise ConnectionError(f"DTLS {dtls.state}")
