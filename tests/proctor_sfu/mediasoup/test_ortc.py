"""Negotiation with exact results. That it agrees with the official host is shown in tests/conformance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count

import pytest

from proctor_sfu.errors import InvalidArgumentError, UnsupportedError
from proctor_sfu.mediasoup import capabilities, ortc
from proctor_sfu.mediasoup.check import check_rtp_capabilities, check_rtp_parameters
from proctor_sfu.mediasoup.rtp import (
    CodecMapping,
    EncodingMapping,
    RtcpFeedback,
    RtcpParameters,
    RtpCapabilities,
    RtpCodecCapability,
    RtpCodecParameters,
    RtpEncodingParameters,
    RtpEncodingRtx,
    RtpHeaderExtension,
    RtpHeaderExtensionParameters,
    RtpMapping,
    RtpParameters,
)
from support.host import OPUS, VP8, video

NACK, PLI, FIR, REMB, CC = (
    RtcpFeedback(type="nack"), RtcpFeedback(type="nack", parameter="pli"), RtcpFeedback(type="ccm", parameter="fir"),
    RtcpFeedback(type="goog-remb"), RtcpFeedback(type="transport-cc"),
)  # fmt: skip
ROUTER = ortc.router_rtp_capabilities([OPUS, VP8])


def h264(level: str) -> RtpCodecCapability:
    parameters: dict[str, str | int] = {"profile-level-id": level, "packetization-mode": 1}
    return RtpCodecCapability(mime_type="video/H264", clock_rate=90000, parameters=parameters)


def produced(params: RtpParameters) -> tuple[RtpParameters, RtpMapping, RtpParameters]:
    params, mapping = ortc.producer_mapping(check_rtp_parameters(params), ROUTER, random_ssrc=lambda: 500)
    return params, mapping, ortc.consumable_parameters("video", params, ROUTER, mapping)


def ssrcs() -> Callable[[], int]:
    """Return a source of 1000, 2000, … in place of random numbers."""
    return count(1000, 1000).__next__


def receiving(*codecs: RtpCodecCapability, uris: dict[str, int] | None = None) -> RtpCapabilities:
    extensions = tuple(
        RtpHeaderExtension(kind="video", uri=uri, preferred_id=number) for uri, number in (uris or {}).items()
    )
    return check_rtp_capabilities(RtpCapabilities(codecs=codecs, header_extensions=extensions))


RECEIVED_VP8 = RtpCodecCapability(
    mime_type="video/VP8", clock_rate=90000, preferred_payload_type=120, rtcp_feedback=(NACK, PLI, FIR, REMB, CC)
)
RECEIVED_RTX = RtpCodecCapability(
    mime_type="video/rtx", clock_rate=90000, preferred_payload_type=121, parameters={"apt": 120}
)


def test_a_router_numbers_its_codecs_from_100_with_rtx_behind_video() -> None:
    opus, vp8, rtx = ROUTER.codecs
    assert [codec.preferred_payload_type for codec in ROUTER.codecs] == [100, 101, 102]
    assert (opus.mime_type, opus.channels, opus.rtcp_feedback) == ("audio/opus", 2, (NACK, CC))
    assert (vp8.mime_type, vp8.channels, vp8.rtcp_feedback) == ("video/VP8", None, (NACK, PLI, FIR, REMB, CC))
    assert (rtx.mime_type, rtx.kind, rtx.parameters, rtx.rtcp_feedback) == ("video/rtx", "video", {"apt": 101}, ())
    assert ROUTER.header_extensions == capabilities.SUPPORTED.header_extensions


def test_numbers_a_router_is_told_are_kept_and_not_given_away() -> None:
    wanted = [replace(VP8, preferred_payload_type=100), replace(OPUS, preferred_payload_type=127), VP8]
    found = ortc.router_rtp_capabilities(wanted)
    assert [codec.preferred_payload_type for codec in found.codecs] == [100, 101, 127, 102, 103]


def test_thirty_two_numbers_and_no_more() -> None:
    levels = ["42e01f", "42e015", "640032", "4d0032"] * 4
    full = ortc.router_rtp_capabilities([h264(level) for level in levels])
    numbers = {codec.preferred_payload_type for codec in full.codecs}
    assert numbers == set(range(96, 128))
    with pytest.raises(UnsupportedError, match="cannot allocate"):
        ortc.router_rtp_capabilities([h264(level) for level in [*levels, "42e01f"]])


def test_a_static_number_does_not_use_up_a_dynamic_one() -> None:
    pcmu = RtpCodecCapability(mime_type="audio/PCMU", clock_rate=8000)
    assert [each.preferred_payload_type for each in ortc.router_rtp_capabilities([pcmu, OPUS]).codecs] == [0, 100]


def test_a_router_refuses() -> None:
    with pytest.raises(UnsupportedError, match=r"media codec not supported \[mime_type:video/H266\]"):
        ortc.router_rtp_capabilities([replace(VP8, mime_type="video/H266")])
    with pytest.raises(InvalidArgumentError, match="duplicated preferred_payload_type 100"):
        ortc.router_rtp_capabilities([VP8, replace(OPUS, preferred_payload_type=100)])


def test_a_producer_is_mapped() -> None:
    params, mapping, consumable = produced(replace(video(), mid="0", msid="s t", rtcp=RtcpParameters(cname="me")))
    assert mapping == RtpMapping(
        codecs=(
            CodecMapping(payload_type=96, mapped_payload_type=101),
            CodecMapping(payload_type=97, mapped_payload_type=102),
        ),
        encodings=(EncodingMapping(ssrc=1111, mapped_ssrc=500),),
    )  # fmt: skip
    assert params.encodings == (RtpEncodingParameters(ssrc=1111, rtx=RtpEncodingRtx(ssrc=1112)),)
    assert [(codec.mime_type, codec.payload_type) for codec in consumable.codecs] == [
        ("video/VP8", 101), ("video/rtx", 102)
    ]  # fmt: skip
    assert consumable.encodings == (RtpEncodingParameters(ssrc=500),)
    assert (consumable.mid, consumable.msid, consumable.rtcp) == (None, "s t", RtcpParameters(cname="me"))
    assert [extension.id for extension in consumable.header_extensions] == [1, 4, 5, 8, 9, 11, 12]


def test_encodings_get_neighbouring_ssrcs() -> None:
    encodings = tuple(RtpEncodingParameters(rid=rid, max_bitrate=9, scalability_mode="L1T3") for rid in "abc")
    _, mapping, consumable = produced(replace(video(), encodings=encodings))
    assert mapping.encodings == tuple(
        EncodingMapping(rid=rid, mapped_ssrc=500 + index) for index, rid in enumerate("abc")
    )
    assert consumable.encodings == tuple(
        RtpEncodingParameters(ssrc=500 + index, max_bitrate=9, scalability_mode="L1T3") for index in range(3)
    )


def test_the_agreed_h264_level_replaces_the_senders() -> None:
    router = ortc.router_rtp_capabilities([h264("42e015")])
    sent = RtpCodecParameters(
        mime_type="video/H264", payload_type=96, clock_rate=90000,
        parameters={"profile-level-id": "42e01f", "packetization-mode": 1, "x": 1},
    )  # fmt: skip
    params, _ = ortc.producer_mapping(check_rtp_parameters(RtpParameters(codecs=(sent,))), router)
    assert params.codecs[0].parameters == {"profile-level-id": "42e015", "packetization-mode": 1, "x": 1}
    assert sent.parameters["profile-level-id"] == "42e01f", "what was given is not changed"


def test_rtx_needs_its_media_codec() -> None:
    vp8, rtx = video().codecs
    for codecs in ((rtx,), (vp8, replace(rtx, parameters={"apt": 97})), (vp8, replace(rtx, parameters={}))):
        with pytest.raises(InvalidArgumentError, match="missing media codec for RTX payload type 97"):
            ortc.producer_mapping(check_rtp_parameters(RtpParameters(codecs=codecs)), ROUTER)


def test_abs_capture_time_is_offered_only_where_it_is_sent() -> None:
    used = (RtpHeaderExtensionParameters(uri=capabilities.ABS_CAPTURE_TIME, id=3),)
    _, _, without = produced(video())
    _, _, with_it = produced(replace(video(), header_extensions=used))
    assert capabilities.ABS_CAPTURE_TIME not in {each.uri for each in without.header_extensions}
    assert {each.uri: each.id for each in with_it.header_extensions}[capabilities.ABS_CAPTURE_TIME] == 10


@pytest.mark.parametrize(
    ("uris", "left"),
    [
        ({}, (NACK, PLI, FIR)),
        ({capabilities.ABS_SEND_TIME: 4}, (NACK, PLI, FIR, REMB)),
        ({capabilities.TRANSPORT_WIDE_CC: 5}, (NACK, PLI, FIR, CC)),
        ({capabilities.ABS_SEND_TIME: 4, capabilities.TRANSPORT_WIDE_CC: 5}, (NACK, PLI, FIR, CC)),
        ({capabilities.ABS_SEND_TIME: 9}, (NACK, PLI, FIR)),
    ],
)
def test_bandwidth_estimation_follows_from_header_extensions(
    uris: dict[str, int], left: tuple[RtcpFeedback, ...]
) -> None:
    _, _, consumable = produced(video())
    caps = receiving(RECEIVED_VP8, RECEIVED_RTX, uris=uris)
    found = ortc.consumer_parameters(consumable, caps, pipe=False, enable_rtx=True)
    assert found.codecs[0].rtcp_feedback == left
    assert {each.uri for each in found.header_extensions} == {uri for uri, number in uris.items() if number != 9}


def test_a_consumer_gets_the_routers_numbers_and_one_encoding() -> None:
    encodings = (
        RtpEncodingParameters(rid="l", max_bitrate=5),
        RtpEncodingParameters(rid="h", max_bitrate=7, scalability_mode="L1T3"),
    )
    _, _, consumable = produced(replace(video(), encodings=encodings))
    caps = receiving(RECEIVED_VP8, RECEIVED_RTX)
    found = ortc.consumer_parameters(consumable, caps, pipe=False, enable_rtx=True, random_ssrc=ssrcs())
    assert [(codec.payload_type, codec.parameters) for codec in found.codecs] == [(101, {}), (102, {"apt": 101})]
    assert found.encodings == (
        RtpEncodingParameters(ssrc=1000, rtx=RtpEncodingRtx(ssrc=1001), scalability_mode="L2T3", max_bitrate=7),
    )
    assert found.mid is None


def test_a_pipe_keeps_all_encodings() -> None:
    encodings = tuple(RtpEncodingParameters(rid=rid, dtx=True) for rid in "ab")
    _, _, consumable = produced(replace(video(), encodings=encodings))
    expected = tuple(
        RtpEncodingParameters(ssrc=1000 + index, rtx=RtpEncodingRtx(ssrc=2000 + index), dtx=True) for index in range(2)
    )
    piped = ortc.pipe_consumer_parameters(consumable, enable_rtx=True, random_ssrc=ssrcs())
    assert piped.encodings == expected
    caps = receiving(RECEIVED_VP8, RECEIVED_RTX)
    asked = ortc.consumer_parameters(consumable, caps, pipe=True, enable_rtx=True, random_ssrc=ssrcs())
    assert asked.encodings == expected


def test_a_pipe_drops_what_belongs_to_one_hop() -> None:
    _, _, consumable = produced(video())
    plain = ortc.pipe_consumer_parameters(consumable, enable_rtx=False)
    assert [codec.mime_type for codec in plain.codecs] == ["video/VP8"]
    assert plain.codecs[0].rtcp_feedback == (PLI, FIR)
    assert plain.encodings[0].rtx is None
    assert [each.id for each in plain.header_extensions] == [7, 8, 9, 11, 12]
    assert ortc.pipe_consumer_parameters(consumable, enable_rtx=True).codecs[0].rtcp_feedback == (NACK, PLI, FIR)


def test_without_rtx_there_is_no_nack() -> None:
    _, _, consumable = produced(video())
    caps = receiving(RECEIVED_VP8, RECEIVED_RTX)
    found = ortc.consumer_parameters(consumable, caps, pipe=False, enable_rtx=False)
    assert [codec.mime_type for codec in found.codecs] == ["video/VP8"]
    assert found.codecs[0].rtcp_feedback == (PLI, FIR)
    assert found.encodings[0].rtx is None


def test_who_can_consume() -> None:
    _, _, consumable = produced(video())
    h264_only = RtpCodecCapability(mime_type="video/H264", clock_rate=90000)
    assert ortc.can_consume(consumable, receiving(RECEIVED_VP8))
    assert not ortc.can_consume(consumable, receiving(h264_only))
    assert not ortc.can_consume(consumable, receiving(RECEIVED_RTX))
    assert not ortc.can_consume(consumable, receiving())
    for caps in (receiving(h264_only), receiving(RECEIVED_RTX), receiving()):
        with pytest.raises(UnsupportedError, match="no compatible media codecs"):
            ortc.consumer_parameters(consumable, caps, pipe=False, enable_rtx=True)


def test_random_ssrcs_leave_room_for_neighbours() -> None:
    assert all(100_000_000 <= ortc.random_ssrc() < 999_999_999 for _ in range(1000))
