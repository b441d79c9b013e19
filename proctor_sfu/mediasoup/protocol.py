"""The vocabulary of the channel to mediasoup-worker: how the worker's schema looks in Python.

One `Codec` per schema directory, shared by all workers of the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup import dtls, dumps, ice, layers, listen, rtp, sctp, srtp, stats
from proctor_sfu.mediasoup.codec import Binding, Codec, Conventions
from proctor_sfu.mediasoup.schema import Schema

MESSAGE: Final = "FBS.Message.Message"
ANSWER: Final = "FBS.Response.Body"
METHOD: Final = "FBS.Request.Method"
EVENT: Final = "FBS.Notification.Event"

HEADER_EXTENSION_URIS: Final[Mapping[str, str]] = {
    "Mid": "urn:ietf:params:rtp-hdrext:sdes:mid",
    "RtpStreamId": "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "RepairRtpStreamId": "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "AbsSendTime": "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "TransportWideCcDraft01": "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    "SsrcAudioLevel": "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
    "DependencyDescriptor": "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension",
    "VideoOrientation": "urn:3gpp:video-orientation",
    "TimeOffset": "urn:ietf:params:rtp-hdrext:toffset",
    "AbsCaptureTime": "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time",
    "PlayoutDelay": "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay",
    "MediasoupPacketId": "urn:mediasoup:params:rtp-hdrext:packet-id",
}
"""Member of the schema's enum -> URI. What is not listed here the worker does not know."""


def _type(kind: type, **options: str) -> Binding:
    return Binding(type=kind, **options)


_BINDINGS: Final[Mapping[str, Binding]] = {
    "Message.Message": Binding(type=tuple),
    "Response.Response": Binding(type=tuple, defer="body"),
    "Notification.Notification": Binding(type=tuple),
    "Log.Log": Binding(unwrap="data"),
    **{
        f"Common.{name}": _type(dumps.KeyValue)
        for name in ("StringString", "StringUint8", "Uint16String", "Uint32String")
    },
    "Common.StringStringArray": _type(dumps.KeyValues),
    "RtpParameters.RtcpFeedback": _type(rtp.RtcpFeedback),
    "RtpParameters.RtpCodecParameters": _type(rtp.RtpCodecParameters),
    "RtpParameters.RtpHeaderExtensionParameters": _type(rtp.RtpHeaderExtensionParameters),
    "RtpParameters.Rtx": _type(rtp.RtpEncodingRtx),
    "RtpParameters.RtpEncodingParameters": _type(rtp.RtpEncodingParameters),
    "RtpParameters.RtcpParameters": _type(rtp.RtcpParameters),
    "RtpParameters.RtpParameters": _type(rtp.RtpParameters),
    "RtpParameters.CodecMapping": _type(rtp.CodecMapping),
    "RtpParameters.EncodingMapping": _type(rtp.EncodingMapping),
    "RtpParameters.RtpMapping": _type(rtp.RtpMapping),
    "SctpParameters.SctpParameters": _type(sctp.SctpParameters),
    "SctpParameters.SctpStreamParameters": _type(sctp.SctpStreamParameters),
    "SctpAssociation.SctpNegotiatedCapabilities": _type(sctp.SctpNegotiatedCapabilities),
    "SrtpParameters.SrtpParameters": _type(srtp.SrtpParameters),
    "Transport.Tuple": _type(listen.TransportTuple),
    "Transport.RecvRtpHeaderExtensions": _type(dumps.RecvRtpHeaderExtensions),
    "Transport.RtpListener": _type(dumps.RtpListener),
    "Transport.SctpListener": _type(dumps.SctpListener),
    "Transport.Dump": _type(dumps.TransportDump),
    "Transport.Stats": _type(stats.TransportStats),
    "Transport.RestartIceResponse": _type(ice.IceParameters),
    "WebRtcTransport.IceParameters": _type(ice.IceParameters),
    "WebRtcTransport.IceCandidate": _type(ice.IceCandidate),
    "WebRtcTransport.Fingerprint": _type(dtls.DtlsFingerprint),
    "WebRtcTransport.DtlsParameters": _type(dtls.DtlsParameters),
    "WebRtcTransport.DumpResponse": _type(dumps.WebRtcTransportDump, flatten="base"),
    "WebRtcTransport.GetStatsResponse": _type(stats.WebRtcTransportStats, flatten="base"),
    "PlainTransport.DumpResponse": _type(dumps.PlainTransportDump, flatten="base"),
    "PlainTransport.GetStatsResponse": _type(stats.PlainTransportStats, flatten="base"),
    "PipeTransport.DumpResponse": _type(dumps.PipeTransportDump, flatten="base"),
    "PipeTransport.GetStatsResponse": _type(stats.PipeTransportStats, flatten="base"),
    "DirectTransport.DumpResponse": Binding(unwrap="base"),
    "DirectTransport.GetStatsResponse": Binding(unwrap="base"),
    "Worker.ChannelMessageHandlers": _type(dumps.ChannelMessageHandlers),
    "Worker.DumpResponse": _type(dumps.WorkerDump),
    "Worker.ResourceUsageResponse": _type(stats.ResourceUsage),
    "WebRtcServer.IpPort": _type(dumps.IpPort),
    "WebRtcServer.IceUserNameFragment": _type(dumps.IceUserNameFragment),
    "WebRtcServer.DumpResponse": _type(dumps.WebRtcServerDump),
    "Router.DumpResponse": _type(dumps.RouterDump),
    "RtxStream.Params": _type(dumps.RtxStreamParams),
    "RtxStream.RtxDump": _type(dumps.RtxStreamDump),
    "RtpStream.Params": _type(dumps.RtpStreamParams),
    "RtpStream.Dump": _type(dumps.RtpStreamDump),
    "RtpStream.Stats": Binding(unwrap="data"),
    "RtpStream.BitrateByLayer": _type(tuple),
    "RtpStream.BaseStats": _type(stats.BaseRtpStats),
    "RtpStream.RecvStats": _type(stats.InboundRtpStats, flatten="base"),
    "RtpStream.SendStats": _type(stats.OutboundRtpStats, flatten="base"),
    "Producer.DumpResponse": _type(dumps.ProducerDump),
    "Producer.GetStatsResponse": Binding(unwrap="stats"),
    "Producer.Score": _type(layers.ProducerScore),
    "Producer.ScoreNotification": Binding(unwrap="scores"),
    "Producer.VideoOrientationChangeNotification": _type(layers.VideoOrientation),
    "Consumer.ConsumerLayers": _type(layers.ConsumerLayers),
    "Consumer.ConsumerScore": _type(layers.ConsumerScore),
    "Consumer.BaseConsumerDump": _type(dumps.BaseConsumerDump),
    "Consumer.ConsumerDump": _type(dumps.ConsumerDump, flatten="base"),
    "Consumer.DumpResponse": Binding(unwrap="data"),
    "Consumer.GetStatsResponse": Binding(unwrap="stats"),
    "Consumer.ScoreNotification": Binding(unwrap="score"),
    "DataProducer.DumpResponse": _type(dumps.DataProducerDump),
    "DataProducer.GetStatsResponse": _type(stats.DataProducerStats),
    "DataConsumer.DumpResponse": _type(dumps.DataConsumerDump),
    "DataConsumer.GetStatsResponse": _type(stats.DataConsumerStats),
}

_SAME_CASE = ("Request.Method", "Notification.Event", "SrtpParameters.SrtpCryptoSuite")


def _parameters_to_tables(parameters: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    return [{"name": name, "value": _union(name, value)} for name, value in parameters.items()]


def _union(name: str, value: Any) -> tuple[str, Mapping[str, Any]]:
    match value:
        case bool():
            return "Boolean", {"value": int(value)}
        case int():
            return "Integer32", {"value": value}
        case float():
            return ("Integer32", {"value": int(value)}) if value.is_integer() else ("Double", {"value": value})
        case str():
            return "String", {"value": value}
        case list() | tuple():
            return "Integer32Array", {"value": value}
    raise InvalidArgumentError(f"parameter {name!r} is neither a text nor a number")


def _parameters_from_tables(tables: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {table["name"]: table["value"][1]["value"] for table in tables}


def _unsupported(_: Any) -> Iterable[Any]:
    raise InvalidArgumentError("the worker only sends this, it does not accept it")


def conventions(schema: Schema) -> Conventions:
    """Return how ``schema`` maps to the types of this package."""
    names: dict[str, Mapping[str, str]] = {
        f"FBS.{name}": {member: member for member in schema.enums[f"FBS.{name}"].members} for name in _SAME_CASE
    }
    names["FBS.RtpParameters.RtpHeaderExtensionUri"] = HEADER_EXTENSION_URIS
    names["FBS.WebRtcTransport.FingerprintAlgorithm"] = {
        f"SHA{bits}": f"sha-{bits}" for bits in (1, 224, 256, 384, 512)
    }
    names["FBS.Transport.BweType"] = {"TRANSPORT_CC": "transport-cc"}
    names["FBS.Common.TraceDirection"] = {"DIRECTION_IN": "in", "DIRECTION_OUT": "out"}
    return Conventions(
        bindings={f"FBS.{name}": binding for name, binding in _BINDINGS.items()},
        enum_names=names,
        raw=frozenset({"data"}),
        blank=frozenset({"rid", "rrid", "mid", "msid", "scalability_mode"}),
        mappings={
            "FBS.RtpParameters.Parameter": (_parameters_to_tables, _parameters_from_tables),
            "FBS.RtpStream.BitrateByLayer": (_unsupported, dict),
        },
    )


class Codecs(NamedTuple):
    """The codec of everything, and one that decodes of a new transport only what its owner looks at."""

    full: Codec
    created: Codec


@lru_cache(maxsize=8)
def codecs(directory: Path) -> Codecs:
    """Return the codecs of the schema files in ``directory``; raises `SchemaError`."""
    schema = Schema.read(directory)
    known = conventions(schema)
    reduced = {
        "FBS.Transport.Dump": _type(dumps.TransportCreated),
        "FBS.WebRtcTransport.DumpResponse": _type(dumps.WebRtcTransportCreated, flatten="base"),
    }
    created = replace(known, bindings={**known.bindings, **reduced})
    return Codecs(Codec(schema, known), Codec(schema, created))
