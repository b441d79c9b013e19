"""Checks and completes RTP capabilities and parameters before any of it can reach a worker.

The worker trusts its host: it does not verify the messages it gets, so every number a client controls is held against
the width of its field, every text against a size, every list against a length. What passes is complete: ``kind`` and
``channels`` filled in, MIME types well formed. Source of the rules: RFC 3550, RFC 8285 and the worker's schema.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup.protocol import HEADER_EXTENSION_URIS
from proctor_sfu.mediasoup.rtp import (
    MediaKind,
    Parameters,
    RtcpFeedback,
    RtpCapabilities,
    RtpCodecCapability,
    RtpCodecParameters,
    RtpEncodingParameters,
    RtpHeaderExtension,
    RtpHeaderExtensionParameters,
    RtpParameters,
)

MAX_CODECS: Final = 128
MAX_EXTENSIONS: Final = 128
MAX_ENCODINGS: Final = 16
MAX_ENTRIES: Final = 64
"""Feedback entries of a codec, parameters of a codec or extension."""
MAX_TEXT: Final = 1024
"""Characters of any text but a parameter's value."""
MAX_VALUE: Final = 8192

_UINT32: Final = 2**32 - 1
_MIME: Final = re.compile(r"(audio|video)/([A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,63})", re.ASCII | re.IGNORECASE)
_SCALABILITY: Final = re.compile(r"[LS][1-9]T[1-9](h|_KEY|_KEY_SHIFT|h_KEY|h_KEY_SHIFT)?", re.ASCII)
_KNOWN_URIS: Final = frozenset(HEADER_EXTENSION_URIS.values())


def check_rtp_capabilities(caps: RtpCapabilities) -> RtpCapabilities:
    """Return ``caps`` complete. Raises `InvalidArgumentError` that names the field."""
    if not isinstance(caps, RtpCapabilities):
        raise InvalidArgumentError("rtp_capabilities are missing")
    _count("codecs", caps.codecs, MAX_CODECS)
    _count("header_extensions", caps.header_extensions, MAX_EXTENSIONS)
    for extension in caps.header_extensions:
        _extension_capability(extension)
    return replace(caps, codecs=tuple(check_codec_capability(codec) for codec in caps.codecs))


def check_codec_capability(codec: RtpCodecCapability) -> RtpCodecCapability:
    """Return one codec of capabilities complete."""
    kind = _kind(codec.mime_type)
    if codec.preferred_payload_type is not None:
        _number("preferred_payload_type", codec.preferred_payload_type, 0, 127)
    return replace(codec, kind=kind, channels=_codec(codec, kind))


def check_rtp_parameters(params: RtpParameters) -> RtpParameters:
    """Return ``params`` complete. Raises `InvalidArgumentError` that names the field."""
    if not isinstance(params, RtpParameters):
        raise InvalidArgumentError("rtp_parameters are missing")
    _count("codecs", params.codecs, MAX_CODECS)
    _count("header_extensions", params.header_extensions, MAX_EXTENSIONS)
    _count("encodings", params.encodings, MAX_ENCODINGS)
    for name, text in (("mid", params.mid), ("msid", params.msid), ("rtcp.cname", params.rtcp.cname)):
        _optional_text(name, text)
    codecs = tuple(_codec_parameters(codec) for codec in params.codecs)
    for extension in params.header_extensions:
        _extension_parameters(extension)
    for encoding in params.encodings:
        _encoding(encoding)
    _distinct("payload type", [codec.payload_type for codec in codecs])
    _distinct("header extension id", [extension.id for extension in params.header_extensions])
    ssrcs = [encoding.ssrc for encoding in params.encodings if encoding.ssrc is not None]
    _distinct("ssrc", ssrcs + [encoding.rtx.ssrc for encoding in params.encodings if encoding.rtx is not None])
    _distinct("rid", [encoding.rid for encoding in params.encodings if encoding.rid is not None])
    return replace(params, codecs=codecs, rtcp=replace(params.rtcp, reduced_size=True))


def _codec_parameters(codec: RtpCodecParameters) -> RtpCodecParameters:
    kind = _kind(codec.mime_type)
    _number("payload_type", codec.payload_type, 0, 127)
    return replace(codec, channels=_codec(codec, kind))


def _codec(codec: RtpCodecCapability | RtpCodecParameters, kind: MediaKind) -> int | None:
    """Check what capabilities and parameters have in common; return the channels."""
    _number("clock_rate", codec.clock_rate, 1, _UINT32)
    _parameters(codec.parameters)
    _count("rtcp_feedback", codec.rtcp_feedback, MAX_ENTRIES)
    for feedback in codec.rtcp_feedback:
        _feedback(feedback)
    if kind == "video":
        return None
    channels = 1 if codec.channels is None else codec.channels
    _number("channels", channels, 1, 255)
    return channels


def _kind(mime_type: object) -> MediaKind:
    found = _MIME.fullmatch(mime_type) if isinstance(mime_type, str) else None
    if found is None:
        raise InvalidArgumentError(f"invalid mime_type {_shown(mime_type)}")
    return "audio" if found[1].lower() == "audio" else "video"


def _parameters(parameters: Parameters) -> None:
    _count("parameters", parameters, MAX_ENTRIES)
    for name, value in parameters.items():
        _text("parameter name", name)
        if isinstance(value, str):
            _text(f"parameter {name}", value, MAX_VALUE)
        elif isinstance(value, bool) or not isinstance(value, int | float) or not _finite(value):
            raise InvalidArgumentError(f"parameter {name} is neither a text nor a number")
        elif isinstance(value, int) or value.is_integer():
            _number(f"parameter {name}", int(value), -(2**31), 2**31 - 1)
        if name == "apt" and not isinstance(value, int):
            raise InvalidArgumentError("parameter apt is not a payload type")


def _finite(value: float) -> bool:
    return isinstance(value, int) or math.isfinite(value)  # An int may be too big to be looked at as a float.


def _feedback(feedback: RtcpFeedback) -> None:
    _text("rtcp_feedback type", feedback.type)
    if not feedback.type:
        raise InvalidArgumentError("rtcp_feedback without a type")
    _text("rtcp_feedback parameter", feedback.parameter)


def _extension_capability(extension: RtpHeaderExtension) -> None:
    if extension.kind not in ("audio", "video"):
        raise InvalidArgumentError(f"invalid kind {_shown(extension.kind)} of a header extension")
    _text("header extension uri", extension.uri)
    if not extension.uri:
        raise InvalidArgumentError("header extension without a uri")
    _number("preferred_id", extension.preferred_id, 1, 255)


def _extension_parameters(extension: RtpHeaderExtensionParameters) -> None:
    _text("header extension uri", extension.uri)
    if extension.uri not in _KNOWN_URIS:
        raise InvalidArgumentError(f"unknown header extension {_shown(extension.uri)}")
    _number("header extension id", extension.id, 1, 255)
    _parameters(extension.parameters)


def _encoding(encoding: RtpEncodingParameters) -> None:
    if encoding.ssrc is not None:
        _number("ssrc", encoding.ssrc, 1, _UINT32)
    if encoding.rtx is not None:
        _number("rtx.ssrc", encoding.rtx.ssrc, 1, _UINT32)
    if encoding.codec_payload_type is not None:
        _number("codec_payload_type", encoding.codec_payload_type, 0, 127)
    if encoding.max_bitrate is not None:
        _number("max_bitrate", encoding.max_bitrate, 0, 2**53)
    _optional_text("rid", encoding.rid)
    _optional_text("scalability_mode", encoding.scalability_mode)
    if encoding.scalability_mode is not None and not _SCALABILITY.fullmatch(encoding.scalability_mode):
        raise InvalidArgumentError(f"invalid scalability_mode {_shown(encoding.scalability_mode)}")


def _number(name: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise InvalidArgumentError(f"{name} must be an integer from {low} to {high}, not {_shown(value)}")


def _optional_text(name: str, value: str | None) -> None:
    if value is not None:
        _text(name, value)


def _text(name: str, value: object, limit: int = MAX_TEXT) -> None:
    if not isinstance(value, str) or len(value) > limit:
        raise InvalidArgumentError(f"{name} must be a text of at most {limit} characters")
    if "\0" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise InvalidArgumentError(f"{name} holds a NUL or half a surrogate pair")


def _count(name: str, values: Any, limit: int) -> None:
    if len(values) > limit:
        raise InvalidArgumentError(f"too many {name}: {len(values)}, the limit is {limit}")


def _distinct(name: str, values: Iterable[object]) -> None:
    seen = set()
    for value in values:
        if value in seen:
            raise InvalidArgumentError(f"duplicated {name} {_shown(value)}")
        seen.add(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "…"
