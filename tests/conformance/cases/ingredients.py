"""What many cases are made of: codecs, RTP parameters of senders, capabilities of receivers."""

from __future__ import annotations

from typing import Any

from conformance.script import Step, make

Document = dict[str, Any]

UDP: Document = {"protocol": "udp", "ip": "127.0.0.1"}
TCP: Document = {"protocol": "tcp", "ip": "127.0.0.1"}

# Codecs of a router.


def audio(name: str, clock_rate: int, channels: int | None = None, **parameters: Any) -> Document:
    codec: Document = {"kind": "audio", "mimeType": f"audio/{name}", "clockRate": clock_rate, "parameters": parameters}
    return codec if channels is None else codec | {"channels": channels}


def video(name: str, parameters: Document | None = None) -> Document:
    return {"kind": "video", "mimeType": f"video/{name}", "clockRate": 90000, "parameters": parameters or {}}


def h264(profile_level_id: str | None = None, mode: int | None = 1, asymmetry: int | None = 1) -> Document:
    wanted = {
        "profile-level-id": profile_level_id, "packetization-mode": mode, "level-asymmetry-allowed": asymmetry
    }  # fmt: skip
    return video("H264", {name: value for name, value in wanted.items() if value is not None})


OPUS = audio("opus", 48000, 2)
PCMU = audio("PCMU", 8000)
VP8 = video("VP8")
VP9 = video("VP9", {"profile-id": 0})
VP9_10_BIT = video("VP9", {"profile-id": 2})
AV1 = video("AV1")
BASELINE = h264("42e01f")
HIGH = h264("640032")
QUAD = audio("multiopus", 48000, 4, channel_mapping="0,1,2,3", num_streams=2, coupled_streams=2)
SURROUND_51 = audio("multiopus", 48000, 6, channel_mapping="0,4,1,2,3,5", num_streams=4, coupled_streams=2)
SURROUND_71 = audio("multiopus", 48000, 8, channel_mapping="0,6,1,2,3,4,5,7", num_streams=5, coupled_streams=3)

# Header extensions.

MID = "urn:ietf:params:rtp-hdrext:sdes:mid"
RID = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
RRID = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_CC = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
DEPENDENCY_DESCRIPTOR = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
ORIENTATION = "urn:3gpp:video-orientation"
TIME_OFFSET = "urn:ietf:params:rtp-hdrext:toffset"
CAPTURE_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
PLAYOUT_DELAY = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
PACKET_ID = "urn:mediasoup:params:rtp-hdrext:packet-id"
ALL_EXTENSIONS = (
    MID, RID, RRID, ABS_SEND_TIME, TRANSPORT_CC, AUDIO_LEVEL, DEPENDENCY_DESCRIPTOR, ORIENTATION, TIME_OFFSET,
    CAPTURE_TIME, PLAYOUT_DELAY, PACKET_ID,
)  # fmt: skip


def extensions(*uris: str, first: int = 1) -> list[Document]:
    return [{"uri": uri, "id": number} for number, uri in enumerate(uris, first)]


# RTP parameters of a sender.


def used(codec: Document, payload_type: int, **more: Any) -> Document:
    """A codec of a router as a sender uses it."""
    kept = {name: codec[name] for name in ("mimeType", "clockRate", "channels", "parameters") if name in codec}
    return kept | {"payloadType": payload_type} | more


def rtx(payload_type: int, apt: int) -> Document:
    return {"mimeType": "video/rtx", "payloadType": payload_type, "clockRate": 90000, "parameters": {"apt": apt}}


FEEDBACK = [
    {"type": "nack"}, {"type": "nack", "parameter": "pli"}, {"type": "ccm", "parameter": "fir"}, {"type": "goog-remb"},
    {"type": "transport-cc"},
]  # fmt: skip

SPEECH: Document = {"codecs": [used(OPUS, 111)], "encodings": [{"ssrc": 2001}], "rtcp": {"cname": "speaker"}}
PLAIN_VP8: Document = {"codecs": [used(VP8, 96)], "encodings": [{"ssrc": 1001}], "rtcp": {"cname": "painter"}}
FULL_VP8: Document = {
    "mid": "VIDEO", "codecs": [used(VP8, 96, rtcpFeedback=FEEDBACK), rtx(97, 96)],
    "headerExtensions": extensions(MID, ABS_SEND_TIME, TRANSPORT_CC, ORIENTATION, TIME_OFFSET, first=10),
    "encodings": [{"ssrc": 1001, "rtx": {"ssrc": 1002}, "maxBitrate": 900_000}], "rtcp": {"cname": "painter"},
    "msid": "stream track",
}  # fmt: skip
SIMULCAST: Document = {
    "codecs": [used(VP8, 96, rtcpFeedback=FEEDBACK), rtx(97, 96)],
    "headerExtensions": extensions(MID, RID, RRID, TRANSPORT_CC),
    "encodings": [
        {"rid": f"r{index}", "scalabilityMode": "L1T3", "maxBitrate": 100_000 * 4**index} for index in range(3)
    ],
    "mid": "0", "rtcp": {"cname": "painter"},
}  # fmt: skip
SIMULCAST_SSRCS: Document = SIMULCAST | {
    "encodings": [{"ssrc": 1001 + index, "rtx": {"ssrc": 1101 + index}} for index in range(3)]
}
SVC: Document = {
    "codecs": [used(VP9, 98, rtcpFeedback=FEEDBACK), rtx(99, 98)],
    "encodings": [{"ssrc": 1001, "rtx": {"ssrc": 1002}, "scalabilityMode": "L3T3"}], "rtcp": {"cname": "painter"},
}  # fmt: skip
K_SVC: Document = SVC | {"encodings": [{"ssrc": 1001, "scalabilityMode": "L3T3_KEY"}]}


# Capabilities of a receiver.


def capabilities(*codecs: Document, uris: dict[str, int] | None = None) -> Document:
    """What a receiver says of itself; ``uris`` gives the number of each header extension, for both kinds."""
    return {
        "codecs": list(codecs),
        "headerExtensions": [
            {"kind": kind, "uri": uri, "preferredId": number}
            for uri, number in (uris or {}).items()
            for kind in ("audio", "video")
        ],
    }


def received(codec: Document, payload_type: int, *feedback: str) -> Document:
    """A codec of a router as a receiver offers it; ``feedback`` like ``nack pli``."""
    pairs = [each.partition(" ") for each in feedback]
    return codec | {
        "preferredPayloadType": payload_type,
        "rtcpFeedback": [{"type": head, "parameter": tail} for head, _, tail in pairs],
    }


def received_rtx(payload_type: int, apt: int) -> Document:
    return {
        "kind": "video", "mimeType": "video/rtx", "preferredPayloadType": payload_type, "clockRate": 90000,
        "parameters": {"apt": apt}, "rtcpFeedback": [],
    }  # fmt: skip


# The first steps of most cases.


def router(*codecs: Document, save: str = "router") -> Step:
    return make(save, "worker.createRouter", mediaCodecs=list(codecs))


def plain(save: str, of: str = "router", **options: Any) -> Step:
    return make(save, f"{of}.createPlainTransport", **{"listenInfo": UDP, "comedia": True} | options)


def webrtc(save: str, of: str = "router", **options: Any) -> Step:
    return make(save, f"{of}.createWebRtcTransport", **{"listenInfos": [UDP]} | options)


def direct(save: str, of: str = "router", **options: Any) -> Step:
    return make(save, f"{of}.createDirectTransport", **options)


def pipe(save: str, of: str = "router", **options: Any) -> Step:
    return make(save, f"{of}.createPipeTransport", **{"listenInfo": UDP} | options)


def produce(save: str, on: str, kind: str, parameters: Document | str, **options: Any) -> Step:
    return make(save, f"{on}.produce", kind=kind, rtpParameters=parameters, **options)


def consume(save: str, on: str, producer: str, **options: Any) -> Step:
    given = {"producerId": f"${producer}.id", "rtpCapabilities": "$router.rtpCapabilities"}
    return make(save, f"{on}.consume", **given | options)
