"""The workloads of the host bench on psfu's own host; prints one JSON object. See host.py."""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import uvloop
from pydantic import TypeAdapter

from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.rtp import (
    MediaKind,
    RtpCodecCapability,
    RtpCodecParameters,
    RtpEncodingParameters,
    RtpEncodingRtx,
    RtpParameters,
)
from proctor_sfu.mediasoup.webrtc_server import WebRtcServer
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings

T = TypeVar("T")
CODECS = [
    RtpCodecCapability(mime_type="video/VP8", clock_rate=90000),
    RtpCodecCapability(mime_type="audio/opus", clock_rate=48000, channels=2),
]
RTP: TypeAdapter[RtpParameters] = TypeAdapter(RtpParameters)
ANY: TypeAdapter[Any] = TypeAdapter(Any)


def rtp_parameters(kind: MediaKind, ssrc: int) -> RtpParameters:
    if kind == "audio":
        opus = RtpCodecParameters(mime_type="audio/opus", payload_type=111, clock_rate=48000, channels=2)
        return RtpParameters(codecs=(opus,), encodings=(RtpEncodingParameters(ssrc=ssrc),))
    vp8 = RtpCodecParameters(mime_type="video/VP8", payload_type=96, clock_rate=90000)
    rtx = RtpCodecParameters(mime_type="video/rtx", payload_type=97, clock_rate=90000, parameters={"apt": 96})
    encoding = RtpEncodingParameters(ssrc=ssrc, rtx=RtpEncodingRtx(ssrc=ssrc + 1))
    return RtpParameters(codecs=(vp8, rtx), encodings=(encoding,))


async def seconds(work: Callable[[], Awaitable[T]]) -> tuple[float, T]:
    begin = time.perf_counter()
    result = await work()
    return time.perf_counter() - begin, result


async def times(count: int, make: Callable[[], Awaitable[T]]) -> list[T]:
    return await asyncio.gather(*(make() for _ in range(count)))


def announced(consumer: Consumer) -> str:
    return json.dumps(
        {
            "id": consumer.id,
            "producerId": consumer.producer_id,
            "kind": consumer.kind,
            "rtpParameters": RTP.dump_python(consumer.rtp_parameters, by_alias=True, exclude_none=True),
            "type": consumer.type,
            "producerPaused": consumer.producer_paused,
        }
    )


class Room:
    """A router full of producers that proctors join."""

    def __init__(self, router: Router, server: WebRtcServer) -> None:
        self.router = router
        self.server = server
        self.producers: list[str] = []

    def transport(self) -> asyncio.Future[WebRtcTransport]:
        return self.router.create_webrtc_transport(webrtc_server=self.server)

    async def fill(self, candidates: int) -> None:
        sending = await self.transport()
        kinds: tuple[MediaKind, ...] = ("video", "video", "audio")
        for index in range(candidates):
            for offset, kind in enumerate(kinds):
                parameters = rtp_parameters(kind, 100000 + 10 * index + 3 * offset)
                self.producers.append((await sending.produce(kind=kind, rtp_parameters=parameters)).id)

    async def join(self) -> list[str]:
        receiving = await self.transport()
        answer = {
            "id": receiving.id,
            "iceParameters": receiving.ice_parameters,
            "iceCandidates": receiving.ice_candidates,
            "dtlsParameters": receiving.dtls_parameters,
        }
        answers = [ANY.dump_json(answer, by_alias=True, exclude_none=True).decode()]
        capabilities = self.router.rtp_capabilities
        consumers = await asyncio.gather(
            *(
                receiving.consume(producer_id=each, rtp_capabilities=capabilities, paused=True)
                for each in self.producers
            )
        )
        return answers + [announced(consumer) for consumer in consumers]


def resident() -> int:
    """Bytes of memory this process holds."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


async def main(binary: str, schema: str, sizes: dict[str, int]) -> dict[str, float]:
    async with Worker(WorkerSettings(path=Path(binary), schema=Path(schema))) as worker:
        router = await worker.create_router(media_codecs=CODECS)
        server = await worker.create_webrtc_server(listen_infos=[ListenInfo(ip="127.0.0.1")])
        room = Room(router, server)
        await room.fill(sizes["candidates"])
        receiving = await room.transport()
        capabilities = router.rtp_capabilities

        def one() -> asyncio.Future[Consumer]:
            return receiving.consume(producer_id=room.producers[0], rtp_capabilities=capabilities, paused=True)

        await times(sizes["warm"], one)
        await times(sizes["warm"], receiving.get_stats)
        await times(20, room.transport)
        consuming, consumers = await seconds(lambda: times(sizes["consumers"], one))
        asking, _ = await seconds(lambda: times(sizes["stats"], receiving.get_stats))
        connecting, transports = await seconds(lambda: times(sizes["transports"], room.transport))
        joins = []
        for _ in range(sizes["proctors"]):
            elapsed, answers = await seconds(room.join)
            assert len(answers) == 3 * sizes["candidates"] + 1
            joins.append(elapsed)
        assert len(consumers) == sizes["consumers"]
        assert len({transport.ice_parameters.password for transport in transports}) == sizes["transports"]
        return {
            "consume": sizes["consumers"] / consuming,
            "stats": sizes["stats"] / asking,
            "transports": sizes["transports"] / connecting,
            "join": statistics.median(joins),
            "memory": resident(),
        }


if __name__ == "__main__":
    print(json.dumps(uvloop.run(main(sys.argv[1], sys.argv[2], json.loads(sys.argv[3])))))
