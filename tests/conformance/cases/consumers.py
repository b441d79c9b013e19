"""Consumers: what a receiver is told to receive with, and what it may ask for."""

from __future__ import annotations

from conformance.cases.ingredients import (
    ABS_SEND_TIME,
    AV1,
    BASELINE,
    CAPTURE_TIME,
    FULL_VP8,
    HIGH,
    K_SVC,
    MID,
    OPUS,
    PLAIN_VP8,
    SIMULCAST,
    SIMULCAST_SSRCS,
    SPEECH,
    SVC,
    TRANSPORT_CC,
    VP8,
    VP9,
    VP9_10_BIT,
    Document,
    capabilities,
    consume,
    direct,
    extensions,
    h264,
    plain,
    produce,
    received,
    received_rtx,
    router,
    rtx,
    used,
    webrtc,
)
from conformance.script import Case, ask

ALL = ("nack", "nack pli", "ccm fir", "goog-remb", "transport-cc")
RTX_VP8 = (received(VP8, 100, *ALL), received_rtx(101, 100))
"""What a receiver offers that knows the router's numbers: VP8 and its RTX."""


def offers(*codecs: Document, uris: dict[str, int] | None = None) -> Document:
    """The option of ``consume()`` for such a receiver."""
    return {"rtpCapabilities": capabilities(*codecs, uris=uris)}


def encoded(*codecs: Document) -> Document:
    """RTP parameters of one stream."""
    return PLAIN_VP8 | {"codecs": list(codecs)}


def preferring(**layers: int) -> Document:
    return {"preferredLayers": layers}


def layered(*encodings: Document) -> Document:
    return SIMULCAST | {"encodings": [{"rid": f"r{index}"} | each for index, each in enumerate(encodings)]}


JUST_VP8 = received(VP8, 100, *ALL)
CAPTURED = PLAIN_VP8 | {"headerExtensions": extensions(CAPTURE_TIME)}
TWO_CODECS = encoded(used(VP8, 96), rtx(97, 96), used(VP9, 98), rtx(99, 98))
H264 = encoded(used(BASELINE, 102), rtx(103, 102))

CONSUMED: dict[str, tuple[list[Document], str, Document, Document]] = {
    "all the router offers": ([VP8], "video", FULL_VP8, {}),
    "audio": ([OPUS], "audio", SPEECH, {}),
    "audio with RTX asked for": ([OPUS], "audio", SPEECH, {"enableRtx": True}),
    "audio with NACK, which RTX decides about": ([OPUS], "audio", SPEECH, offers(received(OPUS, 100, "nack"))),
    "video without RTX": ([VP8], "video", FULL_VP8, {"enableRtx": False}),
    "a receiver without RTX": ([VP8], "video", FULL_VP8, offers(JUST_VP8)),
    "a receiver whose RTX is for another codec": (
        [VP8], "video", FULL_VP8, offers(JUST_VP8, received_rtx(99, 98)),
    ),
    "a receiver without header extensions gets no bandwidth estimation": ([VP8], "video", FULL_VP8, offers(*RTX_VP8)),
    "a receiver with send times gets REMB": ([VP8], "video", FULL_VP8, offers(*RTX_VP8, uris={ABS_SEND_TIME: 4})),
    "a receiver with transport-wide numbers gets transport-cc": (
        [VP8], "video", FULL_VP8, offers(*RTX_VP8, uris={ABS_SEND_TIME: 4, TRANSPORT_CC: 5}),
    ),
    "a receiver with other numbers for header extensions": (
        [VP8], "video", FULL_VP8, offers(*RTX_VP8, uris={MID: 2, ABS_SEND_TIME: 9, TRANSPORT_CC: 5}),
    ),
    "the capture time, which the sender gives": ([VP8], "video", CAPTURED, offers(*RTX_VP8, uris={CAPTURE_TIME: 10})),
    "the capture time, which the sender does not give": (
        [VP8], "video", PLAIN_VP8, offers(*RTX_VP8, uris={CAPTURE_TIME: 10}),
    ),
    "a receiver with little feedback": (
        [VP8], "video", FULL_VP8, offers(received(VP8, 100, "nack pli"), received_rtx(101, 100)),
    ),
    "a receiver with feedback of its own": (
        [VP8], "video", FULL_VP8, offers(received(VP8, 100, "nack", "nack sli", "x y")),
    ),
    "capabilities with defaults left out": (
        [VP8], "video", FULL_VP8, offers({"mimeType": "video/VP8", "clockRate": 90000, "preferredPayloadType": 100}),
    ),
    "paused": ([VP8], "video", FULL_VP8, {"paused": True}),
    "own MID": ([VP8], "video", FULL_VP8, {"mid": "v7"}),
    "without DTX packets": ([OPUS], "audio", SPEECH, {"ignoreDtx": True}),
    "application data": ([OPUS], "audio", SPEECH, {"appData": {"tile": 3}}),
    "layers preferred of one stream": ([VP8], "video", FULL_VP8, preferring(spatialLayer=1)),
    "simulcast": ([VP8], "video", SIMULCAST, {}),
    "simulcast by SSRC": ([VP8], "video", SIMULCAST_SSRCS, {}),
    "simulcast, layers preferred": ([VP8], "video", SIMULCAST, preferring(spatialLayer=1, temporalLayer=0)),
    "simulcast, a spatial layer preferred": ([VP8], "video", SIMULCAST, preferring(spatialLayer=1)),
    "simulcast, layers preferred that are not there": (
        [VP8], "video", SIMULCAST, preferring(spatialLayer=9, temporalLayer=9),
    ),
    "simulcast as a pipe": ([VP8], "video", SIMULCAST, {"pipe": True}),
    "simulcast as a pipe without RTX": ([VP8], "video", SIMULCAST, {"pipe": True, "enableRtx": False}),
    "simulcast as a pipe for a receiver without RTX": (
        [VP8], "video", SIMULCAST, {"pipe": True} | offers(JUST_VP8, uris={MID: 1}),
    ),
    "one stream as a pipe, paused": ([VP8], "video", FULL_VP8, {"pipe": True, "paused": True}),
    "audio as a pipe": ([OPUS], "audio", SPEECH, {"pipe": True}),
    "the best bitrate of all encodings": ([VP8], "video", layered({"maxBitrate": 5}, {}, {"maxBitrate": 3}), {}),
    "the first scalability mode there is": ([VP8], "video", layered({}, {"scalabilityMode": "L1T2"}), {}),
    "SVC": ([VP9], "video", SVC, {}),
    "SVC, layers preferred": ([VP9], "video", SVC, preferring(spatialLayer=1, temporalLayer=2)),
    "k-SVC": ([VP9], "video", K_SVC, {}),
    "VP9 profile 2": ([VP9, VP9_10_BIT], "video", encoded(used(VP9_10_BIT, 98)), {}),
    "AV1": ([AV1], "video", encoded(used(AV1, 45), rtx(46, 45)), {}),
    "H264": ([BASELINE, HIGH], "video", encoded(used(HIGH, 102), rtx(103, 102)), {}),
    "H264 of another level": ([BASELINE], "video", H264, offers(received(h264("42e034"), 100, *ALL))),
    "one of two codecs": (
        [VP8, VP9], "video", TWO_CODECS, offers(received(VP9, 102, *ALL), received_rtx(103, 102)),
    ),
}  # fmt: skip
"""Name of a case: codecs of the router, kind and RTP parameters of the sender, options of ``consume()``."""

REFUSED: dict[str, tuple[list[Document], str, Document, Document]] = {
    "no codec in common": ([VP8], "video", FULL_VP8, offers(received(VP9, 98, *ALL))),
    "only RTX in common": ([VP8], "video", FULL_VP8, offers(received_rtx(101, 100))),
    "no codecs": ([VP8], "video", FULL_VP8, offers()),
    "another H264 profile": ([BASELINE], "video", H264, offers(received(HIGH, 100, *ALL))),
    "another H264 packetization mode": ([BASELINE], "video", H264, offers(received(h264("42e01f", 0), 100))),
    "another VP9 profile": ([VP9], "video", SVC, offers(received(VP9_10_BIT, 98))),
    "an unknown producer": ([VP8], "video", FULL_VP8, {"producerId": "nobody"}),
    "an empty producer id": ([VP8], "video", FULL_VP8, {"producerId": ""}),
    "a producer id that is no text": ([VP8], "video", FULL_VP8, {"producerId": 5}),
    "a MID that is no text": ([VP8], "video", FULL_VP8, {"mid": 5}),
    "a codec with a MIME type that is none": ([VP8], "video", FULL_VP8, offers(VP8 | {"mimeType": "x"})),
    "a header extension of a kind that is none": (
        [VP8], "video", FULL_VP8,
        {"rtpCapabilities": {"codecs": [VP8], "headerExtensions": [{"kind": "x", "uri": MID, "preferredId": 1}]}},
    ),
}  # fmt: skip
"""Name of a case: as above, but no consumer comes of it."""

INCOMPLETE: dict[str, Document] = {
    "a codec without MIME type": {"codecs": [{"clockRate": 1}]},
    "a codec without clock rate": {"codecs": [{"mimeType": "video/VP8"}]},
    "a header extension without kind": {"headerExtensions": [{"uri": MID, "preferredId": 1}]},
    "a header extension without number": {"headerExtensions": [{"kind": "video", "uri": MID}]},
    "a header extension without URI": {"headerExtensions": [{"kind": "video", "preferredId": 1}]},
}
"""Name of a case: capabilities of a receiver, which Python does not even build."""


def start(codecs: list[Document], kind: str, parameters: Document, options: Document) -> Case:
    given = {"producerId": "$producer.id", "rtpCapabilities": "$router.rtpCapabilities"} | options
    asked = {name: given[name] for name in ("producerId", "rtpCapabilities")}
    return (
        router(*codecs), plain("sender"), webrtc("receiver"), produce("producer", "sender", kind, parameters),
        ask("router.canConsume", **asked),
    )  # fmt: skip


def consumed(codecs: list[Document], kind: str, parameters: Document, options: Document) -> Case:
    return (
        *start(codecs, kind, parameters, options), consume("consumer", "receiver", "producer", **options),
        ask("consumer.dump"), ask("consumer.getStats"), ask("receiver.dump"), ask("router.dump"),
    )  # fmt: skip


def refused(codecs: list[Document], kind: str, parameters: Document, options: Document) -> Case:
    return (
        *start(codecs, kind, parameters, options), consume("consumer", "receiver", "producer", **options),
        ask("receiver.dump"),
    )  # fmt: skip


SENDING: Case = (
    router(VP8), plain("sender"), webrtc("receiver"), produce("camera", "sender", "video", PLAIN_VP8),
)  # fmt: skip
BOTH: Case = (*SENDING, consume("picture", "receiver", "camera"))
LAYERED: Case = (
    router(VP8), plain("sender"), webrtc("receiver"), produce("camera", "sender", "video", SIMULCAST),
    consume("picture", "receiver", "camera"),
)  # fmt: skip

CASES: dict[str, Case] = {
    **{f"consumer: {name}": consumed(*details) for name, details in CONSUMED.items()},
    **{f"consumer: refused: {name}": refused(*details) for name, details in REFUSED.items()},
    **{
        f"consumer: refused: {name}": (*SENDING, consume("consumer", "receiver", "camera", rtpCapabilities=document))
        for name, document in INCOMPLETE.items()
    },
    "consumer: pause and resume": (
        *BOTH, ask("picture.pause"), ask("picture.pause"), ask("picture.dump"), ask("picture.resume"),
        ask("picture.resume"), ask("picture.dump"),
    ),
    "consumer: its producer pauses and resumes": (
        *BOTH, ask("camera.pause"), ask("picture.dump"), ask("picture.pause"), ask("camera.resume"),
        ask("camera.pause"), ask("picture.resume"), ask("camera.resume"), ask("picture.dump"),
    ),
    "consumer: made while its producer is paused": (
        router(VP8), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8, paused=True),
        consume("picture", "sender", "camera"), ask("picture.dump"), ask("camera.resume"), ask("camera.close"),
    ),
    "consumer: its producer closes": (*BOTH, ask("camera.close"), ask("picture.dump"), ask("receiver.dump")),
    "consumer: its producer's transport closes": (*BOTH, ask("sender.close"), ask("picture.close"), ask("router.dump")),
    "consumer: its own transport closes": (*BOTH, ask("receiver.close"), ask("picture.dump"), ask("camera.dump")),
    "consumer: closes": (*BOTH, ask("picture.close"), ask("picture.close"), ask("picture.pause"), ask("router.dump")),
    "consumer: the router closes": (*BOTH, ask("router.close"), ask("picture.dump"), ask("worker.dump")),
    "consumer: layers of simulcast": (
        *LAYERED, ask("picture.setPreferredLayers", spatialLayer=1, temporalLayer=1), ask("picture.dump"),
        ask("picture.setPreferredLayers", spatialLayer=0), ask("picture.dump"),
        ask("picture.setPreferredLayers", spatialLayer=66, temporalLayer=66), ask("picture.dump"),
        ask("picture.setPreferredLayers"), ask("picture.setPreferredLayers", spatialLayer="high"),
        ask("picture.setPreferredLayers", spatialLayer=1, temporalLayer="low"), ask("picture.dump"),
    ),
    "consumer: layers of one stream": (
        *BOTH, ask("picture.setPreferredLayers", spatialLayer=1, temporalLayer=1), ask("picture.dump"),
    ),
    "consumer: priority": (
        *BOTH, ask("picture.setPriority", 2), ask("picture.dump"), ask("picture.setPriority", 255),
        ask("picture.unsetPriority"), ask("picture.dump"), ask("picture.setPriority", -1),
        ask("picture.setPriority", "high"), ask("picture.setPriority", 0), ask("picture.dump"),
    ),
    "consumer: key frame": (*BOTH, ask("picture.requestKeyFrame"), ask("picture.getStats")),
    "consumer: trace events": (
        *BOTH, ask("picture.enableTraceEvent", ["keyframe", "fir", "nack", "pli", "rtp"]), ask("picture.dump"),
        ask("picture.enableTraceEvent", ["rtp", "sr"]), ask("picture.dump"), ask("picture.enableTraceEvent"),
        ask("picture.dump"), ask("picture.enableTraceEvent", "rtp"), ask("picture.enableTraceEvent", [1]),
    ),
    "consumer: MIDs count up": (
        *BOTH, consume("second", "receiver", "camera"), consume("third", "receiver", "camera", mid="own"),
        consume("fourth", "receiver", "camera"), consume("piped", "receiver", "camera", pipe=True),
        consume("fifth", "receiver", "camera"), ask("receiver.dump"), ask("router.dump"),
    ),
    "consumer: on a plain and a direct transport": (
        router(VP8, OPUS), plain("sender"), direct("tap"), produce("camera", "sender", "video", FULL_VP8),
        produce("voice", "sender", "audio", SPEECH), consume("back", "sender", "camera"),
        consume("tapped", "tap", "voice"), ask("back.dump"), ask("tapped.dump"), ask("sender.dump"), ask("tap.dump"),
    ),
    "router: who can consume": (
        *BOTH, ask("router.canConsume", producerId="nobody", rtpCapabilities="$router.rtpCapabilities"),
        ask("router.canConsume", producerId="$camera.id", rtpCapabilities=capabilities(VP8 | {"mimeType": "x"})),
        ask("router.canConsume", producerId="$camera.id", rtpCapabilities={}),
        ask("camera.close"),
        ask("router.canConsume", producerId="$camera.id", rtpCapabilities="$router.rtpCapabilities"),
    ),
}  # fmt: skip
