"""Producer: an audio or video source that a transport injects into its router."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Literal

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.dumps import ProducerDump, TraceEvent
from proctor_sfu.mediasoup.layers import ProducerScore
from proctor_sfu.mediasoup.negotiation import ConsumePlan
from proctor_sfu.mediasoup.rtp import MediaKind, RtpParameters, RtpType
from proctor_sfu.mediasoup.stats import InboundRtpStats
from proctor_sfu.mediasoup.stream import Stream

TRACE_TYPES: Final = ("keyframe", "fir", "nack", "pli", "rtp", "sr")

_log = logging.getLogger("psfu.mediasoup")


class Producer(Stream):
    """Made by ``transport.produce()``.

    Events: ``transportclose``, ``score`` (tuple of `ProducerScore`), ``videoorientationchange``
    (`VideoOrientation`), ``trace`` (`TraceEvent`). Observer events: ``close``, ``pause``, ``resume``, ``score``,
    ``videoorientationchange``, ``trace``. Source: https://mediasoup.org/documentation/v3/mediasoup/api/#Producer.
    """

    __slots__ = (
        "_consumable", "_kind", "_rtp_parameters", "_score", "_type", "plans",
    )  # fmt: skip

    _CLOSING = ("TRANSPORT_CLOSE_PRODUCER", "Transport_CloseProducerRequest", "producer_id")

    def __init__(
        self, entity_id: str, channel: Channel, *, transport_id: str, kind: MediaKind, rtp_type: RtpType,
        rtp_parameters: RtpParameters, consumable: RtpParameters, paused: bool, app_data: dict[str, Any] | None,
        forget: Callable[[Producer], None],
    ) -> None:  # fmt: skip
        super().__init__(entity_id, channel, app_data, transport_id=transport_id, paused=paused, forget=forget)
        self._kind = kind
        self._type = rtp_type
        self._rtp_parameters = rtp_parameters
        self._consumable = consumable
        self._score: tuple[ProducerScore, ...] = ()
        self.plans: dict[Any, ConsumePlan] = {}
        """What was negotiated for consumers of this producer; used by transports."""
        channel.handlers[entity_id] = self

    @property
    def kind(self) -> MediaKind:
        """``audio`` or ``video``."""
        return self._kind

    @property
    def type(self) -> RtpType:
        """``simple``: one stream; ``simulcast``: several encodings; ``svc``: one stream of several spatial layers."""
        return self._type

    @property
    def rtp_parameters(self) -> RtpParameters:
        """As given to ``produce()``, with the transport's CNAME."""
        return self._rtp_parameters

    @property
    def consumable_rtp_parameters(self) -> RtpParameters:
        """The same in terms of the router's payload types and SSRCs."""
        return self._consumable

    @property
    def paused(self) -> bool:
        """Whether `pause` was called; consumers then get no packets."""
        return self._paused

    @property
    def score(self) -> tuple[ProducerScore, ...]:
        """Latest score of each encoding, 0 to 10; empty until the first packet."""
        return self._score

    def _end(self) -> bool:
        ended = super()._end()
        self.plans.clear()
        return ended

    def dump(self) -> asyncio.Future[ProducerDump]:
        """Return the worker's view of the producer."""
        return self._channel.request("PRODUCER_DUMP", self.id)

    def get_stats(self) -> asyncio.Future[list[InboundRtpStats]]:
        """Return one entry per received encoding; empty until the first packet."""
        return self._channel.request("PRODUCER_GET_STATS", self.id, None, list)

    def pause(self) -> asyncio.Future[None]:
        """Stop forwarding; consumers emit ``producerpause``."""
        return self._channel.request("PRODUCER_PAUSE", self.id, None, self._set_paused(True))

    def resume(self) -> asyncio.Future[None]:
        """Forward again; the worker asks for a key frame."""
        return self._channel.request("PRODUCER_RESUME", self.id, None, self._set_paused(False))

    def enable_trace_event(
        self, types: Sequence[Literal["keyframe", "fir", "nack", "pli", "rtp", "sr"]] = ()
    ) -> asyncio.Future[None]:
        """Emit ``trace`` for these types of event, and no others.

        ``rtp`` and ``keyframe``: a packet came in; ``nack``, ``pli``, ``fir``: one was asked for; ``sr``: a sender
        report came in. Unknown types are ignored, as in the official host.
        """
        body = {"events": trace_types(types, TRACE_TYPES)}
        return self._channel.request("PRODUCER_ENABLE_TRACE_EVENT", self.id, ("Producer_EnableTraceEventRequest", body))

    def send(self, rtp_packet: bytes) -> None:
        """Inject an RTP packet (RFC 3550) with the producer's SSRC or MID; only for producers of a direct transport.

        One that is malformed or nobody's is dropped. Raises `InvalidArgumentError` for anything but bytes and
        `WorkerClosedError`.
        """
        if not isinstance(rtp_packet, bytes | bytearray | memoryview):
            raise InvalidArgumentError("rtp_packet must be bytes")
        self._channel.notify("PRODUCER_SEND", self.id, ("Producer_SendNotification", {"data": rtp_packet}))

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        match event:
            case "PRODUCER_SCORE":
                self._score = body
                self._tell("score", body)
            case "PRODUCER_VIDEO_ORIENTATION_CHANGE":
                self._tell("videoorientationchange", body)
            case "PRODUCER_TRACE":
                self._tell("trace", trace_event(body))
            case _:
                _log.error("producer %s: unknown notification %s", self.id, event)


def trace_types(types: Sequence[str], known: Sequence[str]) -> list[str]:
    """Return the known ones of ``types``; unknown names are ignored, anything but texts is refused."""
    if isinstance(types, str) or any(not isinstance(each, str) for each in types):
        raise InvalidArgumentError("types must be a sequence of texts")
    return [each for each in types if each in known]


def trace_event(body: Mapping[str, Any]) -> TraceEvent:
    """Return the argument of a ``trace`` event."""
    info = body["info"]
    return TraceEvent(
        type=body["type"],
        timestamp=body["timestamp"],
        direction=body["direction"],
        info={} if info is None else info[1],
    )
