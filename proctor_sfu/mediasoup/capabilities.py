"""Codecs and header extensions mediasoup 3.27 supports, as a table; tests/conformance holds it against the package."""

from __future__ import annotations

from typing import Final

from proctor_sfu.mediasoup.rtp import (
    Direction,
    MediaKind,
    Parameters,
    RtcpFeedback,
    RtpCapabilities,
    RtpCodecCapability,
    RtpHeaderExtension,
)

_TRANSPORT_CC: Final = RtcpFeedback(type="transport-cc")
_AUDIO: Final = (RtcpFeedback(type="nack"), _TRANSPORT_CC)
_VIDEO: Final = (
    RtcpFeedback(type="nack"),
    RtcpFeedback(type="nack", parameter="pli"),
    RtcpFeedback(type="ccm", parameter="fir"),
    RtcpFeedback(type="goog-remb"),
    _TRANSPORT_CC,
)


def _audio(
    name: str, clock_rate: int, channels: int = 1, *, payload_type: int | None = None,
    feedback: tuple[RtcpFeedback, ...] = (_TRANSPORT_CC,), **parameters: str | int,
) -> RtpCodecCapability:  # fmt: skip
    return RtpCodecCapability(
        kind="audio", mime_type=f"audio/{name}", clock_rate=clock_rate, channels=channels,
        preferred_payload_type=payload_type, parameters=parameters, rtcp_feedback=feedback,
    )  # fmt: skip


def _surround(channels: int, mapping: str, streams: int, coupled: int) -> RtpCodecCapability:
    return _audio(
        "multiopus", 48000, channels, feedback=_AUDIO, channel_mapping=mapping, num_streams=streams,
        coupled_streams=coupled,
    )  # fmt: skip


def _video(name: str, parameters: Parameters | None = None) -> RtpCodecCapability:
    return RtpCodecCapability(
        kind="video", mime_type=f"video/{name}", clock_rate=90000, parameters=parameters or {}, rtcp_feedback=_VIDEO
    )


CODECS: Final = (
    _audio("opus", 48000, 2, feedback=_AUDIO),
    _surround(4, "0,1,2,3", 2, 2),
    _surround(6, "0,4,1,2,3,5", 4, 2),
    _surround(8, "0,6,1,2,3,4,5,7", 5, 3),
    _audio("PCMU", 8000, payload_type=0),
    _audio("PCMA", 8000, payload_type=8),
    _audio("ISAC", 32000),
    _audio("ISAC", 16000),
    _audio("G722", 8000, payload_type=9),
    _audio("iLBC", 8000),
    *(_audio("SILK", rate) for rate in (24000, 16000, 12000, 8000)),
    *(_audio("CN", rate, payload_type=13, feedback=()) for rate in (32000, 16000, 8000)),
    *(_audio("telephone-event", rate, feedback=()) for rate in (48000, 32000, 16000, 8000)),
    _video("VP8"),
    _video("VP9"),
    _video("H264", {"level-asymmetry-allowed": 1}),
    _video("AV1"),
)

MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
ABS_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
TRANSPORT_WIDE_CC: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
DEPENDENCY_DESCRIPTOR: Final = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension"
ABS_CAPTURE_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"

_EXTENSIONS: Final[tuple[tuple[int, str, Direction | None, Direction | None], ...]] = (
    (1, MID, "sendrecv", "sendrecv"),
    (2, "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id", None, "recvonly"),
    (3, "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id", None, "recvonly"),
    (4, ABS_SEND_TIME, "sendrecv", "sendrecv"),
    (5, TRANSPORT_WIDE_CC, "recvonly", "sendrecv"),
    (6, "urn:ietf:params:rtp-hdrext:ssrc-audio-level", "sendrecv", None),
    (7, DEPENDENCY_DESCRIPTOR, None, "recvonly"),
    (8, "urn:3gpp:video-orientation", None, "sendrecv"),
    (9, "urn:ietf:params:rtp-hdrext:toffset", None, "sendrecv"),
    (10, ABS_CAPTURE_TIME, "sendrecv", "sendrecv"),
    (11, "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay", "sendrecv", "sendrecv"),
    (12, "urn:mediasoup:params:rtp-hdrext:packet-id", "sendrecv", "sendrecv"),
)
"""Id, URI, direction for audio, direction for video."""


def _extensions() -> tuple[RtpHeaderExtension, ...]:
    kinds: tuple[MediaKind, MediaKind] = ("audio", "video")
    return tuple(
        RtpHeaderExtension(kind=kind, uri=uri, preferred_id=number, direction=direction)
        for number, uri, *directions in _EXTENSIONS
        for kind, direction in zip(kinds, directions, strict=True)
        if direction is not None
    )


SUPPORTED: Final = RtpCapabilities(codecs=CODECS, header_extensions=_extensions())
"""Everything a router may be asked for."""
