"""Producers: what the worker and the router make of a sender's RTP parameters, and what is refused."""

from __future__ import annotations

from typing import Any

from conformance.cases.ingredients import (
    ABS_SEND_TIME,
    ALL_EXTENSIONS,
    AUDIO_LEVEL,
    AV1,
    BASELINE,
    CAPTURE_TIME,
    DEPENDENCY_DESCRIPTOR,
    FEEDBACK,
    FULL_VP8,
    HIGH,
    K_SVC,
    MID,
    OPUS,
    PCMU,
    PLAIN_VP8,
    QUAD,
    RID,
    SIMULCAST,
    SIMULCAST_SSRCS,
    SPEECH,
    SVC,
    VP8,
    VP9,
    VP9_10_BIT,
    Document,
    audio,
    direct,
    extensions,
    h264,
    pipe,
    plain,
    produce,
    router,
    rtx,
    used,
    video,
    webrtc,
)
from conformance.script import Case, ask


def sent(*codecs: Document, **more: Any) -> Document:
    """RTP parameters of one stream."""
    return {"codecs": list(codecs), "encodings": [{"ssrc": 1001}], "rtcp": {"cname": "sender"}} | more


def one(codec: Document, payload_type: int = 102, **more: Any) -> Document:
    """RTP parameters of one stream of one codec."""
    return sent(used(codec, payload_type), **more)


def many(*encodings: Document, **more: Any) -> Document:
    return SIMULCAST_SSRCS | {"encodings": list(encodings)} | more


def scalable(mode: str) -> list[Document]:
    return [{"ssrc": 1001, "scalabilityMode": mode}]


FEC = audio("opus", 48000, 2, useinbandfec=1, usedtx=1)
TONES = audio("telephone-event", 48000)
LEVEL_31, LEVEL_21, LEVEL_1B = (h264(level, 1, 0) for level in ("42e01f", "42e015", "42f00b"))
ASYMMETRY_AS_TEXT = video(
    "H264", {"profile-level-id": "42e01f", "packetization-mode": 1, "level-asymmetry-allowed": "1"}
)
NO_NAMES = h264(None, None, None)

PRODUCED: dict[str, tuple[list[Document], str, Document]] = {
    "Opus": ([OPUS], "audio", SPEECH),
    "Opus with in-band FEC and DTX": ([OPUS], "audio", one(FEC, 111, encodings=[{"ssrc": 1, "dtx": True}])),
    "PCMU": ([PCMU], "audio", one(PCMU, 0)),
    "multiopus": ([QUAD], "audio", one(QUAD, 112)),
    "Opus and telephone-event": ([OPUS, TONES], "audio", sent(used(OPUS, 111), used(TONES, 110))),
    "VP8": ([VP8], "video", PLAIN_VP8),
    "VP8 with RTX, feedback, extensions, MID, MSID": ([OPUS, VP8], "video", FULL_VP8),
    "VP8 without RTX": ([VP8], "video", sent(used(VP8, 96, rtcpFeedback=FEEDBACK))),
    "VP9 profile 0": ([VP9, VP9_10_BIT], "video", one(VP9)),
    "VP9 profile 2": ([VP9, VP9_10_BIT], "video", one(VP9_10_BIT)),
    "VP9 without a profile is profile 0": ([VP9_10_BIT, VP9], "video", one(VP9 | {"parameters": {}})),
    "VP9 SVC with RTX": ([VP9], "video", SVC),
    "VP9 k-SVC": ([VP9], "video", K_SVC),
    "VP9 with temporal layers only": ([VP9], "video", SVC | {"encodings": scalable("L1T3")}),
    "VP9 of independent spatial layers": ([VP9], "video", SVC | {"encodings": scalable("S3T3")}),
    "AV1": ([AV1], "video", sent(used(AV1, 45), rtx(46, 45), headerExtensions=extensions(DEPENDENCY_DESCRIPTOR))),
    "AV1 SVC": ([AV1], "video", one(AV1, encodings=scalable("L3T3"))),
    "simulcast by RID": ([VP8], "video", SIMULCAST),
    "simulcast by SSRC with RTX": ([VP8], "video", SIMULCAST_SSRCS),
    "simulcast of two": ([VP8], "video", many({"ssrc": 1001}, {"ssrc": 1002})),
    "simulcast H264": ([BASELINE], "video", SIMULCAST | {"codecs": [used(BASELINE, 102), rtx(103, 102)]}),
    "encodings with a payload type each": (
        [VP8, BASELINE], "video",
        many(
            {"ssrc": 1001, "codecPayloadType": 96}, {"ssrc": 1002, "codecPayloadType": 96},
            codecs=[used(VP8, 96), used(BASELINE, 102)],
        ),
    ),
    "H264 constrained baseline": ([BASELINE], "video", sent(used(BASELINE, 102), rtx(103, 102))),
    "H264 without parameters is constrained baseline": ([h264("42e01f", 0)], "video", one(NO_NAMES)),
    "H264 by a router without parameters": ([NO_NAMES], "video", one(h264("42e01f", None))),
    "H264 neither side names a profile": ([NO_NAMES], "video", one(NO_NAMES)),
    "H264 lower level of the sender, no asymmetry": ([LEVEL_31], "video", one(LEVEL_21)),
    "H264 higher level of the sender, no asymmetry": ([LEVEL_21], "video", one(LEVEL_31)),
    "H264 higher level of the sender, asymmetry": ([h264("42e015")], "video", one(h264("42e01f"))),
    "H264 asymmetry as a text": ([h264("42e015")], "video", one(ASYMMETRY_AS_TEXT)),
    "H264 level 1b": ([LEVEL_1B], "video", one(LEVEL_1B)),
    "H264 level 1b of main, no asymmetry": ([h264("4d0028", 1, 0)], "video", one(h264("4d100b", 1, 0))),
    "H264 level 1 against 1b, no asymmetry": ([h264("42e00a", 1, 0)], "video", one(LEVEL_1B)),
    "H264 level 3.1 against 1b, no asymmetry": ([LEVEL_1B], "video", one(LEVEL_31)),
    "H264 baseline in another spelling": ([BASELINE], "video", one(h264("4DE01F"))),
    "H264 high picked among several": ([BASELINE, HIGH], "video", sent(used(HIGH, 102), rtx(103, 102))),
    "H264 picked by packetization mode": ([h264("42e01f", 0), BASELINE], "video", one(h264("42e01f", 0))),
    "two codecs with RTX each": ([VP8, VP9], "video", sent(used(VP8, 96), rtx(97, 96), used(VP9, 98), rtx(99, 98))),
    "MIME types in any case": (
        [VP8], "video", sent(used(VP8, 96) | {"mimeType": "VIDEO/vp8"}, rtx(97, 96) | {"mimeType": "VIDEO/RTX"}),
    ),
    "fractional and negative parameters": ([VP8], "video", one(video("VP8", {"a": 1.5, "b": -3, "c": "x", "d": 2.0}))),
    "every header extension": ([VP8], "video", PLAIN_VP8 | {"headerExtensions": extensions(*ALL_EXTENSIONS)}),
    "the time of capture": ([VP8], "video", PLAIN_VP8 | {"headerExtensions": extensions(CAPTURE_TIME)}),
    "audio levels": ([OPUS], "audio", SPEECH | {"headerExtensions": extensions(MID, AUDIO_LEVEL, ABS_SEND_TIME)}),
    "an encrypted header extension with a parameter": (
        [VP8], "video",
        PLAIN_VP8 | {"headerExtensions": [{"uri": MID, "id": 3, "encrypt": True, "parameters": {"vad": "on"}}]},
    ),
    "no RTCP parameters: a random CNAME": (
        [VP8], "video", {"codecs": [used(VP8, 96)], "encodings": [{"ssrc": 1001}]},
    ),
    "reduced size RTCP is not switched off": (
        [VP8], "video", PLAIN_VP8 | {"rtcp": {"cname": "c", "reducedSize": False}},
    ),
    "a single encoding found by MID": (
        [VP8], "video", one(VP8, mid="1", encodings=[{}], headerExtensions=extensions(MID)),
    ),
}  # fmt: skip
"""Name of a case: codecs of the router, kind, RTP parameters of the sender."""

REFUSED: dict[str, tuple[list[Document], str, Document]] = {
    "no encodings and no MID": ([VP8], "video", {"codecs": [used(VP8, 96)]}),
    "a codec the router lacks": ([VP8], "video", one(VP9)),
    "another VP9 profile": ([VP9], "video", one(VP9_10_BIT)),
    "another H264 profile": ([BASELINE], "video", one(HIGH)),
    "another H264 packetization mode": ([BASELINE], "video", one(h264("42e01f", 0))),
    "an H264 profile that is none": ([BASELINE], "video", one(h264("000000"))),
    "an H264 level that is none": ([BASELINE], "video", one(h264("42e0ff"))),
    "another number of channels": ([OPUS], "audio", one(audio("opus", 48000, 1))),
    "another clock rate": ([OPUS], "audio", one(audio("opus", 16000, 2))),
    "RTX without its media codec": ([VP8], "video", sent(used(VP8, 96), rtx(97, 95))),
    "RTX without apt": ([VP8], "video", sent(used(VP8, 96), rtx(97, 96) | {"parameters": {}})),
    "apt that is a text": ([VP8], "video", sent(used(VP8, 96), rtx(97, 96) | {"parameters": {"apt": "96"}})),
    "RTX by itself": ([VP8], "video", sent(rtx(97, 96))),
    "no codecs": ([VP8], "video", {"encodings": [{"ssrc": 1}]}),
    "an empty list of codecs": ([VP8], "video", sent()),
    "a codec without payload type": ([VP8], "video", sent({"mimeType": "video/VP8", "clockRate": 90000})),
    "a codec without clock rate": ([VP8], "video", sent({"mimeType": "video/VP8", "payloadType": 96})),
    "a MIME type that is none": ([VP8], "video", one(VP8 | {"mimeType": "chicken"})),
    "a kind that is none": ([VP8], "smell", PLAIN_VP8),
    "a header extension nobody knows": ([VP8], "video", PLAIN_VP8 | {"headerExtensions": extensions("urn:x")}),
    "a header extension without a number": ([VP8], "video", PLAIN_VP8 | {"headerExtensions": [{"uri": MID}]}),
    "a header extension with number 0": ([VP8], "video", PLAIN_VP8 | {"headerExtensions": [{"uri": MID, "id": 0}]}),
    "an RTX stream without SSRC": ([VP8], "video", PLAIN_VP8 | {"encodings": [{"ssrc": 1, "rtx": {}}]}),
    "simulcast without RIDs and SSRCs": ([VP8], "video", PLAIN_VP8 | {"encodings": [{}, {}]}),
    "feedback without a type": ([VP8], "video", sent(used(VP8, 96, rtcpFeedback=[{"parameter": "pli"}]))),
    "a parameter that is no scalar": ([VP8], "video", one(video("VP8", {"x": {}}))),
    "a scalability mode that is none": ([VP8], "video", PLAIN_VP8 | {"encodings": scalable("X")}),
    "an SSRC twice": ([VP8], "video", many({"ssrc": 5}, {"ssrc": 5})),
    "two encodings, one RID": (
        [VP8], "video", many({"rid": "a"}, {"rid": "a"}, headerExtensions=extensions(RID)),
    ),
}  # fmt: skip
"""Name of a case: as above, but no producer comes of it."""


def produced(codecs: list[Document], kind: str, parameters: Document) -> Case:
    return (
        router(*codecs), plain("sender"), produce("producer", "sender", kind, parameters),
        ask("producer.dump"), ask("producer.getStats"), ask("sender.dump"), ask("router.dump"),
    )  # fmt: skip


def refused(codecs: list[Document], kind: str, parameters: Document) -> Case:
    return (
        router(*codecs), plain("sender"), produce("producer", "sender", kind, parameters), ask("sender.dump"),
        ask("router.dump"),
    )  # fmt: skip


CASES: dict[str, Case] = {
    **{f"producer: {name}": produced(*details) for name, details in PRODUCED.items()},
    **{f"producer: refused: {name}": refused(*details) for name, details in REFUSED.items()},
    "producer: pause, resume, close": (
        router(VP8), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8, paused=True, appData={"a": 1}),
        ask("camera.dump"), ask("camera.pause"), ask("camera.resume"), ask("camera.resume"), ask("camera.dump"),
        ask("camera.pause"), ask("camera.close"), ask("camera.close"), ask("camera.dump"), ask("sender.dump"),
    ),
    "producer: own id, and the same twice": (
        router(VP8, OPUS), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8, id="camera-1"),
        produce("copy", "sender", "video", PLAIN_VP8, id="camera-1"), ask("router.dump"), ask("sender.dump"),
    ),
    "producer: the CNAME of a transport is that of its first producer": (
        router(VP8, OPUS), webrtc("sender"), produce("microphone", "sender", "audio", SPEECH),
        produce("camera", "sender", "video", PLAIN_VP8),
        produce("screen", "sender", "video", {"codecs": [used(VP8, 96)], "encodings": [{"ssrc": 3001}]}),
        ask("camera.dump"), ask("sender.dump"),
    ),
    "producer: a pipe keeps every CNAME": (
        router(VP8, OPUS), pipe("sender"), produce("microphone", "sender", "audio", SPEECH),
        produce("camera", "sender", "video", PLAIN_VP8),
        produce("screen", "sender", "video", {"codecs": [used(VP8, 96)], "encodings": [{"ssrc": 3001}]}),
        produce("other", "sender", "video", {"codecs": [used(VP8, 96)], "encodings": [{"ssrc": 3002}]}),
    ),
    "producer: delay of key frame requests, packet id extension": (
        router(VP8), plain("sender"),
        produce(
            "camera", "sender", "video", FULL_VP8, keyFrameRequestDelay=2000,
            enableMediasoupPacketIdHeaderExtension=True,
        ),
        ask("camera.dump"),
    ),
    "producer: streams that another one has already": (
        router(VP8), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8),
        produce("again", "sender", "video", PLAIN_VP8), ask("sender.dump"),
    ),
    "producer: trace events": (
        router(VP8), plain("sender"), produce("camera", "sender", "video", PLAIN_VP8),
        ask("camera.enableTraceEvent", ["keyframe", "fir", "nack", "pli", "rtp", "sr"]), ask("camera.dump"),
        ask("camera.enableTraceEvent", ["rtp", "smell"]), ask("camera.dump"), ask("camera.enableTraceEvent"),
        ask("camera.dump"), ask("camera.enableTraceEvent", "rtp"), ask("camera.enableTraceEvent", [1]),
    ),
    "producer: RTP that is no bytes": (
        router(VP8), direct("sender"), produce("camera", "sender", "video", PLAIN_VP8), ask("camera.send", "text"),
    ),
    "producer: on every kind of transport": (
        router(VP8, OPUS), webrtc("one"), pipe("two"), direct("three"),
        produce("first", "one", "video", SIMULCAST), produce("second", "two", "video", FULL_VP8),
        produce("third", "three", "audio", SPEECH), ask("first.dump"), ask("second.dump"), ask("third.dump"),
        ask("one.dump"), ask("two.dump"), ask("three.dump"),
    ),
}  # fmt: skip
