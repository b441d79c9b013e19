"""SCTP parameters of transports and of data producers and consumers, and who uses which stream (RFC 8831, RFC 8832)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from proctor_sfu.errors import InvalidArgumentError, UnsupportedError
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


def consumer_stream(
    source: SctpStreamParameters | None, stream_id: int, *, ordered: bool | None = None,
    max_packet_life_time: int | None = None, max_retransmits: int | None = None,
) -> SctpStreamParameters:  # fmt: skip
    """Return the stream of a data consumer: as reliable as its producer's (``source``), unless told otherwise.

    Without a source, and with ``ordered``, it is ordered and without limits. Either limit makes it unordered.
    """
    stream = SctpStreamParameters(stream_id=stream_id, ordered=True) if source is None else source
    stream = replace(stream, stream_id=stream_id)
    if ordered:
        return replace(stream, ordered=True, max_packet_life_time=None, max_retransmits=None)
    if ordered is not None:
        stream = replace(stream, ordered=False)
    if max_packet_life_time is not None:
        stream = replace(stream, ordered=False, max_packet_life_time=max_packet_life_time)
    if max_retransmits is not None:
        stream = replace(stream, ordered=False, max_retransmits=max_retransmits)
    return stream


class StreamIds:
    """The stream ids of a transport that its data consumers use; each is given out again as late as possible."""

    __slots__ = ("_next", "_used", "limit")

    def __init__(self) -> None:
        self.limit = 65535
        """Streams there are: what both ends negotiated, once they have."""
        self._next = 0
        self._used: set[int] = set()

    def take(self) -> int:
        """Return an id nobody uses. Raises `UnsupportedError` when there is none."""
        for offset in range(self.limit):
            candidate = (self._next + offset) % self.limit
            if candidate not in self._used:
                self._used.add(candidate)
                self._next = candidate + 1
                return candidate
        raise UnsupportedError("no SCTP stream id is free")

    def free(self, stream: SctpStreamParameters | None) -> None:
        """Take back the id of a stream; None is a stream of a direct transport, which has none."""
        if stream is not None:
            self._used.discard(stream.stream_id)
