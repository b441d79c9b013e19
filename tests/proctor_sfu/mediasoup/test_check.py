"""Every limit of what may come from outside, from both sides: the last value that passes, the first that does not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup import check
from proctor_sfu.mediasoup.check import check_codec_capability, check_rtp_capabilities, check_rtp_parameters
from proctor_sfu.mediasoup.rtp import (
    RtcpFeedback,
    RtcpParameters,
    RtpCapabilities,
    RtpCodecCapability,
    RtpCodecParameters,
    RtpEncodingParameters,
    RtpEncodingRtx,
    RtpHeaderExtension,
    RtpHeaderExtensionParameters,
    RtpParameters,
)

URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
CAPABILITY = RtpCodecCapability(mime_type="video/VP8", clock_rate=90000)
CODEC = RtpCodecParameters(mime_type="video/VP8", payload_type=96, clock_rate=90000)
EXTENSION = RtpHeaderExtensionParameters(uri=URI, id=1)
ENCODING = RtpEncodingParameters(ssrc=1)


def capability(**changes: Any) -> Callable[[], object]:
    return lambda: check_codec_capability(replace(CAPABILITY, **changes))


def parameters(**changes: Any) -> Callable[[], object]:
    return lambda: check_rtp_parameters(replace(RtpParameters(codecs=(CODEC,), encodings=(ENCODING,)), **changes))


def codec(**changes: Any) -> Callable[[], object]:
    return parameters(codecs=(replace(CODEC, **changes),))


def extension(**changes: Any) -> Callable[[], object]:
    return parameters(header_extensions=(replace(EXTENSION, **changes),))


def encoding(**changes: Any) -> Callable[[], object]:
    return parameters(encodings=(replace(ENCODING, **changes),))


def offered(**changes: Any) -> Callable[[], object]:
    one = RtpHeaderExtension(kind="video", uri=URI, preferred_id=1)
    return lambda: check_rtp_capabilities(RtpCapabilities(header_extensions=(replace(one, **changes),)))


def many(count: int) -> tuple[RtpCodecParameters, ...]:
    return tuple(replace(CODEC, payload_type=number) for number in range(count))


PASSES: dict[str, Callable[[], object]] = {
    "payload type 0": codec(payload_type=0),
    "payload type 127": codec(payload_type=127),
    "clock rate 1": codec(clock_rate=1),
    "clock rate 2^32 - 1": codec(clock_rate=2**32 - 1),
    "255 channels": codec(mime_type="audio/x", channels=255),
    "a parameter of -2^31": codec(parameters={"x": -(2**31)}),
    "a parameter of 2^31 - 1": codec(parameters={"x": 2**31 - 1}),
    "a fractional parameter": codec(parameters={"x": 1.5}),
    "a parameter of 8192 characters": codec(parameters={"x": "x" * check.MAX_VALUE}),
    "64 parameters": codec(parameters={str(number): number for number in range(check.MAX_ENTRIES)}),
    "64 entries of feedback": codec(rtcp_feedback=(RtcpFeedback(type="nack"),) * check.MAX_ENTRIES),
    "a MIME type of 64 characters": codec(mime_type="video/" + "x" * 64),
    "128 codecs": parameters(codecs=many(check.MAX_CODECS)),
    "16 encodings": parameters(encodings=tuple(RtpEncodingParameters(ssrc=n + 1) for n in range(check.MAX_ENCODINGS))),
    "extension id 255": extension(id=255),
    "ssrc 1": encoding(ssrc=1),
    "ssrc 2^32 - 1": encoding(ssrc=2**32 - 1),
    "bitrate 2^53": encoding(max_bitrate=2**53),
    "bitrate 0": encoding(max_bitrate=0),
    "mode L3T3_KEY": encoding(scalability_mode="L3T3_KEY"),
    "a MID of 1024 characters": parameters(mid="x" * check.MAX_TEXT),
    "no preferred payload type": capability(),
    "preferred payload type 127": capability(preferred_payload_type=127),
    "preferred id 255": offered(preferred_id=255),
    "nothing but codecs": lambda: check_rtp_parameters(RtpParameters(codecs=(CODEC,))),
}

REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "payload type 128": (codec(payload_type=128), "payload_type must be an integer from 0 to 127, not 128"),
    "payload type -1": (codec(payload_type=-1), "payload_type"),
    "payload type True": (codec(payload_type=True), "payload_type"),
    "payload type as a text": (codec(payload_type="96"), "payload_type"),
    "clock rate 0": (codec(clock_rate=0), "clock_rate"),
    "clock rate 2^32": (codec(clock_rate=2**32), "clock_rate"),
    "0 channels": (codec(mime_type="audio/x", channels=0), "channels"),
    "256 channels": (codec(mime_type="audio/x", channels=256), "channels"),
    "a parameter of 2^31": (codec(parameters={"x": 2**31}), "parameter x"),
    "a parameter of 10^400": (codec(parameters={"x": 10**400}), "parameter x"),
    "an integral float beyond 32 bits": (codec(parameters={"x": 1e10}), "parameter x"),
    "an infinite parameter": (codec(parameters={"x": float("inf")}), "neither a text nor a number"),
    "a parameter that is no number": (codec(parameters={"x": float("nan")}), "neither a text nor a number"),
    "a parameter that is true": (codec(parameters={"x": True}), "neither a text nor a number"),
    "a parameter that is nothing": (codec(parameters={"x": None}), "neither a text nor a number"),
    "a parameter that is a list": (codec(parameters={"x": [1]}), "neither a text nor a number"),
    "a parameter of 8193 characters": (codec(parameters={"x": "x" * 8193}), "at most 8192 characters"),
    "a parameter name of 1025 characters": (codec(parameters={"x" * 1025: 1}), "at most 1024 characters"),
    "apt as a text": (codec(parameters={"apt": "96"}), "apt"),
    "65 parameters": (codec(parameters={str(n): n for n in range(65)}), "too many parameters: 65, the limit is 64"),
    "65 entries of feedback": (codec(rtcp_feedback=(RtcpFeedback(type="nack"),) * 65), "too many rtcp_feedback"),
    "feedback without a type": (codec(rtcp_feedback=(RtcpFeedback(type=""),)), "without a type"),
    "feedback with a NUL": (codec(rtcp_feedback=(RtcpFeedback(type="na\0ck"),)), "NUL"),
    "a MIME type of another kind": (codec(mime_type="text/plain"), "invalid mime_type 'text/plain'"),
    "a MIME type without a name": (codec(mime_type="video/"), "mime_type"),
    "a MIME type with a newline": (codec(mime_type="video/VP8\n"), "mime_type"),
    "a MIME type of 65 characters": (codec(mime_type="video/" + "x" * 65), "mime_type"),
    "a MIME type that is nothing": (codec(mime_type=None), "mime_type"),
    "129 codecs": (parameters(codecs=many(129)), "too many codecs"),
    "a payload type twice": (parameters(codecs=(CODEC, CODEC)), "duplicated payload type 96"),
    "129 header extensions": (parameters(header_extensions=(EXTENSION,) * 129), "too many header_extensions"),
    "a header extension id twice": (parameters(header_extensions=(EXTENSION,) * 2), "duplicated header extension id 1"),
    "17 encodings": (parameters(encodings=(ENCODING,) * 17), "too many encodings"),
    "an ssrc twice": (parameters(encodings=(ENCODING, ENCODING)), "duplicated ssrc 1"),
    "an ssrc that is one of RTX too": (encoding(rtx=RtpEncodingRtx(ssrc=1)), "duplicated ssrc 1"),
    "a rid twice": (parameters(encodings=(RtpEncodingParameters(rid="a"),) * 2), "duplicated rid 'a'"),
    "an unknown header extension": (extension(uri="urn:x"), "unknown header extension 'urn:x'"),
    "extension id 0": (extension(id=0), "header extension id"),
    "extension id 256": (extension(id=256), "header extension id"),
    "a parameter of an extension that is true": (extension(parameters={"x": True}), "parameter x"),
    "ssrc 0": (encoding(ssrc=0), "ssrc"),
    "ssrc 2^32": (encoding(ssrc=2**32), "ssrc"),
    "RTX ssrc 0": (encoding(rtx=RtpEncodingRtx(ssrc=0)), "rtx.ssrc"),
    "codec payload type 128": (encoding(codec_payload_type=128), "codec_payload_type"),
    "bitrate -1": (encoding(max_bitrate=-1), "max_bitrate"),
    "bitrate 2^53 + 1": (encoding(max_bitrate=2**53 + 1), "max_bitrate"),
    "mode L0T1": (encoding(scalability_mode="L0T1"), "scalability_mode"),
    "a mode that is no text": (encoding(scalability_mode=3), "scalability_mode"),
    "a rid that is no text": (encoding(rid=5), "rid"),
    "a MID of 1025 characters": (parameters(mid="x" * 1025), "mid must be a text of at most 1024"),
    "an MSID with half a surrogate pair": (parameters(msid="\ud83d"), "half a surrogate pair"),
    "a CNAME with a NUL": (parameters(rtcp=RtcpParameters(cname="a\0b")), "rtcp.cname"),
    "no parameters": (lambda: check_rtp_parameters(None), "rtp_parameters are missing"),  # type: ignore[arg-type]
    "no capabilities": (lambda: check_rtp_capabilities(None), "rtp_capabilities are missing"),  # type: ignore[arg-type]
    "129 codecs offered": (
        lambda: check_rtp_capabilities(RtpCapabilities(codecs=(CAPABILITY,) * 129)),
        "too many codecs",
    ),
    "preferred payload type 128": (capability(preferred_payload_type=128), "preferred_payload_type"),
    "a kind of a header extension that is none": (offered(kind="smell"), "invalid kind 'smell'"),
    "a header extension without a URI": (offered(uri=""), "without a uri"),
    "preferred id 0": (offered(preferred_id=0), "preferred_id"),
    "preferred id 256": (offered(preferred_id=256), "preferred_id"),
}


@pytest.mark.parametrize("case", PASSES)
def test_it_passes(case: str) -> None:
    PASSES[case]()


@pytest.mark.parametrize("case", REFUSED)
def test_it_is_refused(case: str) -> None:
    function, words = REFUSED[case]
    with pytest.raises(InvalidArgumentError) as caught:
        function()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


def test_a_long_value_is_cut_in_the_message() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        codec(mime_type="x" * 10_000)()
    assert str(caught.value) == f"invalid mime_type '{'x' * 76}…"


def test_what_passes_is_complete() -> None:
    given = RtpParameters(
        codecs=(
            RtpCodecParameters(mime_type="audio/opus", payload_type=111, clock_rate=48000),
            replace(CODEC, channels=2),
        ),
        rtcp=RtcpParameters(cname="c", reduced_size=False),
    )
    found = check_rtp_parameters(given)
    assert [each.channels for each in found.codecs] == [1, None]
    assert found.rtcp == RtcpParameters(cname="c", reduced_size=True)
    capable = check_codec_capability(replace(CAPABILITY, mime_type="AUDIO/Opus", kind="video", channels=None))
    assert (capable.kind, capable.channels, capable.mime_type) == ("audio", 1, "AUDIO/Opus")
