"""DataConsumer: the messages of one data producer, sent to an endpoint or handed to the host."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.data_producer import payload
from proctor_sfu.mediasoup.dumps import DataConsumerDump
from proctor_sfu.mediasoup.sctp import DataType, SctpStreamParameters
from proctor_sfu.mediasoup.stats import DataConsumerStats
from proctor_sfu.mediasoup.stream import Stream

_log = logging.getLogger("psfu.mediasoup")


class DataConsumer(Stream):
    """Made by ``transport.consume_data()``.

    Events: ``transportclose``, ``dataproducerclose``, ``dataproducerpause``, ``dataproducerresume``, ``message``
    (bytes, ppid; direct transports only), ``sctpsendbufferfull`` (a message was dropped for want of room),
    ``bufferedamountlow`` (how many bytes wait). Observer events: ``close``, ``pause``, ``resume``. Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#DataConsumer.
    """

    __slots__ = ("_dump", "_producer_paused", "_subchannels")

    _CLOSING = ("TRANSPORT_CLOSE_DATACONSUMER", "Transport_CloseDataConsumerRequest", "data_consumer_id")

    def __init__(
        self, channel: Channel, *, transport_id: str, dump: DataConsumerDump, app_data: dict[str, Any] | None,
        forget: Callable[[DataConsumer], None],
    ) -> None:  # fmt: skip
        super().__init__(dump.id, channel, app_data, transport_id=transport_id, paused=dump.paused, forget=forget)
        self._dump = dump
        self._producer_paused = dump.data_producer_paused
        self._subchannels = dump.subchannels
        channel.handlers[dump.id] = self

    @property
    def data_producer_id(self) -> str:
        """Id of the data producer."""
        return self._dump.data_producer_id

    @property
    def type(self) -> DataType:
        """``sctp`` or ``direct``."""
        return self._dump.type

    @property
    def sctp_stream_parameters(self) -> SctpStreamParameters | None:
        """Stream id and reliability; None on a direct transport."""
        return self._dump.sctp_stream_parameters

    @property
    def label(self) -> str:
        """Label of the data channel."""
        return self._dump.label

    @property
    def protocol(self) -> str:
        """Sub-protocol of the data channel."""
        return self._dump.protocol

    @property
    def paused(self) -> bool:
        """Whether this data consumer is paused."""
        return self._paused

    @property
    def data_producer_paused(self) -> bool:
        """Whether its data producer is paused."""
        return self._producer_paused

    @property
    def subchannels(self) -> tuple[int, ...]:
        """Subchannels it takes messages of, in no order; messages sent to no subchannel it gets in any case."""
        return self._subchannels

    def dump(self) -> asyncio.Future[DataConsumerDump]:
        """Return the worker's view of the data consumer."""
        return self._channel.request("DATACONSUMER_DUMP", self.id)

    def get_stats(self) -> asyncio.Future[list[DataConsumerStats]]:
        """Return one entry."""
        return self._channel.request("DATACONSUMER_GET_STATS", self.id, None, lambda body: [body])

    def pause(self) -> asyncio.Future[None]:
        """Drop messages instead of sending them."""
        return self._channel.request("DATACONSUMER_PAUSE", self.id, None, self._set_paused(True))

    def resume(self) -> asyncio.Future[None]:
        """Send again."""
        return self._channel.request("DATACONSUMER_RESUME", self.id, None, self._set_paused(False))

    def set_buffered_amount_low_threshold(self, threshold: int) -> asyncio.Future[None]:
        """Emit ``bufferedamountlow`` when the send buffer falls to ``threshold`` bytes; 1024 unless set."""
        body = ("DataConsumer_SetBufferedAmountLowThresholdRequest", {"threshold": threshold})
        return self._channel.request("DATACONSUMER_SET_BUFFERED_AMOUNT_LOW_THRESHOLD", self.id, body)

    def get_buffered_amount(self) -> asyncio.Future[int]:
        """Return the bytes waiting to be sent."""
        return self._channel.request("DATACONSUMER_GET_BUFFERED_AMOUNT", self.id, None, _amount)

    def send(self, message: str | bytes, ppid: int | None = None) -> asyncio.Future[int]:
        """Send a message of the host's own over SCTP; returns the bytes waiting to be sent.

        ``ppid`` as in `DataProducer.send`. Raises `InvalidArgumentError` for a message that is neither text nor bytes;
        fails with it for one that is too big and on a direct transport, with `WorkerRequestError` for want of room.
        """
        data, ppid = payload(message, ppid)
        body = ("DataConsumer_SendRequest", {"ppid": ppid, "data": data})
        return self._channel.request("DATACONSUMER_SEND", self.id, body, _amount)

    def set_subchannels(self, subchannels: Sequence[int]) -> asyncio.Future[None]:
        """Take messages of these subchannels (0 to 65535) in place of those so far."""
        body = ("DataConsumer_SetSubchannelsRequest", {"subchannels": _checked(subchannels)})
        return self._channel.request("DATACONSUMER_SET_SUBCHANNELS", self.id, body, self._set_subchannels)

    def add_subchannel(self, subchannel: int) -> asyncio.Future[None]:
        """Take messages of this subchannel too."""
        body = ("DataConsumer_AddSubchannelRequest", {"subchannel": subchannel})
        return self._channel.request("DATACONSUMER_ADD_SUBCHANNEL", self.id, body, self._set_subchannels)

    def remove_subchannel(self, subchannel: int) -> asyncio.Future[None]:
        """Take no more messages of this subchannel."""
        body = ("DataConsumer_RemoveSubchannelRequest", {"subchannel": subchannel})
        return self._channel.request("DATACONSUMER_REMOVE_SUBCHANNEL", self.id, body, self._set_subchannels)

    def _set_subchannels(self, body: dict[str, Any]) -> None:
        self._subchannels = body["subchannels"]

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        match event:
            case "DATACONSUMER_DATAPRODUCER_CLOSE":
                if self._end():
                    self._forget(self)
                    self.emit("dataproducerclose")
                    self._observe("close")
            case "DATACONSUMER_DATAPRODUCER_PAUSE" | "DATACONSUMER_DATAPRODUCER_RESUME":
                self._producer_changed(event == "DATACONSUMER_DATAPRODUCER_PAUSE")
            case "DATACONSUMER_SCTP_SENDBUFFER_FULL":
                self.emit("sctpsendbufferfull")
            case "DATACONSUMER_BUFFERED_AMOUNT_LOW":
                self.emit("bufferedamountlow", body["buffered_amount"])
            case "DATACONSUMER_MESSAGE":
                self.emit("message", body["data"], body["ppid"])
            case _:
                _log.error("data consumer %s: unknown notification %s", self.id, event)

    @property
    def _held(self) -> bool:
        return self._producer_paused

    def _producer_changed(self, paused: bool) -> None:
        if self._producer_paused == paused:
            return
        self._producer_paused = paused
        self.emit("dataproducerpause" if paused else "dataproducerresume")
        if not self._paused:
            self._observe("pause" if paused else "resume")


def _amount(body: dict[str, Any]) -> int:
    amount: int = body["buffered_amount"]
    return amount


def _checked(subchannels: Sequence[int]) -> tuple[int, ...]:
    if any(not isinstance(each, int) or not 0 <= each <= 65535 for each in subchannels):
        raise InvalidArgumentError("subchannels are integers from 0 to 65535")
    return tuple(subchannels)
