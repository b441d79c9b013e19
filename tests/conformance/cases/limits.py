"""Values that do not fit where they go: this host refuses them, whatever the official one does."""

from __future__ import annotations

from typing import Any

from conformance.cases.ingredients import (
    MID,
    PLAIN_VP8,
    UDP,
    VP8,
    Document,
    capabilities,
    consume,
    direct,
    extensions,
    plain,
    produce,
    received,
    router,
    used,
    webrtc,
)
from conformance.cases.transports import SERVER, SHA_256
from conformance.script import Case, Step, ask, make

SENDING: Case = (router(VP8), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8))
WATCHING: Case = (*SENDING, consume("picture", "sender", "camera"))
DATA: Case = (router(), webrtc("sender", enableSctp=True))


def sent(**changes: Any) -> Case:
    return (router(VP8), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8 | changes))


def sent_codec(**changes: Any) -> Case:
    return sent(codecs=[used(VP8, 96) | changes])


def stream(**parameters: Any) -> Step:
    return make("chat", "sender.produceData", sctpStreamParameters={"streamId": 1} | parameters)


def hashed(value: str) -> Document:
    return {"dtlsParameters": {"fingerprints": [SHA_256 | {"value": value}]}}


CASES: dict[str, Case] = {
    "limit: payload type 128": sent_codec(payloadType=128),
    "limit: payload type 256 + 96": sent_codec(payloadType=352),
    "limit: payload type -1": sent_codec(payloadType=-1),
    "limit: payload type 96.5": sent_codec(payloadType=96.5),
    "limit: a payload type twice": sent(codecs=[used(VP8, 96), used(VP8, 96)]),
    "limit: clock rate 2^32 + 90000": (router(VP8 | {"clockRate": 2**32 + 90000}),),
    "limit: a preferred payload type of 256": (router(VP8 | {"preferredPayloadType": 256}),),
    "limit: a parameter beyond 32 bits": sent_codec(parameters={"x": 2**32}),
    "limit: SSRC 0": sent(encodings=[{"ssrc": 0}]),
    "limit: SSRC 2^32 + 1": sent(encodings=[{"ssrc": 2**32 + 1}]),
    "limit: SSRC -1": sent(encodings=[{"ssrc": -1}]),
    "limit: header extension id 257": sent(headerExtensions=[{"uri": MID, "id": 257}]),
    "limit: a header extension id twice": sent(headerExtensions=extensions(MID) * 2),
    "limit: a negative bitrate": sent(encodings=[{"ssrc": 1, "maxBitrate": -1}]),
    "limit: a text of 2000 characters": sent(mid="m" * 2000),
    "limit: half a surrogate pair": sent(mid="\ud83d"),
    "limit: an empty MID of a consumer": (*SENDING, consume("picture", "sender", "camera", mid="")),
    "limit: a MID of nine characters": (*SENDING, consume("picture", "sender", "camera", mid="123456789")),
    "limit: a receiver's payload type of 256 + 100": (
        *SENDING, consume("picture", "sender", "camera", rtpCapabilities=capabilities(received(VP8, 356, "nack"))),
    ),
    "limit: layer 256": (*WATCHING, ask("picture.setPreferredLayers", spatialLayer=256)),
    "limit: layer 0.5": (*WATCHING, ask("picture.setPreferredLayers", spatialLayer=0.5)),
    "limit: priority 256": (*WATCHING, ask("picture.setPriority", 256)),
    "limit: a negative bitrate of a transport": (router(), plain("sender"), ask("sender.setMaxOutgoingBitrate", -1)),
    "limit: a server and addresses": (
        SERVER, router(), make("transport", "router.createWebRtcTransport", webRtcServer="$server", listenInfos=[UDP]),
    ),
    "limit: a protocol that is none": (router(), webrtc("sender", listenInfos=[UDP | {"protocol": "sctp"}])),
    "limit: a fingerprint that is too short": (router(), webrtc("sender"), ask("sender.connect", **hashed("AB:CD"))),
    "limit: a fingerprint that is no hash": (router(), webrtc("sender"), ask("sender.connect", **hashed("x" * 95))),
    "limit: connecting to port 65536 + 5006": (
        router(), plain("sender", comedia=False), ask("sender.connect", ip="127.0.0.1", port=70542),
    ),
    "limit: stream id 65535": (*DATA, stream(streamId=65535)),
    "limit: stream id 65536": (*DATA, stream(streamId=65536)),
    "limit: a life time of 65536": (*DATA, stream(maxPacketLifeTime=65536)),
    "limit: retransmissions of -1": (*DATA, stream(maxRetransmits=-1)),
    "limit: subchannel 65536": (
        *DATA, stream(), make("reader", "sender.consumeData", dataProducerId="$chat.id", subchannels=[65536]),
    ),
    "limit: subchannel -1 later on": (
        *DATA, stream(), make("reader", "sender.consumeData", dataProducerId="$chat.id"),
        ask("reader.addSubchannel", -1),
    ),
    "limit: an observer's interval of 65536": (
        router(), make("volumes", "router.createAudioLevelObserver", interval=65536),
    ),
    "limit: an observer of 65536 entries": (
        router(), make("volumes", "router.createAudioLevelObserver", maxEntries=65536),
    ),
    "limit: a message size of 2^32": (router(), direct("here", maxSendMessageSize=2**32)),
    "limit: a key frame delay of -1": (
        router(VP8), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8, keyFrameRequestDelay=-1),
    ),
}  # fmt: skip
