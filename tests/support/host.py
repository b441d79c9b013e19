"""Objects most tests of the host need."""

from __future__ import annotations

from dataclasses import dataclass

from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.rtp import (
    RtpCodecCapability,
    RtpCodecParameters,
    RtpEncodingParameters,
    RtpEncodingRtx,
    RtpHeaderExtensionParameters,
    RtpParameters,
)
from proctor_sfu.mediasoup.webrtc_server import WebRtcServer
from proctor_sfu.mediasoup.worker import Worker

VP8 = RtpCodecCapability(mime_type="video/VP8", clock_rate=90000)
OPUS = RtpCodecCapability(mime_type="audio/opus", clock_rate=48000, channels=2)
LOOPBACK = ListenInfo(ip="127.0.0.1")


def video(ssrc: int = 1111) -> RtpParameters:
    """A VP8 producer with RTX."""
    codec = RtpCodecParameters(mime_type="video/VP8", payload_type=96, clock_rate=90000)
    rtx = RtpCodecParameters(mime_type="video/rtx", payload_type=97, clock_rate=90000, parameters={"apt": 96})
    encoding = RtpEncodingParameters(ssrc=ssrc, rtx=RtpEncodingRtx(ssrc=ssrc + 1))
    return RtpParameters(codecs=(codec, rtx), encodings=(encoding,))


AUDIO_LEVEL = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"


def audio(ssrc: int = 2222) -> RtpParameters:
    """An Opus producer that gives audio levels under id 6."""
    codec = RtpCodecParameters(mime_type="audio/opus", payload_type=111, clock_rate=48000, channels=2)
    extension = RtpHeaderExtensionParameters(uri=AUDIO_LEVEL, id=6)
    encoding = RtpEncodingParameters(ssrc=ssrc)
    return RtpParameters(codecs=(codec,), header_extensions=(extension,), encodings=(encoding,))


def simulcast(ssrc: int = 3001) -> RtpParameters:
    """A VP8 producer of three encodings with two temporal layers each and neighbouring SSRCs."""
    codec = RtpCodecParameters(mime_type="video/VP8", payload_type=96, clock_rate=90000)
    encodings = tuple(RtpEncodingParameters(ssrc=ssrc + index, scalability_mode="L1T2") for index in range(3))
    return RtpParameters(codecs=(codec,), encodings=encodings)


@dataclass(kw_only=True)
class Bench:
    """A worker with a router and a WebRtcServer."""

    worker: Worker
    router: Router
    server: WebRtcServer
