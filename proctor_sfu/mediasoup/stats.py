"""Statistics the worker reports, as named tuples.

Named tuples and not dataclasses: they are immutable as well, and a daemon asks for tens of thousands a second; a frozen
dataclass of this size takes several times as long to make. Units: bitrates in bits per second, ``timestamp`` in
milliseconds of the worker's monotonic clock, ``round_trip_time`` in milliseconds, ``jitter`` in RTP clock units,
``fraction_lost`` 0 to 255 of the last RTCP interval. Source: https://mediasoup.org/documentation/v3/mediasoup/rtc-statistics/.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

from proctor_sfu.mediasoup.dtls import DtlsState
from proctor_sfu.mediasoup.ice import IceRole, IceState
from proctor_sfu.mediasoup.listen import TransportTuple
from proctor_sfu.mediasoup.rtp import MediaKind
from proctor_sfu.mediasoup.sctp import SctpState


class TransportStats(NamedTuple):
    """What every transport reports. None: the worker has no such number, which is not zero."""

    transport_id: str
    timestamp: int
    sctp_state: SctpState | None
    bytes_received: int
    recv_bitrate: int
    bytes_sent: int
    send_bitrate: int
    rtp_bytes_received: int
    rtp_recv_bitrate: int
    rtp_bytes_sent: int
    rtp_send_bitrate: int
    rtx_bytes_received: int
    rtx_recv_bitrate: int
    rtx_bytes_sent: int
    rtx_send_bitrate: int
    probation_bytes_sent: int
    probation_send_bitrate: int
    available_outgoing_bitrate: int | None
    available_incoming_bitrate: int | None
    max_incoming_bitrate: int | None
    max_outgoing_bitrate: int | None
    min_outgoing_bitrate: int | None
    rtp_packet_loss_received: float | None
    """Fraction 0 to 1, from transport-wide congestion control."""
    rtp_packet_loss_sent: float | None


class WebRtcTransportStats(NamedTuple):
    """`TransportStats` and the state of ICE and DTLS."""

    transport_id: str
    timestamp: int
    sctp_state: SctpState | None
    bytes_received: int
    recv_bitrate: int
    bytes_sent: int
    send_bitrate: int
    rtp_bytes_received: int
    rtp_recv_bitrate: int
    rtp_bytes_sent: int
    rtp_send_bitrate: int
    rtx_bytes_received: int
    rtx_recv_bitrate: int
    rtx_bytes_sent: int
    rtx_send_bitrate: int
    probation_bytes_sent: int
    probation_send_bitrate: int
    available_outgoing_bitrate: int | None
    available_incoming_bitrate: int | None
    max_incoming_bitrate: int | None
    max_outgoing_bitrate: int | None
    min_outgoing_bitrate: int | None
    rtp_packet_loss_received: float | None
    """Fraction 0 to 1, from transport-wide congestion control."""
    rtp_packet_loss_sent: float | None
    ice_role: IceRole
    ice_state: IceState
    ice_selected_tuple: TransportTuple | None
    dtls_state: DtlsState


class PlainTransportStats(NamedTuple):
    """`TransportStats` and the addresses of a plain transport."""

    transport_id: str
    timestamp: int
    sctp_state: SctpState | None
    bytes_received: int
    recv_bitrate: int
    bytes_sent: int
    send_bitrate: int
    rtp_bytes_received: int
    rtp_recv_bitrate: int
    rtp_bytes_sent: int
    rtp_send_bitrate: int
    rtx_bytes_received: int
    rtx_recv_bitrate: int
    rtx_bytes_sent: int
    rtx_send_bitrate: int
    probation_bytes_sent: int
    probation_send_bitrate: int
    available_outgoing_bitrate: int | None
    available_incoming_bitrate: int | None
    max_incoming_bitrate: int | None
    max_outgoing_bitrate: int | None
    min_outgoing_bitrate: int | None
    rtp_packet_loss_received: float | None
    """Fraction 0 to 1, from transport-wide congestion control."""
    rtp_packet_loss_sent: float | None
    rtcp_mux: bool
    comedia: bool
    tuple: TransportTuple
    rtcp_tuple: TransportTuple | None


class PipeTransportStats(NamedTuple):
    """`TransportStats` and the address of a pipe transport."""

    transport_id: str
    timestamp: int
    sctp_state: SctpState | None
    bytes_received: int
    recv_bitrate: int
    bytes_sent: int
    send_bitrate: int
    rtp_bytes_received: int
    rtp_recv_bitrate: int
    rtp_bytes_sent: int
    rtp_send_bitrate: int
    rtx_bytes_received: int
    rtx_recv_bitrate: int
    rtx_bytes_sent: int
    rtx_send_bitrate: int
    probation_bytes_sent: int
    probation_send_bitrate: int
    available_outgoing_bitrate: int | None
    available_incoming_bitrate: int | None
    max_incoming_bitrate: int | None
    max_outgoing_bitrate: int | None
    min_outgoing_bitrate: int | None
    rtp_packet_loss_received: float | None
    """Fraction 0 to 1, from transport-wide congestion control."""
    rtp_packet_loss_sent: float | None
    tuple: TransportTuple


class BaseRtpStats(NamedTuple):
    """What every RTP stream reports."""

    timestamp: int
    ssrc: int
    kind: MediaKind
    mime_type: str
    packets_lost: int
    """Signed: duplicates can make it negative."""
    fraction_lost: int
    jitter: int
    packets_discarded: int
    packets_retransmitted: int
    packets_repaired: int
    nack_count: int
    nack_packet_count: int
    pli_count: int
    fir_count: int
    rid: str | None
    rtx_ssrc: int | None
    rtx_packets_discarded: int
    round_trip_time: float
    score: int


class InboundRtpStats(NamedTuple):
    """An RTP stream the worker receives: one per encoding of a producer."""

    timestamp: int
    ssrc: int
    kind: MediaKind
    mime_type: str
    packets_lost: int
    """Signed: duplicates can make it negative."""
    fraction_lost: int
    jitter: int
    packets_discarded: int
    packets_retransmitted: int
    packets_repaired: int
    nack_count: int
    nack_packet_count: int
    pli_count: int
    fir_count: int
    rid: str | None
    rtx_ssrc: int | None
    rtx_packets_discarded: int
    round_trip_time: float
    score: int
    packet_count: int
    byte_count: int
    bitrate: int
    bitrate_by_layer: Mapping[str, int]
    """``"<spatial>.<temporal>"`` -> bits per second."""


class OutboundRtpStats(NamedTuple):
    """An RTP stream the worker sends: the one of a consumer."""

    timestamp: int
    ssrc: int
    kind: MediaKind
    mime_type: str
    packets_lost: int
    """Signed: duplicates can make it negative."""
    fraction_lost: int
    jitter: int
    packets_discarded: int
    packets_retransmitted: int
    packets_repaired: int
    nack_count: int
    nack_packet_count: int
    pli_count: int
    fir_count: int
    rid: str | None
    rtx_ssrc: int | None
    rtx_packets_discarded: int
    round_trip_time: float
    score: int
    packet_count: int
    byte_count: int
    bitrate: int


RtpStats: TypeAlias = InboundRtpStats | OutboundRtpStats


class DataProducerStats(NamedTuple):
    """Messages a data producer delivered."""

    timestamp: int
    label: str
    protocol: str
    messages_received: int
    bytes_received: int


class DataConsumerStats(NamedTuple):
    """Messages a data consumer sent; ``buffered_amount`` in bytes."""

    timestamp: int
    label: str
    protocol: str
    messages_sent: int
    bytes_sent: int
    buffered_amount: int


class ResourceUsage(NamedTuple):
    """``getrusage(2)`` of a worker; ``ru_utime`` and ``ru_stime`` in milliseconds, ``ru_maxrss`` in kilobytes."""

    ru_utime: int
    ru_stime: int
    ru_maxrss: int
    ru_ixrss: int
    ru_idrss: int
    ru_isrss: int
    ru_minflt: int
    ru_majflt: int
    ru_nswap: int
    ru_inblock: int
    ru_oublock: int
    ru_msgsnd: int
    ru_msgrcv: int
    ru_nsignals: int
    ru_nvcsw: int
    ru_nivcsw: int
