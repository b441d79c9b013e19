"""Pipes between routers: of two workers, where ids are kept, and of one; for media and for data."""

from __future__ import annotations

from typing import Any

from conformance.cases.ingredients import (
    BASELINE,
    FULL_VP8,
    OPUS,
    PLAIN_VP8,
    SIMULCAST,
    SPEECH,
    SVC,
    UDP,
    VP8,
    VP9,
    Document,
    consume,
    pipe,
    plain,
    produce,
    router,
    webrtc,
)
from conformance.script import Case, Step, ask, make

CODECS = [OPUS, VP8, VP9, BASELINE]
ROUTERS: Case = (
    router(*CODECS), make("second", "host.createWorker"), make("other", "second.createRouter", mediaCodecs=CODECS),
)  # fmt: skip
SENDING: Case = (*ROUTERS, plain("sender"), produce("camera", "sender", "video", FULL_VP8))
CHATTING: Case = (
    *ROUTERS, webrtc("sender", enableSctp=True),
    make(
        "chat", "sender.produceData", sctpStreamParameters={"streamId": 7, "maxRetransmits": 3}, label="l", protocol="p"
    ),
)  # fmt: skip


def across(save: str, producer: str = "camera", of: str = "router", to: str = "other", **options: Any) -> Step:
    return make(save, f"{of}.pipeToRouter", producerId=f"${producer}.id", router=f"${to}", **options)


def data_across(save: str, **options: Any) -> Step:
    return make(save, "router.pipeToRouter", dataProducerId="$chat.id", router="$other", **options)


def connect(near: str, far: str) -> Step:
    return ask(
        f"{near}.connect", ip=f"${far}.tuple.localAddress", port=f"${far}.tuple.localPort",
        srtpParameters=f"${far}.srtpParameters",
    )  # fmt: skip


PIPED: dict[str, tuple[str, Document, dict[str, Any]]] = {
    "audio": ("audio", SPEECH, {}),
    "video": ("video", FULL_VP8, {}),
    "simulcast": ("video", SIMULCAST, {}),
    "SVC": ("video", SVC, {}),
    "with RTX": ("video", FULL_VP8, {"enableRtx": True}),
    "simulcast with RTX": ("video", SIMULCAST, {"enableRtx": True}),
    "with SRTP": ("video", FULL_VP8, {"enableSrtp": True}),
    "with an id of its own": ("video", FULL_VP8, {"keepId": False}),
    "without SCTP": ("video", FULL_VP8, {"enableSctp": False}),
    "on other ports": ("video", FULL_VP8, {"listenInfo": UDP | {"portRange": {"min": 41000, "max": 41100}}}),
}
"""Name of a case: kind and RTP parameters of the sender, options of ``pipeToRouter()``."""

CASES: dict[str, Case] = {
    **{
        f"pipe: {name}": (
            *ROUTERS, plain("sender"), produce("source", "sender", kind, parameters),
            across("pair", "source", **options), ask("pair.pipeConsumer.dump"), ask("pair.pipeProducer.dump"),
            ask("pair.pipeConsumer.getStats"), webrtc("receiver", "other"),
            consume("copy", "receiver", "pair.pipeProducer"), ask("copy.dump"), ask("router.dump"), ask("other.dump"),
        )
        for name, (kind, parameters, options) in PIPED.items()
    },
    "pipe: pause and resume travel": (
        *SENDING, across("pair"), webrtc("receiver", "other"), consume("copy", "receiver", "pair.pipeProducer"),
        ask("camera.pause"), ask("copy.dump"), ask("camera.resume"), ask("copy.dump"), ask("pair.pipeConsumer.pause"),
        ask("copy.dump"), ask("pair.pipeConsumer.resume"), ask("pair.pipeProducer.dump"),
    ),
    "pipe: a paused producer": (
        *ROUTERS, plain("sender"), produce("camera", "sender", "video", PLAIN_VP8, paused=True), across("pair"),
        ask("pair.pipeProducer.dump"), ask("camera.resume"), ask("pair.pipeProducer.dump"),
    ),
    "pipe: the producer closes": (*SENDING, across("pair"), ask("camera.close"), ask("router.dump"), ask("other.dump")),
    "pipe: the copy closes": (*SENDING, across("pair"), ask("pair.pipeProducer.close"), ask("router.dump")),
    "pipe: the consumer closes": (*SENDING, across("pair"), ask("pair.pipeConsumer.close"), ask("other.dump")),
    "pipe: the first router closes": (*SENDING, across("pair"), ask("router.close"), ask("other.dump")),
    "pipe: the second router closes": (*SENDING, across("pair"), ask("other.close"), ask("router.dump")),
    "pipe: the second worker closes": (*SENDING, across("pair"), ask("second.close"), ask("router.dump")),
    "pipe: closed and made again": (
        *SENDING, across("pair"), ask("pair.pipeConsumer.close"), across("again"), ask("router.dump"),
        ask("other.dump"),
    ),
    "pipe: two producers share a pair of transports": (
        *SENDING, produce("voice", "sender", "audio", SPEECH), across("pair"), across("pair2", "voice"),
        ask("router.dump"), ask("other.dump"),
    ),
    "pipe: both directions share a pair of transports": (
        *SENDING, plain("far", "other"), produce("voice", "far", "audio", SPEECH), across("pair"),
        across("back", "voice", of="other", to="router"), ask("router.dump"), ask("other.dump"), ask("worker.dump"),
    ),
    "pipe: between routers of one worker": (
        router(VP8), router(VP8, save="other"), plain("sender"), produce("camera", "sender", "video", FULL_VP8),
        across("pair", keepId=False), ask("pair.pipeProducer.dump"), ask("camera.pause"), ask("camera.close"),
        ask("router.dump"), ask("other.dump"), ask("worker.dump"),
    ),
    "pipe: data": (
        *CHATTING, data_across("pair"), ask("pair.pipeDataConsumer.dump"), ask("pair.pipeDataProducer.dump"),
        data_across("own", keepId=False), ask("chat.close"), ask("other.dump"), ask("router.dump"),
    ),
    "pipe: data, the copy closes": (
        *CHATTING, data_across("pair"), ask("pair.pipeDataProducer.close"), ask("router.dump"),
    ),
    "pipe: by hand, with SRTP and RTX": (
        *SENDING, pipe("near", enableSrtp=True, enableRtx=True), pipe("far", "other", enableSrtp=True, enableRtx=True),
        connect("near", "far"), connect("far", "near"),
        make("out", "near.consume", producerId="$camera.id", appData={"x": 1}),
        produce("in", "far", "video", "$out.rtpParameters", id="$camera.id"), ask("out.dump"), ask("in.dump"),
        ask("near.dump"), ask("far.dump"), ask("out.setPreferredLayers", spatialLayer=1), ask("out.requestKeyFrame"),
        ask("near.close"), ask("far.dump"),
    ),
    "pipe: refused: neither producer": (*ROUTERS, make("pair", "router.pipeToRouter", router="$other")),
    "pipe: refused: both producers": (*SENDING, across("pair", dataProducerId="x")),
    "pipe: refused: to itself": (*SENDING, across("pair", to="router"), ask("router.dump")),
    "pipe: refused: to no router": (*SENDING, make("pair", "router.pipeToRouter", producerId="$camera.id")),
    "pipe: refused: an unknown producer": (
        *ROUTERS, make("pair", "router.pipeToRouter", producerId="nobody", router="$other"), ask("router.dump"),
    ),
    "pipe: refused: an unknown data producer": (
        *ROUTERS, make("pair", "router.pipeToRouter", dataProducerId="nobody", router="$other"), ask("router.dump"),
    ),
    "pipe: refused: a router without the codec": (
        router(VP8), make("second", "host.createWorker"), make("other", "second.createRouter", mediaCodecs=[OPUS]),
        plain("sender"), produce("camera", "sender", "video", PLAIN_VP8), across("pair"), ask("camera.dump"),
        ask("router.dump"),
    ),
    "pipe: refused: an id that the other router has": (
        *SENDING, plain("far", "other"), produce("taken", "far", "video", PLAIN_VP8, id="$camera.id"), across("pair"),
        ask("other.dump"),
    ),
    "pipe: refused: an id kept within one worker": (
        router(VP8), router(VP8, save="other"), plain("sender"), produce("camera", "sender", "video", FULL_VP8),
        across("pair"), ask("router.dump"),
    ),
    "pipe: refused: an address that is none": (
        *SENDING, across("pair", listenInfo=UDP | {"ip": "x"}), ask("router.dump"), ask("other.dump"),
    ),
    "pipe: refused: an address that is none, then a good one": (
        *SENDING, across("pair", listenInfo=UDP | {"ip": "x"}), across("pair2"),
    ),
    "pipe: refused: an unknown producer on a pipe transport": (
        router(VP8), pipe("near"), make("out", "near.consume", producerId="nobody"), make("out2", "near.consume"),
    ),
}  # fmt: skip
