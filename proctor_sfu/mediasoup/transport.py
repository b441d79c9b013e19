"""Transport: an endpoint's connection to a router. What all four kinds share: producers, consumers and their data kin.

Teardown: closing a transport closes its producers, consumers, data producers and data consumers, in this order, each
emitting ``transportclose``; tests/proctor_sfu/mediasoup/test_cascade.py has the whole table.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final, Literal, Protocol
from uuid import uuid4

from proctor_sfu.errors import InvalidArgumentError, NotFoundError
from proctor_sfu.mediasoup import ortc
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.check import check_rtp_capabilities, check_rtp_parameters
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.data_consumer import DataConsumer
from proctor_sfu.mediasoup.data_producer import DataProducer
from proctor_sfu.mediasoup.dumps import DataConsumerDump, DataProducerDump
from proctor_sfu.mediasoup.entity import Entity
from proctor_sfu.mediasoup.layers import ConsumerLayers
from proctor_sfu.mediasoup.negotiation import ConsumePlan
from proctor_sfu.mediasoup.producer import Producer, trace_event, trace_types
from proctor_sfu.mediasoup.rtp import MediaKind, RtpCapabilities, RtpEncodingParameters, RtpParameters
from proctor_sfu.mediasoup.sctp import (
    DataType,
    SctpNegotiatedCapabilities,
    SctpStreamParameters,
    StreamIds,
    checked_stream,
    consumer_stream,
)

TRACE_TYPES: Final = ("probation", "bwe")
_MAX_MID: Final = 100_000_000
_PLANS: Final = 64
"""Kinds of client remembered per producer."""

_log = logging.getLogger("psfu.mediasoup")


class Home(Protocol):
    """What a transport needs of its router."""

    id: str
    producers: dict[str, Producer]
    data_producers: dict[str, DataProducer]

    @property
    def rtp_capabilities(self) -> RtpCapabilities:
        """The router's capabilities."""

    def forget_transport(self, transport: Transport) -> None:
        """Called when a transport closed by itself."""


class Transport(Entity):
    """Base of the transports.

    Events: ``routerclose``, ``listenserverclose`` (with a WebRtcServer), ``trace`` (`TraceEvent`); each kind adds its
    own. Observer events: ``close``, ``trace``, and ``newproducer``, ``newconsumer``, ``newdataproducer``,
    ``newdataconsumer`` with what was made. Source: https://mediasoup.org/documentation/v3/mediasoup/api/#Transport.
    """

    __slots__ = (
        "_cname", "_consumers", "_data_consumers", "_data_producers", "_forget_consumer", "_forget_data_consumer",
        "_forget_data_producer", "_forget_producer", "_negotiated", "_next_mid", "_producers", "_router",
        "_stream_ids",
    )  # fmt: skip

    type: ClassVar[Literal["webrtc", "plain", "pipe", "direct"]]

    def __init__(self, entity_id: str, channel: Channel, router: Home, app_data: dict[str, Any] | None) -> None:
        super().__init__(entity_id, channel, app_data)
        self._router = router
        self._producers: dict[str, Producer] = {}
        self._consumers: dict[str, Consumer] = {}
        self._data_producers: dict[str, DataProducer] = {}
        self._data_consumers: dict[str, DataConsumer] = {}
        self._cname: str | None = None
        self._next_mid = 0
        self._stream_ids = StreamIds()
        self._negotiated: SctpNegotiatedCapabilities | None = None
        # Bound once: a bound method made per consumer would cost more than the consumer's own bookkeeping.
        self._forget_producer = self._drop_producer
        self._forget_consumer = self._drop_consumer
        self._forget_data_producer = self._drop_data_producer
        self._forget_data_consumer = self._drop_data_consumer
        channel.handlers[entity_id] = self

    # Closing.

    def close(self) -> None:
        """Close the transport and all that lives in it; that emits ``transportclose``."""
        if self._end():
            self._channel.post(
                "ROUTER_CLOSE_TRANSPORT", self._router.id, ("Router_CloseTransportRequest", {"transport_id": self.id})
            )
            self._close_children()
            self._router.forget_transport(self)
            self._observe("close")

    def router_closed(self) -> None:
        """Called by the router when it closes."""
        if self._end():
            self._close_children()
            self.emit("routerclose")
            self._observe("close")

    def listen_server_closed(self) -> None:
        """Called by the WebRtcServer when it closes."""
        if self._end():
            self._close_children()
            self._router.forget_transport(self)
            self.emit("listenserverclose")
            self._observe("close")

    def _close_children(self) -> None:
        children = (self._producers, self._consumers, self._data_producers, self._data_consumers)
        for producer in self._producers.values():
            producer.transport_closed()
            self._router.producers.pop(producer.id, None)
        for consumer in self._consumers.values():
            consumer.transport_closed()
        for data_producer in self._data_producers.values():
            data_producer.transport_closed()
            self._router.data_producers.pop(data_producer.id, None)
        for data_consumer in self._data_consumers.values():
            data_consumer.transport_closed()
        for each in children:
            each.clear()

    def _drop_producer(self, producer: Producer) -> None:
        self._producers.pop(producer.id, None)
        self._router.producers.pop(producer.id, None)

    def _drop_consumer(self, consumer: Consumer) -> None:
        self._consumers.pop(consumer.id, None)

    def _drop_data_producer(self, data_producer: DataProducer) -> None:
        self._data_producers.pop(data_producer.id, None)
        self._router.data_producers.pop(data_producer.id, None)

    def _drop_data_consumer(self, data_consumer: DataConsumer) -> None:
        self._data_consumers.pop(data_consumer.id, None)
        self._stream_ids.free(data_consumer.sctp_stream_parameters)

    # Limits and trace events.

    def set_max_incoming_bitrate(self, bitrate: int) -> asyncio.Future[None]:
        """Ask the sender (REMB, transport-cc) to stay below ``bitrate`` bits per second; 0 removes the limit.

        Raises `UnsupportedError` on a direct transport, as the two below.
        """
        return self._set_bitrate("MAX_INCOMING", "max_incoming_bitrate", bitrate)

    def set_max_outgoing_bitrate(self, bitrate: int) -> asyncio.Future[None]:
        """Send at most ``bitrate`` bits per second; 0 removes the limit.

        Fails with `InvalidArgumentError` below 30,000, and below the minimum.
        """
        return self._set_bitrate("MAX_OUTGOING", "max_outgoing_bitrate", bitrate)

    def set_min_outgoing_bitrate(self, bitrate: int) -> asyncio.Future[None]:
        """Never estimate less than ``bitrate`` bits per second; 0 removes the limit.

        Fails with `InvalidArgumentError` below 30,000, and above the maximum.
        """
        return self._set_bitrate("MIN_OUTGOING", "min_outgoing_bitrate", bitrate)

    def _set_bitrate(self, method: str, field: str, bitrate: int) -> asyncio.Future[None]:
        words = "".join(word.capitalize() for word in field.split("_"))
        return self._channel.request(
            f"TRANSPORT_SET_{method}_BITRATE", self.id, (f"Transport_Set{words}Request", {field: bitrate})
        )

    def enable_trace_event(self, types: Sequence[Literal["probation", "bwe"]] = ()) -> asyncio.Future[None]:
        """Emit ``trace`` for these types of event and no others; unknown ones are ignored, as in the official host.

        ``probation``: a packet that only probes for bandwidth; ``bwe``: a new estimate, with its bitrates in ``info``.
        """
        body = {"events": trace_types(types, TRACE_TYPES)}
        return self._channel.request(
            "TRANSPORT_ENABLE_TRACE_EVENT", self.id, ("Transport_EnableTraceEventRequest", body)
        )

    # Producing.

    def produce(
        self, *, kind: MediaKind, rtp_parameters: RtpParameters, id: str | None = None,  # noqa: A002
        paused: bool = False, key_frame_request_delay: int = 0,
        enable_mediasoup_packet_id_header_extension: bool = False, app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[Producer]:  # fmt: skip
        """Receive an audio or video source from the endpoint.

        ``id``: one of the caller's choice, new to the worker. ``key_frame_request_delay``: milliseconds before another
        key frame is asked for, 0: the worker's default. The CNAME of the first producer becomes that of all others of
        the transport, as receivers tell by it what belongs together.

        Raises `InvalidArgumentError` for parameters that are malformed or contradict themselves, `UnsupportedError`
        for codecs the router does not have. Fails with `WorkerRequestError` for an id the worker has, and for an SSRC
        or MID another producer of the transport has. Source:
        https://mediasoup.org/documentation/v3/mediasoup/api/#ProducerOptions.
        """
        if id is not None and id in self._producers:
            raise InvalidArgumentError(f'a producer with same id "{id}" already exists')
        if kind not in ("audio", "video"):
            raise InvalidArgumentError(f"invalid kind {kind!r}")
        params = self._with_cname(check_rtp_parameters(rtp_parameters))
        if not params.encodings:
            params = replace(params, encodings=(RtpEncodingParameters(),))
        params, mapping = ortc.producer_mapping(params, self._router.rtp_capabilities)
        consumable = ortc.consumable_parameters(kind, params, self._router.rtp_capabilities, mapping)
        producer_id = id or str(uuid4())
        body = {
            "producer_id": producer_id,
            "kind": kind,
            "rtp_parameters": params,
            "rtp_mapping": mapping,
            "paused": paused,
            "key_frame_request_delay": key_frame_request_delay,
            "enable_mediasoup_packet_id_header_extension": enable_mediasoup_packet_id_header_extension,
        }

        def finish(answer: dict[str, Any]) -> Producer:
            self._must_be_open()
            producer = Producer(
                producer_id, self._channel, transport_id=self.id, kind=kind, rtp_type=answer["type"],
                rtp_parameters=params, consumable=consumable, paused=paused, app_data=app_data,
                forget=self._forget_producer,
            )  # fmt: skip
            self._producers[producer_id] = self._router.producers[producer_id] = producer
            self._observe("newproducer", producer)
            return producer

        return self._channel.request("TRANSPORT_PRODUCE", self.id, ("Transport_ProduceRequest", body), finish)

    def _with_cname(self, params: RtpParameters) -> RtpParameters:
        """All producers of a transport get the CNAME of the first: that is what tells tracks belong together."""
        if self._cname is None:
            self._cname = params.rtcp.cname or uuid4().hex[:8]
        return replace(params, rtcp=replace(params.rtcp, cname=self._cname))

    # Consuming.

    def consume(
        self, *, producer_id: str, rtp_capabilities: RtpCapabilities, paused: bool = False, mid: str | None = None,
        preferred_layers: ConsumerLayers | None = None, ignore_dtx: bool = False, enable_rtx: bool | None = None,
        pipe: bool = False, app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[Consumer]:  # fmt: skip
        """Send a producer's stream to the endpoint.

        Pass the same ``rtp_capabilities`` object for the same endpoint: what it can receive is then negotiated once
        per producer. ``paused``: make video paused and resume it when the endpoint is ready, or it misses the first
        key frame. ``mid``: 1 to 8 ASCII characters, by default a number that counts up. ``preferred_layers``: the
        highest there are by default. ``ignore_dtx``: leave out Opus packets of silence. ``enable_rtx``: store and
        repeat lost packets, by default for video only. ``pipe``: send all encodings as they are.

        Raises `NotFoundError` for an unknown producer, `UnsupportedError` without a common codec,
        `InvalidArgumentError`. Source: https://mediasoup.org/documentation/v3/mediasoup/api/#ConsumerOptions.
        """
        producer = self._producer(producer_id)
        if mid is not None and not (isinstance(mid, str) and 0 < len(mid) <= 8 and mid.isascii()):
            raise InvalidArgumentError("if given, mid must have 1 to 8 ASCII characters")
        rtx = producer.kind == "video" if enable_rtx is None else enable_rtx
        if pipe:
            parameters = ortc.consumer_parameters(
                producer.consumable_rtp_parameters, check_rtp_capabilities(rtp_capabilities), pipe=True, enable_rtx=rtx
            )
            return self._consume_whole(producer, parameters, app_data, paused, preferred_layers, ignore_dtx)
        plan = self._plan(producer, rtp_capabilities, rtx)
        mid = mid or self._take_mid()
        consumer_id, ssrc = str(uuid4()), random.randrange(100_000_000, 999_999_999)
        number = self._channel.take()
        frame = plan.request(
            self._encode_consume, number=number, transport_id=self.id, consumer_id=consumer_id, mid=mid, ssrc=ssrc,
            paused=paused, preferred_layers=preferred_layers, ignore_dtx=ignore_dtx,
            static=lambda: self._consume_fields(producer, producer.type),
        )  # fmt: skip

        def finish(status: dict[str, Any]) -> Consumer:
            self._must_be_open()
            consumer = Consumer(
                consumer_id, self._channel, transport_id=self.id, producer=producer, rtp_type=producer.type,
                rtp_parameters=None, plan=plan, mid=mid, ssrc=ssrc, status=status, app_data=app_data,
                forget=self._forget_consumer,
            )  # fmt: skip
            self._consumers[consumer_id] = consumer
            self._observe("newconsumer", consumer)
            return consumer

        return self._channel.send(number, frame, "TRANSPORT_CONSUME", finish)

    def _producer(self, producer_id: str) -> Producer:
        if not producer_id or not isinstance(producer_id, str):
            raise InvalidArgumentError("missing producer_id")
        producer = self._router.producers.get(producer_id)
        if producer is None:
            raise NotFoundError(f'producer with id "{producer_id}" not found')
        return producer

    def _plan(self, producer: Producer, capabilities: RtpCapabilities, rtx: bool) -> ConsumePlan:
        key = (id(capabilities), rtx)
        plan = producer.plans.get(key)
        if plan is None:
            if len(producer.plans) >= _PLANS:
                producer.plans.clear()
            parameters = ortc.consumer_parameters(
                producer.consumable_rtp_parameters, check_rtp_capabilities(capabilities), pipe=False, enable_rtx=rtx
            )
            plan = producer.plans[key] = ConsumePlan(parameters, capabilities)
        return plan

    def _encode_consume(self, number: int, transport_id: str, body: dict[str, Any]) -> bytes:
        return self._channel.encode(number, "TRANSPORT_CONSUME", transport_id, ("Transport_ConsumeRequest", body))

    def _consume_fields(self, producer: Producer, rtp_type: str) -> dict[str, Any]:
        return {
            "producer_id": producer.id,
            "kind": producer.kind,
            "type": rtp_type,
            "consumable_rtp_encodings": producer.consumable_rtp_parameters.encodings,
        }

    def _consume_whole(
        self, producer: Producer, parameters: RtpParameters, app_data: dict[str, Any] | None, paused: bool = False,
        preferred_layers: ConsumerLayers | None = None, ignore_dtx: bool = False,
    ) -> asyncio.Future[Consumer]:  # fmt: skip
        """Consume with all encodings, as between routers."""
        consumer_id = str(uuid4())
        body = self._consume_fields(producer, "pipe") | {
            "consumer_id": consumer_id,
            "rtp_parameters": parameters,
            "paused": paused,
            "preferred_layers": preferred_layers,
            "ignore_dtx": ignore_dtx,
        }

        def finish(status: dict[str, Any]) -> Consumer:
            self._must_be_open()
            consumer = Consumer(
                consumer_id, self._channel, transport_id=self.id, producer=producer, rtp_type="pipe",
                rtp_parameters=parameters, plan=None, mid="", ssrc=0, status=status, app_data=app_data,
                forget=self._forget_consumer,
            )  # fmt: skip
            self._consumers[consumer_id] = consumer
            self._observe("newconsumer", consumer)
            return consumer

        return self._channel.request("TRANSPORT_CONSUME", self.id, ("Transport_ConsumeRequest", body), finish)

    def _take_mid(self) -> str:
        mid, self._next_mid = self._next_mid, (self._next_mid + 1) % _MAX_MID
        return str(mid)

    # Data.

    def produce_data(
        self, *, sctp_stream_parameters: SctpStreamParameters | None = None, id: str | None = None,  # noqa: A002
        label: str = "", protocol: str = "", paused: bool = False, app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[DataProducer]:  # fmt: skip
        """Receive messages from the endpoint. ``sctp_stream_parameters``: required but on direct transports.

        Raises `InvalidArgumentError`. Fails with `WorkerRequestError` on a transport without SCTP, for an id the
        worker has, and for a stream another data producer of the transport has. Source:
        https://mediasoup.org/documentation/v3/mediasoup/api/#DataProducerOptions.
        """
        if id is not None and id in self._data_producers:
            raise InvalidArgumentError(f'a data producer with same id "{id}" already exists')
        kind: DataType = "direct" if self.type == "direct" else "sctp"
        body = {
            "data_producer_id": id or str(uuid4()),
            "type": kind,
            "sctp_stream_parameters": None if kind == "direct" else checked_stream(sctp_stream_parameters),
            "label": label,
            "protocol": protocol,
            "paused": paused,
        }

        def finish(dump: DataProducerDump) -> DataProducer:
            self._must_be_open()
            data_producer = DataProducer(
                self._channel, transport_id=self.id, dump=dump, paused=paused, app_data=app_data,
                forget=self._forget_data_producer,
            )  # fmt: skip
            self._data_producers[dump.id] = self._router.data_producers[dump.id] = data_producer
            self._observe("newdataproducer", data_producer)
            return data_producer

        return self._channel.request("TRANSPORT_PRODUCE_DATA", self.id, ("Transport_ProduceDataRequest", body), finish)

    def consume_data(
        self, *, data_producer_id: str, ordered: bool | None = None, max_packet_life_time: int | None = None,
        max_retransmits: int | None = None, paused: bool = False, subchannels: Sequence[int] = (),
        app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[DataConsumer]:  # fmt: skip
        """Send a data producer's messages to the endpoint; reliability as the data producer's unless given.

        ``max_packet_life_time`` in milliseconds; it and ``max_retransmits`` exclude each other and ``ordered``.
        ``subchannels`` (0 to 65535): take messages sent to one of these besides those sent to none; see
        `DataProducer.send`.

        Raises `NotFoundError` for an unknown data producer, `UnsupportedError` when stream ids run out,
        `InvalidArgumentError`; fails with `WorkerRequestError` on a transport without SCTP. Source:
        https://mediasoup.org/documentation/v3/mediasoup/api/#DataConsumerOptions.
        """
        if not data_producer_id or not isinstance(data_producer_id, str):
            raise InvalidArgumentError("missing data_producer_id")
        data_producer = self._router.data_producers.get(data_producer_id)
        if data_producer is None:
            raise NotFoundError(f'data producer with id "{data_producer_id}" not found')
        stream = None
        if self.type != "direct":
            stream = consumer_stream(
                data_producer.sctp_stream_parameters, self._stream_ids.take(), ordered=ordered,
                max_packet_life_time=max_packet_life_time, max_retransmits=max_retransmits,
            )  # fmt: skip
        body = {
            "data_consumer_id": str(uuid4()),
            "data_producer_id": data_producer_id,
            "type": "direct" if stream is None else "sctp",
            "sctp_stream_parameters": stream,
            "label": data_producer.label,
            "protocol": data_producer.protocol,
            "paused": paused,
            "subchannels": tuple(subchannels),
        }

        def finish(dump: DataConsumerDump) -> DataConsumer:
            self._must_be_open()
            data_consumer = DataConsumer(
                self._channel, transport_id=self.id, dump=dump, app_data=app_data, forget=self._forget_data_consumer
            )
            self._data_consumers[dump.id] = data_consumer
            self._observe("newdataconsumer", data_consumer)
            return data_consumer

        def refused(made: asyncio.Future[DataConsumer]) -> None:
            if not made.cancelled() and made.exception() is not None:
                self._stream_ids.free(stream)

        request = ("Transport_ConsumeDataRequest", body)
        try:
            made = self._channel.request("TRANSPORT_CONSUME_DATA", self.id, request, finish)
        except InvalidArgumentError:
            self._stream_ids.free(stream)
            raise
        made.add_done_callback(refused)
        return made

    # Notifications every kind of transport may get.

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        if event == "TRANSPORT_TRACE":
            self._tell("trace", trace_event(body))
        elif event == "TRANSPORT_SCTP_NEGOTIATED_CAPABILITIES":
            negotiated: SctpNegotiatedCapabilities = body["negotiated_capabilities"]
            self._negotiated = negotiated
            self._stream_ids.limit = negotiated.negotiated_max_outbound_streams
        else:
            _log.error("transport %s: unknown notification %s", self.id, event)
