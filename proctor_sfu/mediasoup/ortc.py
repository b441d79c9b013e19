"""Capability negotiation: what a router offers, what a producer becomes in it, what a consumer gets. Pure functions.

Input is expected to be complete (see `check`); nothing is changed in place. Source:
https://mediasoup.org/documentation/v3/mediasoup/rtp-parameters-and-capabilities/, draft of the ORTC API.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final, TypeAlias

from proctor_sfu.errors import InvalidArgumentError, UnsupportedError
from proctor_sfu.mediasoup import capabilities, h264
from proctor_sfu.mediasoup.check import check_codec_capability
from proctor_sfu.mediasoup.rtp import (
    CodecMapping,
    EncodingMapping,
    MediaKind,
    RtcpFeedback,
    RtcpParameters,
    RtpCapabilities,
    RtpCodecCapability,
    RtpCodecParameters,
    RtpEncodingParameters,
    RtpEncodingRtx,
    RtpHeaderExtensionParameters,
    RtpMapping,
    RtpParameters,
)
from proctor_sfu.mediasoup.scalability import parse_scalability_mode

Codec: TypeAlias = RtpCodecCapability | RtpCodecParameters

_DYNAMIC_PAYLOAD_TYPES: Final = (*range(100, 128), *range(96, 100))


def random_ssrc() -> int:
    """Return an SSRC with room above it for those of further encodings."""
    return random.randrange(100_000_000, 999_999_999)


# What a router offers.


def router_rtp_capabilities(media_codecs: Sequence[RtpCodecCapability]) -> RtpCapabilities:
    """Return the capabilities of a router with these codecs, each video codec followed by its RTX codec.

    Raises `UnsupportedError` for a codec mediasoup does not know or when payload types run out,
    `InvalidArgumentError` for a malformed codec or a payload type used twice.
    """
    free = list(_DYNAMIC_PAYLOAD_TYPES)
    codecs: list[RtpCodecCapability] = []
    for wanted in map(check_codec_capability, media_codecs):
        supported = next((each for each in capabilities.CODECS if _matches(wanted, each)), None)
        if supported is None:
            raise UnsupportedError(f"media codec not supported [mime_type:{wanted.mime_type}]")
        payload_type = wanted.preferred_payload_type
        if payload_type is not None:
            free = [each for each in free if each != payload_type]
        elif supported.preferred_payload_type is not None:
            payload_type = supported.preferred_payload_type
        else:
            payload_type = _take(free)
        if any(each.preferred_payload_type == payload_type for each in codecs):
            raise InvalidArgumentError(f"duplicated preferred_payload_type {payload_type}")
        merged = {**supported.parameters, **wanted.parameters}
        codecs.append(replace(supported, preferred_payload_type=payload_type, parameters=merged))
        if supported.kind == "video":
            codecs.append(_rtx_for(codecs[-1], _take(free)))
    return RtpCapabilities(codecs=tuple(codecs), header_extensions=capabilities.SUPPORTED.header_extensions)


def _take(free: list[int]) -> int:
    if not free:
        raise UnsupportedError("cannot allocate more dynamic codec payload types")
    return free.pop(0)


def _rtx_for(codec: RtpCodecCapability, payload_type: int) -> RtpCodecCapability:
    assert codec.preferred_payload_type is not None
    return RtpCodecCapability(
        kind=codec.kind,
        mime_type=f"{codec.kind}/rtx",
        preferred_payload_type=payload_type,
        clock_rate=codec.clock_rate,
        parameters={"apt": codec.preferred_payload_type},
    )


# What a producer becomes in a router.


def producer_mapping(
    params: RtpParameters, caps: RtpCapabilities, *, random_ssrc: Callable[[], int] = random_ssrc
) -> tuple[RtpParameters, RtpMapping]:
    """Map a producer's payload types and encodings to the router's.

    Returns the parameters too: the H264 level both sides agree on replaces the producer's own. Raises
    `UnsupportedError` for a codec the router lacks, `InvalidArgumentError` for an RTX codec without its media codec.
    """
    codecs: list[RtpCodecParameters] = []
    mapped: dict[int, RtpCodecCapability] = {}
    for codec in params.codecs:
        if not _is_rtx(codec):
            matched = next((each for each in caps.codecs if _matches(codec, each, strict=True)), None)
            if matched is None:
                raise UnsupportedError(
                    f"unsupported codec [mime_type:{codec.mime_type}, payload_type:{codec.payload_type}]"
                )
            mapped[codec.payload_type] = matched
            codec = _with_agreed_level(codec, matched)
        codecs.append(codec)
    media = dict(mapped)
    for codec in params.codecs:
        if _is_rtx(codec):
            mapped[codec.payload_type] = _router_rtx(codec, media, caps)
    ssrc = random_ssrc()
    mapping = RtpMapping(
        codecs=tuple(CodecMapping(payload_type=key, mapped_payload_type=_type(cap)) for key, cap in mapped.items()),
        encodings=tuple(
            EncodingMapping(ssrc=encoding.ssrc, rid=encoding.rid, mapped_ssrc=ssrc + index)
            for index, encoding in enumerate(params.encodings)
        ),
    )
    return replace(params, codecs=tuple(codecs)), mapping


def _router_rtx(
    codec: RtpCodecParameters, media: dict[int, RtpCodecCapability], caps: RtpCapabilities
) -> RtpCodecCapability:
    apt = codec.parameters.get("apt")
    matched = media.get(apt) if isinstance(apt, int) else None
    if matched is None:
        raise InvalidArgumentError(f"missing media codec for RTX payload type {codec.payload_type}")
    for each in caps.codecs:
        if _is_rtx(each) and each.parameters.get("apt") == matched.preferred_payload_type:
            return each
    raise UnsupportedError(f"no RTX codec for capability codec {matched.preferred_payload_type}")


def consumable_parameters(
    kind: MediaKind, params: RtpParameters, caps: RtpCapabilities, mapping: RtpMapping
) -> RtpParameters:
    """Return the producer's parameters in the router's own terms, which consumers' parameters are made from."""
    router_types = {each.payload_type: each.mapped_payload_type for each in mapping.codecs}
    codecs: list[RtpCodecParameters] = []
    for codec in params.codecs:
        if _is_rtx(codec):
            continue
        cap = next(each for each in caps.codecs if each.preferred_payload_type == router_types[codec.payload_type])
        codecs.append(_as_parameters(cap, codec.parameters))
        rtx = next((r for r in caps.codecs if _is_rtx(r) and r.parameters.get("apt") == _type(cap)), None)
        if rtx is not None:
            codecs.append(_as_parameters(rtx, rtx.parameters))
    used = {extension.uri for extension in params.header_extensions}
    extensions = tuple(
        RtpHeaderExtensionParameters(uri=each.uri, id=each.preferred_id, encrypt=each.preferred_encrypt)
        for each in caps.header_extensions
        if each.kind == kind
        and each.direction in ("sendrecv", "sendonly")
        # The worker only passes abs-capture-time on, so it can be offered only where the producer sends it.
        and (each.uri != capabilities.ABS_CAPTURE_TIME or each.uri in used)
    )
    encodings = tuple(
        replace(encoding, rid=None, rtx=None, codec_payload_type=None, ssrc=mapped.mapped_ssrc)
        for encoding, mapped in zip(params.encodings, mapping.encodings, strict=True)
    )
    return RtpParameters(
        codecs=tuple(codecs), header_extensions=extensions, encodings=encodings,
        rtcp=RtcpParameters(cname=params.rtcp.cname, reduced_size=True), msid=params.msid,
    )  # fmt: skip


def _as_parameters(cap: RtpCodecCapability, parameters: object) -> RtpCodecParameters:
    return RtpCodecParameters(
        mime_type=cap.mime_type, payload_type=_type(cap), clock_rate=cap.clock_rate, channels=cap.channels,
        parameters=parameters, rtcp_feedback=cap.rtcp_feedback,  # type: ignore[arg-type]
    )  # fmt: skip


# What a consumer gets.


def can_consume(consumable: RtpParameters, caps: RtpCapabilities) -> bool:
    """Return whether an endpoint with ``caps`` can receive the producer."""
    common = [codec for codec in consumable.codecs if any(_matches(cap, codec, strict=True) for cap in caps.codecs)]
    return bool(common) and not _is_rtx(common[0])


def consumer_parameters(
    consumable: RtpParameters, caps: RtpCapabilities, *, pipe: bool, enable_rtx: bool,
    random_ssrc: Callable[[], int] = random_ssrc,
) -> RtpParameters:  # fmt: skip
    """Return the parameters of a consumer for an endpoint with ``caps``; MID is left out.

    Only the SSRCs are random, all else follows from the arguments. All encodings become one, unless ``pipe``.
    Raises `UnsupportedError` without a common codec.
    """
    codecs = _common_codecs(consumable, caps, enable_rtx)
    rtx = any(_is_rtx(codec) for codec in codecs)
    offered = {(each.preferred_id, each.uri) for each in caps.header_extensions}
    extensions = tuple(each for each in consumable.header_extensions if (each.id, each.uri) in offered)
    uris = {each.uri for each in extensions}
    if capabilities.TRANSPORT_WIDE_CC in uris:
        dropped = {"goog-remb"}
    elif capabilities.ABS_SEND_TIME in uris:
        dropped = {"transport-cc"}
    else:
        dropped = {"transport-cc", "goog-remb"}
    return RtpParameters(
        codecs=tuple(_with_feedback(codec, lambda each: each.type not in dropped) for codec in codecs),
        header_extensions=extensions,
        encodings=_many(consumable, rtx, random_ssrc) if pipe else (_single(consumable, rtx, random_ssrc()),),
        rtcp=consumable.rtcp,
        msid=consumable.msid,
    )


def _common_codecs(consumable: RtpParameters, caps: RtpCapabilities, enable_rtx: bool) -> list[RtpCodecParameters]:
    codecs: list[RtpCodecParameters] = []
    for codec in consumable.codecs:
        if _is_rtx(codec) and not enable_rtx:
            continue
        cap = next((each for each in caps.codecs if _matches(each, codec, strict=True)), None)
        if cap is not None:
            kept = tuple(each for each in cap.rtcp_feedback if enable_rtx or each.type != "nack" or each.parameter)
            codecs.append(replace(codec, rtcp_feedback=kept))
    # An RTX codec is of use only behind its media codec.
    media = {codec.payload_type for codec in codecs}
    codecs = [codec for codec in codecs if not _is_rtx(codec) or codec.parameters.get("apt") in media]
    if not codecs or _is_rtx(codecs[0]):
        raise UnsupportedError("no compatible media codecs")
    return codecs


def _single(consumable: RtpParameters, rtx: bool, ssrc: int) -> RtpEncodingParameters:
    mode = next((each.scalability_mode for each in consumable.encodings if each.scalability_mode), None)
    if len(consumable.encodings) > 1:
        mode = f"L{len(consumable.encodings)}T{parse_scalability_mode(mode).temporal_layers}"
    return RtpEncodingParameters(
        ssrc=ssrc,
        rtx=RtpEncodingRtx(ssrc=ssrc + 1) if rtx else None,
        scalability_mode=mode,
        max_bitrate=max((each.max_bitrate or 0 for each in consumable.encodings), default=0) or None,
    )


def _many(consumable: RtpParameters, rtx: bool, random_ssrc: Callable[[], int]) -> tuple[RtpEncodingParameters, ...]:
    ssrc, rtx_ssrc = random_ssrc(), random_ssrc()
    return tuple(
        replace(encoding, ssrc=ssrc + index, rtx=RtpEncodingRtx(ssrc=rtx_ssrc + index) if rtx else None)
        for index, encoding in enumerate(consumable.encodings)
    )


def pipe_consumer_parameters(
    consumable: RtpParameters, *, enable_rtx: bool, random_ssrc: Callable[[], int] = random_ssrc
) -> RtpParameters:
    """Return the parameters of a consumer on a pipe: all encodings, nothing of bandwidth estimation, RTX if asked."""

    def keep(each: RtcpFeedback) -> bool:
        what = (each.type, each.parameter)
        return what in (("nack", "pli"), ("ccm", "fir")) or (enable_rtx and what == ("nack", ""))

    local = {capabilities.MID, capabilities.ABS_SEND_TIME, capabilities.TRANSPORT_WIDE_CC}
    extensions = [each for each in consumable.header_extensions if each.uri not in local]
    # The router only receives this one from clients, but between routers it has to travel.
    extensions += (
        RtpHeaderExtensionParameters(uri=each.uri, id=each.preferred_id, encrypt=each.preferred_encrypt)
        for each in capabilities.SUPPORTED.header_extensions
        if each.uri == capabilities.DEPENDENCY_DESCRIPTOR and each.direction != "sendrecv"
    )
    return RtpParameters(
        codecs=tuple(_with_feedback(each, keep) for each in consumable.codecs if enable_rtx or not _is_rtx(each)),
        header_extensions=tuple(sorted(extensions, key=lambda each: each.id)),
        encodings=_many(consumable, enable_rtx, random_ssrc),
        rtcp=consumable.rtcp,
        msid=consumable.msid,
    )


# Codecs.


def _matches(a: Codec, b: Codec, *, strict: bool = False) -> bool:
    """Return whether two codecs are the same; ``strict`` also compares profiles."""
    mime_type = a.mime_type.lower()
    if (mime_type, a.clock_rate, a.channels) != (b.mime_type.lower(), b.clock_rate, b.channels):
        return False
    ours, theirs = a.parameters, b.parameters
    if mime_type == "audio/multiopus":
        return all(ours.get(name) == theirs.get(name) for name in ("num_streams", "coupled_streams"))
    if strict and mime_type == "video/vp9":
        return (ours.get("profile-id") or 0) == (theirs.get("profile-id") or 0)
    if strict and mime_type == "video/h264":
        modes = [parameters.get("packetization-mode") or 0 for parameters in (ours, theirs)]
        return modes[0] == modes[1] and h264.same_profile(ours, theirs)
    return True


def _with_agreed_level(codec: RtpCodecParameters, cap: RtpCodecCapability) -> RtpCodecParameters:
    if codec.mime_type.lower() != "video/h264":
        return codec
    rest = {name: value for name, value in codec.parameters.items() if name != "profile-level-id"}
    level = h264.answer(codec.parameters, cap.parameters)
    return replace(codec, parameters={**rest, "profile-level-id": level} if level else rest)


def _is_rtx(codec: Codec) -> bool:
    return codec.mime_type.lower().endswith("/rtx")


def _type(cap: RtpCodecCapability) -> int:
    assert cap.preferred_payload_type is not None
    return cap.preferred_payload_type


def _with_feedback(codec: RtpCodecParameters, keep: Callable[[RtcpFeedback], bool]) -> RtpCodecParameters:
    kept: Iterable[RtcpFeedback] = (each for each in codec.rtcp_feedback if keep(each))
    return replace(codec, rtcp_feedback=tuple(kept))
