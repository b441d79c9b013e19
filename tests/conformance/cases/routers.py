"""Routers: what they offer for which codecs, and what they refuse."""

from __future__ import annotations

from typing import Any

from conformance.cases.ingredients import (
    AV1,
    BASELINE,
    HIGH,
    OPUS,
    PCMU,
    QUAD,
    SURROUND_51,
    SURROUND_71,
    VP8,
    VP9,
    VP9_10_BIT,
    audio,
    h264,
    plain,
    produce,
    router,
    used,
    video,
)
from conformance.script import Case, ask, make

CODECS: dict[str, list[Any]] = {
    "no codec": [],
    "Opus": [OPUS],
    "Opus with parameters": [audio("opus", 48000, 2, useinbandfec=1, usedtx=1, minptime=10, stereo="1")],
    "multiopus quad": [QUAD],
    "multiopus 5.1": [SURROUND_51],
    "multiopus 7.1": [SURROUND_71],
    "PCMU has payload type 0": [PCMU],
    "PCMA has payload type 8": [audio("PCMA", 8000)],
    "G722 has payload type 9": [audio("G722", 8000)],
    "iLBC": [audio("iLBC", 8000)],
    "ISAC 32 kHz": [audio("ISAC", 32000)],
    "ISAC 16 kHz": [audio("ISAC", 16000)],
    "SILK 24 kHz": [audio("SILK", 24000)],
    "SILK 16 kHz": [audio("SILK", 16000)],
    "SILK 12 kHz": [audio("SILK", 12000)],
    "SILK 8 kHz": [audio("SILK", 8000)],
    "comfort noise 32 kHz": [audio("CN", 32000)],
    "comfort noise 16 kHz": [audio("CN", 16000)],
    "comfort noise 8 kHz": [audio("CN", 8000)],
    "telephone-event 48 kHz": [audio("telephone-event", 48000)],
    "telephone-event 32 kHz": [audio("telephone-event", 32000)],
    "telephone-event 16 kHz": [audio("telephone-event", 16000)],
    "telephone-event 8 kHz": [audio("telephone-event", 8000)],
    "VP8": [VP8],
    "VP9 profile 0": [VP9],
    "VP9 profile 2": [VP9_10_BIT],
    "VP9 of both profiles": [VP9, VP9_10_BIT],
    "H264 without parameters": [video("H264")],
    "H264 baseline, packetization mode 0": [h264("42001f", 0)],
    "H264 constrained baseline, packetization mode 1": [BASELINE],
    "H264 main": [h264("4d0032")],
    "H264 high": [HIGH],
    "H264 constrained high": [h264("640c1f")],
    "H264 without level asymmetry": [h264("42e01f", 1, 0)],
    "H264 of five kinds": [h264("42e01f", 0), BASELINE, h264("4d001f"), HIGH, h264("640c34")],
    "AV1": [AV1],
    "AV1 with profile": [video("AV1", {"profile": 0, "level-idx": 5})],
    "all a browser has": [OPUS, PCMU, audio("PCMA", 8000), VP8, VP9, BASELINE, HIGH, AV1],
    "MIME types in any case": [OPUS | {"mimeType": "AUDIO/OPUS"}, VP8 | {"mimeType": "Video/vp8"}],
    "a wrong kind is corrected": [VP8 | {"kind": "audio"}],
    "preferred payload types": [OPUS | {"preferredPayloadType": 111}, VP8 | {"preferredPayloadType": 96}],
    "a preferred payload type is not given to others": [VP8 | {"preferredPayloadType": 100}, VP9, AV1],
    "a preferred payload type outside the dynamic ones": [OPUS | {"preferredPayloadType": 77}],
    "feedback is mediasoup's own": [VP8 | {"rtcpFeedback": [{"type": "nack", "parameter": "sli"}]}],
    "channels of a video codec are ignored": [VP8 | {"channels": 2}],
}
"""Name of a case: the codecs its router is made with."""

REFUSED: dict[str, list[Any]] = {
    "an unknown codec": [video("H266")],
    "Opus at another clock rate": [audio("opus", 44100, 2)],
    "Opus in mono": [audio("opus", 48000, 1)],
    "multiopus with streams that do not fit": [
        audio("multiopus", 48000, 6, channel_mapping="0,4,1,2,3,5", num_streams=5, coupled_streams=2)
    ],
    "RTX by itself": [video("rtx", {"apt": 100})],
    "a payload type used twice": [OPUS | {"preferredPayloadType": 100}, VP8 | {"preferredPayloadType": 100}],
    "a payload type that was given away": [VP8, OPUS | {"preferredPayloadType": 100}],
    "a MIME type without kind": [VP8 | {"mimeType": "VP8"}],
    "a MIME type of another kind": [VP8 | {"mimeType": "text/plain"}],
    "no MIME type": [{"kind": "video", "clockRate": 90000}],
    "no clock rate": [{"kind": "video", "mimeType": "video/VP8"}],
    "a clock rate that is no number": [VP8 | {"clockRate": "90000"}],
    "a codec parameter that is no scalar": [VP8 | {"parameters": {"x": {"y": 1}}}],
    "more codecs than payload types": [
        h264(f"42e0{level:02x}", mode) for mode in (0, 1) for level in (10, 11, 12, 13, 20, 21, 22, 30, 31)
    ],
}
"""Name of a case: the codecs no router is made with."""

CASES: dict[str, Case] = {
    **{f"router: {name}": (router(*codecs), ask("router.dump")) for name, codecs in CODECS.items()},
    **{f"router: refused: {name}": (router(*codecs), ask("worker.dump")) for name, codecs in REFUSED.items()},
    "router: new codecs count for what is made afterwards": (
        router(VP8),
        plain("sender"),
        produce("early", "sender", "video", {"codecs": [used(VP8, 96)], "encodings": [{"ssrc": 11}]}),
        ask("router.updateMediaCodecs", [OPUS, VP9 | {"preferredPayloadType": 120}]),
        produce("gone", "sender", "video", {"codecs": [used(VP8, 96)], "encodings": [{"ssrc": 12}]}),
        produce("late", "sender", "video", {"codecs": [used(VP9, 98)], "encodings": [{"ssrc": 13}]}),
        make("kept", "sender.consume", producerId="$early.id", rtpCapabilities="$router.rtpCapabilities"),
        make("fresh", "sender.consume", producerId="$late.id", rtpCapabilities="$router.rtpCapabilities"),
        ask("router.dump"),
    ),
    "router: new codecs that are refused leave the old ones": (
        router(VP8),
        ask("router.updateMediaCodecs", [video("H266")]),
        ask("router.dump"),
    ),
    "router: closing": (router(VP8), ask("router.close"), ask("router.close"), ask("router.dump"), ask("worker.dump")),
    "worker: settings, usage and dump": (
        ask("worker.updateSettings", logLevel="none", logTags=["ice", "dtls", "rtp"]),
        ask("worker.updateSettings", logLevel="none"),
        ask("worker.getResourceUsage"),
        ask("worker.dump"),
    ),
    "worker: a log level that does not exist": (ask("worker.updateSettings", logLevel="loud"),),
    "worker: closing closes all that is in it": (
        make("second", "host.createWorker"),
        make("server", "second.createWebRtcServer", listenInfos=[{"protocol": "udp", "ip": "127.0.0.1"}]),
        make("router", "second.createRouter", mediaCodecs=[VP8]),
        plain("sender"),
        produce("camera", "sender", "video", {"codecs": [used(VP8, 96)], "encodings": [{"ssrc": 11}]}),
        make("volumes", "router.createAudioLevelObserver"),
        ask("second.close"),
        ask("second.dump"),
        ask("router.dump"),
        ask("camera.pause"),
        ask("second.createRouter"),
    ),
}
