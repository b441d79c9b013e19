"""What the server makes of the codecs clients send with."""

from __future__ import annotations

import pytest

from proctor_sfu.mediasoup.rtp import RtpCodecParameters, RtpEncodingParameters, RtpParameters
from proctor_sfu.rooms.codecs import without_lone_layers


def sent_as(mime_type: str, *modes: str) -> RtpParameters:
    """Return what a client sends: an encoding for each of ``modes``."""
    return RtpParameters(
        codecs=(RtpCodecParameters(mime_type=mime_type, payload_type=96, clock_rate=90_000),),
        encodings=tuple(RtpEncodingParameters(rid=f"r{at}", scalability_mode=mode) for at, mode in enumerate(modes)),
    )


def test_vp8_of_one_stream_loses_its_temporal_layers_and_nothing_else() -> None:
    assert without_lone_layers(sent_as("video/VP8", "L1T3")) == RtpParameters(
        codecs=sent_as("video/VP8").codecs, encodings=(RtpEncodingParameters(rid="r0"),)
    )


@pytest.mark.parametrize(
    "parameters",
    [
        sent_as("video/VP8", "L1T3", "L1T3"),
        sent_as("video/VP8", "L1T1"),
        sent_as("video/VP8", "L99T99" * 50),
        sent_as("video/VP9", "L1T3"),
        sent_as("video/H264", "L1T3"),
        sent_as("audio/opus"),
        RtpParameters(codecs=()),
    ],
)
def test_what_the_worker_forwards_from_its_first_key_frame_on_stays_as_it_is(parameters: RtpParameters) -> None:
    assert without_lone_layers(parameters) == parameters
