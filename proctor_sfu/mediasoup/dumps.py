"""What ``dump()`` of each entity returns: the worker's own view of it, field by field.

Names are those of the worker's schema. Source: https://mediasoup.org/documentation/v3/mediasoup/api/.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

from proctor_sfu.mediasoup.dtls import DtlsParameters, DtlsState
from proctor_sfu.mediasoup.ice import IceCandidate, IceParameters, IceRole, IceState
from proctor_sfu.mediasoup.listen import TransportTuple
from proctor_sfu.mediasoup.rtp import MediaKind, RtpEncodingParameters, RtpMapping, RtpParameters, RtpType, Wire
from proctor_sfu.mediasoup.sctp import (
    DataType,
    SctpNegotiatedCapabilities,
    SctpParameters,
    SctpState,
    SctpStreamParameters,
)
from proctor_sfu.mediasoup.srtp import SrtpParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValue(Wire):
    """An entry of a map from an SSRC, MID, RID, stream id or entity id to an entity id."""

    key: str | int
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValues(Wire):
    """An entry of a map from an entity id to several."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelMessageHandlers(Wire):
    """Ids of the entities a worker accepts requests and notifications for."""

    channel_request_handlers: tuple[str, ...]
    channel_notification_handlers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerDump(Wire):
    """A worker."""

    pid: int
    web_rtc_server_ids: tuple[str, ...]
    router_ids: tuple[str, ...]
    channel_message_handlers: ChannelMessageHandlers


@dataclass(frozen=True, slots=True, kw_only=True)
class IpPort(Wire):
    """A listening socket."""

    ip: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IceUserNameFragment(Wire):
    """Which transport of a WebRtcServer a local ICE username belongs to."""

    local_ice_username_fragment: str
    web_rtc_transport_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRtcServerDump(Wire):
    """A WebRtcServer."""

    id: str
    udp_sockets: tuple[IpPort, ...]
    tcp_servers: tuple[IpPort, ...]
    web_rtc_transport_ids: tuple[str, ...]
    local_ice_username_fragments: tuple[IceUserNameFragment, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RouterDump(Wire):
    """A router: who consumes and observes whom."""

    id: str
    transport_ids: tuple[str, ...]
    rtp_observer_ids: tuple[str, ...]
    map_producer_id_consumer_ids: tuple[KeyValues, ...]
    map_consumer_id_producer_id: tuple[KeyValue, ...]
    map_producer_id_observer_ids: tuple[KeyValues, ...]
    map_data_producer_id_data_consumer_ids: tuple[KeyValues, ...]
    map_data_consumer_id_data_producer_id: tuple[KeyValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecvRtpHeaderExtensions(Wire):
    """Ids of the header extensions the transport itself reads."""

    mid: int | None = None
    rid: int | None = None
    rrid: int | None = None
    abs_send_time: int | None = None
    transport_wide_cc01: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpListener(Wire):
    """How incoming RTP finds its producer."""

    ssrc_table: tuple[KeyValue, ...]
    mid_table: tuple[KeyValue, ...]
    rid_table: tuple[KeyValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SctpListener(Wire):
    """How incoming SCTP messages find their data producer."""

    stream_id_table: tuple[KeyValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportDump(Wire):
    """What every transport has; a direct transport's dump is just this. Sizes in bytes."""

    id: str
    producer_ids: tuple[str, ...]
    consumer_ids: tuple[str, ...]
    map_ssrc_consumer_id: tuple[KeyValue, ...]
    map_rtx_ssrc_consumer_id: tuple[KeyValue, ...]
    data_producer_ids: tuple[str, ...]
    data_consumer_ids: tuple[str, ...]
    recv_rtp_header_extensions: RecvRtpHeaderExtensions
    rtp_listener: RtpListener
    max_send_message_size: int
    max_receive_message_size: int
    sctp_parameters: SctpParameters | None
    sctp_state: SctpState | None
    sctp_negotiated_capabilities: SctpNegotiatedCapabilities | None
    sctp_listener: SctpListener | None
    trace_event_types: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebRtcTransportDump(TransportDump):
    """A WebRTC transport."""

    ice_role: IceRole
    ice_parameters: IceParameters
    ice_candidates: tuple[IceCandidate, ...]
    ice_state: IceState
    ice_selected_tuple: TransportTuple | None
    dtls_parameters: DtlsParameters
    dtls_state: DtlsState


class TransportCreated(NamedTuple):
    """What a new transport needs of its dump."""

    id: str
    sctp_parameters: SctpParameters | None
    sctp_state: SctpState | None


class WebRtcTransportCreated(NamedTuple):
    """What a new WebRTC transport needs of its dump: a busy server makes thousands of them.

    Its DTLS parameters are those of all new ones; see ``Channel.certificate``.
    """

    id: str
    sctp_parameters: SctpParameters | None
    sctp_state: SctpState | None
    ice_parameters: IceParameters
    ice_candidates: tuple[IceCandidate, ...]
    ice_state: IceState
    ice_selected_tuple: TransportTuple | None
    dtls_state: DtlsState


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainTransportDump(TransportDump):
    """A plain transport."""

    rtcp_mux: bool
    comedia: bool
    tuple: TransportTuple
    rtcp_tuple: TransportTuple | None
    srtp_parameters: SrtpParameters | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PipeTransportDump(TransportDump):
    """A pipe transport."""

    tuple: TransportTuple
    rtx: bool
    srtp_parameters: SrtpParameters | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RtxStreamParams(Wire):
    """Parameters of a retransmission stream."""

    ssrc: int
    payload_type: int
    mime_type: str
    clock_rate: int
    rrid: str | None
    cname: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RtxStreamDump(Wire):
    """A retransmission stream."""

    params: RtxStreamParams


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpStreamParams(Wire):
    """Parameters of an RTP stream as the worker handles it."""

    encoding_idx: int
    ssrc: int
    payload_type: int
    mime_type: str
    clock_rate: int
    rid: str | None
    cname: str
    rtx_ssrc: int | None
    rtx_payload_type: int | None
    use_nack: bool
    use_pli: bool
    use_fir: bool
    use_in_band_fec: bool
    use_dtx: bool
    spatial_layers: int
    temporal_layers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RtpStreamDump(Wire):
    """An RTP stream."""

    params: RtpStreamParams
    score: int
    rtx_stream: RtxStreamDump | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProducerDump(Wire):
    """A producer."""

    id: str
    kind: MediaKind
    type: RtpType
    rtp_parameters: RtpParameters
    rtp_mapping: RtpMapping
    rtp_streams: tuple[RtpStreamDump, ...]
    trace_event_types: tuple[str, ...]
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BaseConsumerDump(Wire):
    """What every consumer has."""

    id: str
    type: RtpType
    producer_id: str
    kind: MediaKind
    rtp_parameters: RtpParameters
    consumable_rtp_encodings: tuple[RtpEncodingParameters, ...]
    supported_codec_payload_types: tuple[int, ...]
    trace_event_types: tuple[str, ...]
    paused: bool
    producer_paused: bool
    priority: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerDump(BaseConsumerDump):
    """A consumer. The layers are those of simulcast and SVC consumers; -1: none."""

    rtp_streams: tuple[RtpStreamDump, ...]
    preferred_spatial_layer: int | None
    target_spatial_layer: int | None
    current_spatial_layer: int | None
    preferred_temporal_layer: int | None
    target_temporal_layer: int | None
    current_temporal_layer: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataProducerDump(Wire):
    """A data producer."""

    id: str
    type: DataType
    sctp_stream_parameters: SctpStreamParameters | None
    label: str
    protocol: str
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DataConsumerDump(Wire):
    """A data consumer; amounts in bytes."""

    id: str
    data_producer_id: str
    type: DataType
    sctp_stream_parameters: SctpStreamParameters | None
    label: str
    protocol: str
    buffered_amount: int
    buffered_amount_low_threshold: int
    paused: bool
    data_producer_paused: bool
    subchannels: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEvent(Wire):
    """Argument of a ``trace`` event. ``timestamp``: milliseconds of the worker's clock."""

    type: str
    timestamp: int
    direction: Literal["in", "out"]
    info: dict[str, object]
    """By ``type``, in the names of the worker's schema. ``rtp``, ``keyframe``: ``is_rtx`` and ``rtp_packet``, a dict of
    ``ssrc``, ``payload_type``, ``sequence_number``, ``timestamp``, ``marker``, ``size``, ``payload_size``, layers and
    header extensions. ``pli``, ``fir``: ``ssrc``. ``sr``: ``ssrc``, ``ntp_sec``, ``ntp_frac``, ``rtp_ts``,
    ``packet_count``, ``octet_count``. ``bwe``: ``bwe_type`` and bitrates in bits per second. Others: empty."""
