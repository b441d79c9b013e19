"""Consumer: the stream of one producer that a transport sends to its endpoint."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.dumps import ConsumerDump
from proctor_sfu.mediasoup.layers import ConsumerLayers, ConsumerScore
from proctor_sfu.mediasoup.negotiation import ConsumePlan
from proctor_sfu.mediasoup.producer import Producer, trace_event, trace_types
from proctor_sfu.mediasoup.rtp import MediaKind, RtpParameters, RtpType
from proctor_sfu.mediasoup.stats import RtpStats
from proctor_sfu.mediasoup.stream import Stream

TRACE_TYPES: Final = ("keyframe", "fir", "nack", "pli", "rtp")

_log = logging.getLogger("psfu.mediasoup")


class Consumer(Stream):
    """Made by ``transport.consume()``.

    Events: ``transportclose``, ``producerclose``, ``producerpause``, ``producerresume``, ``score``
    (`ConsumerScore`), ``layerschange`` (`ConsumerLayers` or None: nothing is sent), ``trace`` (`TraceEvent`), ``rtp``
    (bytes; direct transports only). Observer events: ``close``, ``pause``, ``resume``, ``score``, ``layerschange``,
    ``trace``; pause and resume tell of the consumer and its producer together. Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#Consumer.
    """

    __slots__ = (
        "_current_layers", "_kind", "_mid", "_plan", "_preferred_layers", "_priority",
        "_producer_id", "_producer_paused", "_rtp_parameters", "_score", "_ssrc", "_type",
    )  # fmt: skip

    _CLOSING = ("TRANSPORT_CLOSE_CONSUMER", "Transport_CloseConsumerRequest", "consumer_id")

    def __init__(
        self, entity_id: str, channel: Channel, *, transport_id: str, producer: Producer, rtp_type: RtpType,
        rtp_parameters: RtpParameters | None, plan: ConsumePlan | None, mid: str, ssrc: int, status: dict[str, Any],
        app_data: dict[str, Any] | None, forget: Callable[[Consumer], None],
    ) -> None:  # fmt: skip
        super().__init__(
            entity_id, channel, app_data, transport_id=transport_id, paused=status["paused"], forget=forget
        )
        self._producer_id = producer.id
        self._kind = producer.kind
        self._type = rtp_type
        self._rtp_parameters = rtp_parameters
        self._plan = plan
        self._mid = mid
        self._ssrc = ssrc
        self._producer_paused: bool = status["producer_paused"]
        self._score: ConsumerScore = status["score"]
        self._preferred_layers: ConsumerLayers | None = status["preferred_layers"]
        self._current_layers: ConsumerLayers | None = None
        self._priority = 1
        channel.handlers[entity_id] = self

    @property
    def producer_id(self) -> str:
        """Id of the producer."""
        return self._producer_id

    @property
    def kind(self) -> MediaKind:
        """``audio`` or ``video``."""
        return self._kind

    @property
    def type(self) -> RtpType:
        """That of its producer, or ``pipe`` where all encodings are sent."""
        return self._type

    @property
    def rtp_parameters(self) -> RtpParameters:
        """What the endpoint has to receive with, in the router's payload types."""
        if self._rtp_parameters is not None:
            return self._rtp_parameters
        assert self._plan is not None
        return self._plan.parameters_for(self._mid, self._ssrc)

    @property
    def paused(self) -> bool:
        """Whether this consumer is paused."""
        return self._paused

    @property
    def producer_paused(self) -> bool:
        """Whether its producer is paused."""
        return self._producer_paused

    @property
    def priority(self) -> int:
        """1 (default) to 255: who gets bandwidth first on a tight transport."""
        return self._priority

    @property
    def score(self) -> ConsumerScore:
        """Latest score, 0 to 10, of what is sent and of what comes in."""
        return self._score

    @property
    def preferred_layers(self) -> ConsumerLayers | None:
        """Highest layers to send; None for a producer without layers."""
        return self._preferred_layers

    @property
    def current_layers(self) -> ConsumerLayers | None:
        """Layers being sent; None when nothing is."""
        return self._current_layers

    def dump(self) -> asyncio.Future[ConsumerDump]:
        """Return the worker's view of the consumer."""
        return self._channel.request("CONSUMER_DUMP", self.id)

    def get_stats(self) -> asyncio.Future[list[RtpStats]]:
        """Return the stream being sent and, if any arrives, that of the producer."""
        return self._channel.request("CONSUMER_GET_STATS", self.id, None, list)

    def pause(self) -> asyncio.Future[None]:
        """Stop sending; the endpoint gets no packets."""
        return self._channel.request("CONSUMER_PAUSE", self.id, None, self._set_paused(True))

    def resume(self) -> asyncio.Future[None]:
        """Send again; video starts with a key frame, which the worker asks for."""
        return self._channel.request("CONSUMER_RESUME", self.id, None, self._set_paused(False))

    def set_preferred_layers(self, *, spatial_layer: int, temporal_layer: int | None = None) -> asyncio.Future[None]:
        """Send at most these layers (simulcast and SVC; without effect on others).

        Without ``temporal_layer``: the highest. `preferred_layers` has what the worker made of it: no more than there
        are. Raises `InvalidArgumentError` for anything but 0 to 255.
        """
        for name, value in (("spatial_layer", spatial_layer), ("temporal_layer", temporal_layer)):
            if not (value is None and name == "temporal_layer") and not _byte(value):
                raise InvalidArgumentError(f"{name} must be an integer from 0 to 255")
        layers = ConsumerLayers(spatial_layer=spatial_layer, temporal_layer=temporal_layer)

        def finish(body: dict[str, Any] | None) -> None:
            self._preferred_layers = body["preferred_layers"] if body is not None else None

        return self._channel.request(
            "CONSUMER_SET_PREFERRED_LAYERS", self.id,
            ("Consumer_SetPreferredLayersRequest", {"preferred_layers": layers}), finish,
        )  # fmt: skip

    def set_priority(self, priority: int) -> asyncio.Future[None]:
        """Set the priority, 1 to 255. Raises `InvalidArgumentError`; fails with it for 0."""
        if not _byte(priority):
            raise InvalidArgumentError("priority must be an integer from 0 to 255")

        def finish(body: dict[str, Any]) -> None:
            self._priority = body["priority"]

        return self._channel.request(
            "CONSUMER_SET_PRIORITY", self.id, ("Consumer_SetPriorityRequest", {"priority": priority}), finish
        )

    def unset_priority(self) -> asyncio.Future[None]:
        """Set the priority back to 1."""
        return self.set_priority(1)

    def request_key_frame(self) -> asyncio.Future[None]:
        """Ask the producer for a key frame (video only; without effect on audio)."""
        return self._channel.request("CONSUMER_REQUEST_KEY_FRAME", self.id)

    def enable_trace_event(
        self, types: Sequence[Literal["keyframe", "fir", "nack", "pli", "rtp"]] = ()
    ) -> asyncio.Future[None]:
        """Emit ``trace`` for these types of event, and no others.

        ``rtp`` and ``keyframe``: a packet was sent; ``nack``, ``pli``, ``fir``: the endpoint asked for one. Unknown
        types are ignored, as in the official host.
        """
        body = {"events": trace_types(types, TRACE_TYPES)}
        return self._channel.request("CONSUMER_ENABLE_TRACE_EVENT", self.id, ("Consumer_EnableTraceEventRequest", body))

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        match event:
            case "CONSUMER_PRODUCER_CLOSE":
                if self._end():
                    self._forget(self)
                    self.emit("producerclose")
                    self._observe("close")
            case "CONSUMER_PRODUCER_PAUSE" | "CONSUMER_PRODUCER_RESUME":
                self._producer_changed(event == "CONSUMER_PRODUCER_PAUSE")
            case "CONSUMER_SCORE":
                self._score = body
                self._tell("score", body)
            case "CONSUMER_LAYERS_CHANGE":
                self._current_layers = body["layers"]
                self._tell("layerschange", self._current_layers)
            case "CONSUMER_TRACE":
                self._tell("trace", trace_event(body))
            case "CONSUMER_RTP":
                self.emit("rtp", body["data"])
            case _:
                _log.error("consumer %s: unknown notification %s", self.id, event)

    @property
    def _held(self) -> bool:
        return self._producer_paused

    def _producer_changed(self, paused: bool) -> None:
        if self._producer_paused == paused:
            return
        self._producer_paused = paused
        self.emit("producerpause" if paused else "producerresume")
        if not self._paused:
            self._observe("pause" if paused else "resume")


def _byte(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
