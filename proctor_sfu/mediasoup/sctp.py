"""SCTP parameters of transports and of data producers and consumers (RFC 8831, RFC 8832)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup.rtp import Wire

SctpState: TypeAlias = Literal["new", "connecting", "connected", "failed", "closed"]
DataType: TypeAlias = Literal["sctp", "direct"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SctpParameters(Wire):
    """The SCTP association a transport offers; sizes in bytes."""

    port: int
    max_send_message_size: int
    max_receive_message_size: int
    send_buffer_size: int
    per_stream_send_queue_limit: int
    max_receiver_window_buffer_size: int
    is_data_channel: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SctpNegotiatedCapabilities(Wire):
    """Stream counts both ends agreed on."""

    negotiated_max_outbound_streams: int
    negotiated_max_inbound_streams: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SctpStreamParameters(Wire):
    """Reliability of one SCTP stream.

    ``ordered`` unset means ordered, unless one of the two limits is given.
    """

    stream_id: int
    ordered: bool | None = None
    max_packet_life_time: int | None = None
    """Milliseconds."""
    max_retransmits: int | None = None


def checked_stream(params: SctpStreamParameters | None) -> SctpStreamParameters:
    """Return ``params`` with ``ordered`` filled in; raise `InvalidArgumentError` for what the worker would refuse."""
    if params is None:
        raise InvalidArgumentError("missing sctp_stream_parameters")
    for name in ("stream_id", "max_packet_life_time", "max_retransmits"):
        value = getattr(params, name)
        number = isinstance(value, int) and not isinstance(value, bool)
        if value is not None and not (number and 0 <= value <= 65535):
            raise InvalidArgumentError(f"{name} must be an integer from 0 to 65535, not {value!r}")
    if params.max_packet_life_time and params.max_retransmits:
        raise InvalidArgumentError("cannot provide both max_packet_life_time and max_retransmits")
    limited = bool(params.max_packet_life_time or params.max_retransmits)
    if params.ordered and limited:
        raise InvalidArgumentError("cannot be ordered with max_packet_life_time or max_retransmits")
    return SctpStreamParameters(
        stream_id=params.stream_id,
        ordered=(not limited) if params.ordered is None else params.ordered,
        max_packet_life_time=params.max_packet_life_time,
        max_retransmits=params.max_retransmits,
    )
