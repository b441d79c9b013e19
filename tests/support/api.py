"""Names of the mediasoup 3.27.1 API: what each class of the official host has, in the spelling of this one.

A class has what its base has too. `getters` are properties here; events are those of the entity and of its observer
together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What one class has of its own."""

    base: str | None = None
    methods: tuple[str, ...] = ()
    getters: tuple[str, ...] = ()
    events: tuple[str, ...] = ()


def _names(methods: str = "", getters: str = "", events: str = "", base: str | None = None) -> Names:
    return Names(
        base=base, methods=tuple(methods.split()), getters=tuple(getters.split()), events=tuple(events.split())
    )


API = {
    "Worker": _names(
        "close create_router create_webrtc_server dump get_resource_usage update_settings",
        "app_data closed died observer pid subprocess_closed",
        "died subprocessclose close newwebrtcserver newrouter",
    ),
    "WebRtcServer": _names(
        "close dump handle_webrtc_transport worker_closed",
        "app_data closed id observer",
        "workerclose close webrtctransporthandled webrtctransportunhandled",
    ),
    "Router": _names(
        "can_consume close create_active_speaker_observer create_audio_level_observer create_direct_transport "
        "create_pipe_transport create_plain_transport create_webrtc_transport dump pipe_to_router update_media_codecs "
        "worker_closed",
        "app_data closed id observer rtp_capabilities",
        "workerclose close newtransport newrtpobserver",
    ),
    "Transport": _names(
        "close connect consume consume_data dump enable_trace_event get_stats listen_server_closed produce "
        "produce_data router_closed set_max_incoming_bitrate set_max_outgoing_bitrate set_min_outgoing_bitrate",
        "app_data closed id observer type",
        "routerclose listenserverclose trace close newproducer newconsumer newdataproducer newdataconsumer",
    ),
    "WebRtcTransport": _names(
        "connect dump get_stats restart_ice",
        "dtls_parameters dtls_remote_cert dtls_state ice_candidates ice_parameters ice_role ice_selected_tuple "
        "ice_state observer sctp_negotiated_capabilities sctp_parameters sctp_state type",
        "icestatechange iceselectedtuplechange dtlsstatechange sctpstatechange",
        base="Transport",
    ),
    "PlainTransport": _names(
        "connect dump get_stats",
        "observer rtcp_tuple sctp_negotiated_capabilities sctp_parameters sctp_state srtp_parameters tuple type",
        "tuple rtcptuple sctpstatechange",
        base="Transport",
    ),
    "PipeTransport": _names(
        "connect consume dump get_stats",
        "observer sctp_negotiated_capabilities sctp_parameters sctp_state srtp_parameters tuple type",
        "sctpstatechange",
        base="Transport",
    ),
    "DirectTransport": _names("connect dump get_stats send_rtcp", "observer type", "rtcp", base="Transport"),
    "Producer": _names(
        "close dump enable_trace_event get_stats pause resume send transport_closed",
        "app_data closed consumable_rtp_parameters id kind observer paused rtp_parameters score type",
        "transportclose score videoorientationchange trace close pause resume",
    ),
    "Consumer": _names(
        "close dump enable_trace_event get_stats pause request_key_frame resume set_preferred_layers set_priority "
        "transport_closed unset_priority",
        "app_data closed current_layers id kind observer paused preferred_layers priority producer_id producer_paused "
        "rtp_parameters score type",
        "transportclose producerclose producerpause producerresume score layerschange trace rtp close pause resume",
    ),
    "DataProducer": _names(
        "close dump get_stats pause resume send transport_closed",
        "app_data closed id label observer paused protocol sctp_stream_parameters type",
        "transportclose close pause resume",
    ),
    "DataConsumer": _names(
        "add_subchannel close dump get_buffered_amount get_stats pause remove_subchannel resume send "
        "set_buffered_amount_low_threshold set_subchannels transport_closed",
        "app_data closed data_producer_id data_producer_paused id label observer paused protocol "
        "sctp_stream_parameters subchannels type",
        "transportclose dataproducerclose dataproducerpause dataproducerresume message sctpsendbufferfull "
        "bufferedamountlow close pause resume",
    ),
    "RtpObserver": _names(
        "add_producer close pause remove_producer resume router_closed",
        "app_data closed id observer paused type",
        "routerclose close pause resume addproducer removeproducer",
    ),
    "AudioLevelObserver": _names("", "observer type", "volumes silence", base="RtpObserver"),
    "ActiveSpeakerObserver": _names("", "observer type", "dominantspeaker", base="RtpObserver"),
}


def whole(name: str) -> Names:
    """Return what a class has, with what it has from its base."""
    own = API[name]
    if own.base is None:
        return own
    base = API[own.base]

    def joined(a: tuple[str, ...], b: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(a + b))

    return Names(
        methods=joined(base.methods, own.methods),
        getters=joined(base.getters, own.getters),
        events=joined(base.events, own.events),
    )
