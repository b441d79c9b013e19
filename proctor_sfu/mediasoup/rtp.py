"""RTP capabilities and parameters as frozen data, with the names of the mediasoup documentation in snake_case.

Source of every shape: https://mediasoup.org/documentation/v3/mediasoup/rtp-parameters-and-capabilities/. Nothing here
does I/O. ``__pydantic_config__`` only lets a caller that owns a WebSocket border read and write these types in
camelCase; this package itself does not use pydantic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, TypeAlias

MediaKind: TypeAlias = Literal["audio", "video"]
RtpType: TypeAlias = Literal["simple", "simulcast", "svc", "pipe"]
Direction: TypeAlias = Literal["sendrecv", "sendonly", "recvonly", "inactive"]
ParameterValue: TypeAlias = str | int | float | bool | list[int]
Parameters: TypeAlias = Mapping[str, ParameterValue]
"""Codec or header extension parameters (``fmtp``), for example ``{"packetization-mode": 1}``."""


def camel(name: str) -> str:
    """``clock_rate`` -> ``clockRate``: the spelling of the mediasoup documentation."""
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


class Wire:
    """Base of everything that may cross a WebSocket in camelCase; unknown keys are ignored as browsers add them."""

    __slots__ = ()
    __pydantic_config__: ClassVar[Any] = {
        "alias_generator": camel,
        "validate_by_name": True,
        "extra": "ignore",
        "allow_inf_nan": False,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class RtcpFeedback(Wire):
    """One ``a=rtcp-fb``: ``nack``, ``nack pli``, ``ccm fir``, ``goog-remb``, ``transport-cc``."""

    type: str
    parameter: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpCodecCapability(Wire):
    """A codec an endpoint can receive; also what a router is created with (``preferred_payload_type`` optional)."""

    mime_type: str
    """``audio/opus``, ``video/VP8``, …; case-insensitive."""
    clock_rate: int
    """Hz."""
    kind: MediaKind | None = None
    """Taken from ``mime_type`` whatever is given here."""
    preferred_payload_type: int | None = None
    channels: int | None = None
    """Audio only; 1 unless given."""
    parameters: Parameters = field(default_factory=dict, hash=False)
    rtcp_feedback: tuple[RtcpFeedback, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpHeaderExtension(Wire):
    """A header extension an endpoint supports (RFC 8285)."""

    kind: MediaKind
    uri: str
    preferred_id: int
    preferred_encrypt: bool = False
    direction: Direction = "sendrecv"


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpCapabilities(Wire):
    """What an endpoint, or a router, can receive."""

    codecs: tuple[RtpCodecCapability, ...] = ()
    header_extensions: tuple[RtpHeaderExtension, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpCodecParameters(Wire):
    """A codec in use, with the payload type it has on the wire."""

    mime_type: str
    payload_type: int
    clock_rate: int
    """Hz."""
    channels: int | None = None
    """Audio only; 1 unless given."""
    parameters: Parameters = field(default_factory=dict, hash=False)
    rtcp_feedback: tuple[RtcpFeedback, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpHeaderExtensionParameters(Wire):
    """A header extension in use, with its id on the wire (RFC 8285)."""

    uri: str
    id: int
    encrypt: bool = False
    parameters: Parameters = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpEncodingRtx(Wire):
    """The retransmission stream of an encoding (RFC 4588)."""

    ssrc: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpEncodingParameters(Wire):
    """One RTP stream of a producer or consumer."""

    ssrc: int | None = None
    rid: str | None = None
    codec_payload_type: int | None = None
    rtx: RtpEncodingRtx | None = None
    dtx: bool = False
    scalability_mode: str | None = None
    """``L<spatial>T<temporal>`` or ``S<spatial>T<temporal>``, with ``_KEY`` for k-SVC."""
    max_bitrate: int | None = None
    """Bits per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RtcpParameters(Wire):
    """RTCP of a producer or consumer."""

    cname: str | None = None
    """The same for every track of one sender: this is what keeps audio and video in sync."""
    reduced_size: bool = True
    """RFC 5506; mediasoup does nothing else, so a producer's False becomes True."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpParameters(Wire):
    """Everything that describes the RTP a producer sends or a consumer receives."""

    codecs: tuple[RtpCodecParameters, ...]
    mid: str | None = None
    header_extensions: tuple[RtpHeaderExtensionParameters, ...] = ()
    encodings: tuple[RtpEncodingParameters, ...] = ()
    rtcp: RtcpParameters = RtcpParameters()
    msid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecMapping(Wire):
    """Payload type of a producer's codec and the one the router uses for it."""

    payload_type: int
    mapped_payload_type: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingMapping(Wire):
    """Identity of a producer's encoding and the SSRC the router uses for it."""

    mapped_ssrc: int
    ssrc: int | None = None
    rid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpMapping(Wire):
    """How the RTP of a producer maps to the router's own payload types and SSRCs."""

    codecs: tuple[CodecMapping, ...]
    encodings: tuple[EncodingMapping, ...]
