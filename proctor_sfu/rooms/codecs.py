"""Codecs of a room's router."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import Final

from proctor_sfu.mediasoup.rtp import RtpCodecCapability, RtpParameters


class VideoCodec(StrEnum):
    """What the pictures of a room are encoded as."""

    VP8 = "vp8"
    """In simulcast; what everything can encode and decode."""
    VP9 = "vp9"
    """In scalable layers: better pictures in as many bits, for more of the candidate's processor."""
    H264 = "h264"
    """In simulcast; for clients whose hardware encodes it."""


_OPUS: Final = RtpCodecCapability(
    mime_type="audio/opus", clock_rate=48000, channels=2, parameters={"useinbandfec": 1, "usedtx": 1}
)
_VIDEO: Final = {
    VideoCodec.VP8: RtpCodecCapability(mime_type="video/VP8", clock_rate=90000),
    VideoCodec.H264: RtpCodecCapability(
        mime_type="video/H264",
        clock_rate=90000,
        # Constrained baseline: what every browser and aiortc can encode and decode.
        parameters={"packetization-mode": 1, "profile-level-id": "42e01f", "level-asymmetry-allowed": 1},
    ),
    VideoCodec.VP9: RtpCodecCapability(mime_type="video/VP9", clock_rate=90000, parameters={"profile-id": 0}),
}

_TEMPORAL: Final = ("L1T2", "L1T3")
"""Scalability modes of a single stream with temporal layers (https://www.w3.org/TR/webrtc-svc/). A mode that is none is
left for the worker to refuse."""


def room_codecs(preferred: VideoCodec = VideoCodec.VP8) -> tuple[RtpCodecCapability, ...]:
    """Return the codecs of a router: Opus with FEC and DTX, then ``preferred``, then the other ones for pictures.

    Clients send with the first one they can encode, so one that lacks ``preferred`` is seen all the same.
    """
    return (_OPUS, _VIDEO[preferred], *(each for name, each in _VIDEO.items() if name is not preferred))


def without_lone_layers(parameters: RtpParameters) -> RtpParameters:
    """Return what a client sends, without the temporal layers of VP8 that is one stream.

    The worker drops the key frame a viewer of those begins with: it sees nothing until it has asked for another, and
    nothing at all while the worker waits for a frame that begins a layer, which may never come.
    """
    is_vp8 = any(each.mime_type.lower() == "video/vp8" for each in parameters.codecs)
    if not is_vp8 or [each.scalability_mode in _TEMPORAL for each in parameters.encodings] != [True]:
        return parameters
    return replace(parameters, encodings=(replace(parameters.encodings[0], scalability_mode=None),))
