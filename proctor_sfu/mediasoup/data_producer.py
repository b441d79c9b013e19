"""DataProducer: a source of messages, over SCTP or injected by the host."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.dumps import DataProducerDump
from proctor_sfu.mediasoup.sctp import DataType, SctpStreamParameters
from proctor_sfu.mediasoup.stats import DataProducerStats
from proctor_sfu.mediasoup.stream import Stream


class DataProducer(Stream):
    """Made by ``transport.produce_data()``.

    Events: ``transportclose``. Observer events: ``close``, ``pause``, ``resume``. Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#DataProducer.
    """

    __slots__ = ("_dump",)

    _CLOSING = ("TRANSPORT_CLOSE_DATAPRODUCER", "Transport_CloseDataProducerRequest", "data_producer_id")

    def __init__(
        self, channel: Channel, *, transport_id: str, dump: DataProducerDump, paused: bool,
        app_data: dict[str, Any] | None, forget: Callable[[DataProducer], None],
    ) -> None:  # fmt: skip
        super().__init__(dump.id, channel, app_data, transport_id=transport_id, paused=paused, forget=forget)
        self._dump = dump

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
        """Whether messages are held back from the consumers (they are dropped)."""
        return self._paused

    def dump(self) -> asyncio.Future[DataProducerDump]:
        """Return the worker's view of the data producer."""
        return self._channel.request("DATAPRODUCER_DUMP", self.id)

    def get_stats(self) -> asyncio.Future[list[DataProducerStats]]:
        """Return one entry."""
        return self._channel.request("DATAPRODUCER_GET_STATS", self.id, None, lambda body: [body])

    def pause(self) -> asyncio.Future[None]:
        """Drop messages instead of delivering them."""
        return self._channel.request("DATAPRODUCER_PAUSE", self.id, None, self._set_paused(True))

    def resume(self) -> asyncio.Future[None]:
        """Deliver again."""
        return self._channel.request("DATAPRODUCER_RESUME", self.id, None, self._set_paused(False))

    def send(
        self, message: str | bytes, ppid: int | None = None, subchannels: Sequence[int] = (),
        required_subchannel: int | None = None, ignored_subchannel: int | None = None,
    ) -> None:  # fmt: skip
        """Send a message; only for data producers of a direct transport.

        ``ppid``: payload protocol identifier (RFC 8831 section 8); chosen from the type of ``message`` if not given.
        ``subchannels``: where given, only data consumers that take one of these get it. ``required_subchannel``: only
        those that take it too; ``ignored_subchannel``: only those that do not take it.

        Raises `InvalidArgumentError` for a message that is neither text nor bytes and `WorkerClosedError`.
        """
        data, ppid = payload(message, ppid)
        body = {
            "ppid": ppid,
            "data": data,
            "subchannels": subchannels,
            "required_subchannel": required_subchannel,
            "ignored_subchannel": ignored_subchannel,
        }
        self._channel.notify("DATAPRODUCER_SEND", self.id, ("DataProducer_SendNotification", body))

    def notified(self, event: str, body: Any) -> None:
        """Data producers get no notifications."""


def payload(message: str | bytes, ppid: int | None) -> tuple[bytes, int]:
    """Return what goes over SCTP for ``message``: an empty one is a single byte with a PPID of its own."""
    if not isinstance(message, str | bytes | bytearray | memoryview):
        raise InvalidArgumentError("message must be a text or bytes")
    text = isinstance(message, str)
    if ppid is None:
        ppid = (51 if message else 56) if text else (53 if message else 57)
    if ppid == 56:
        return b" ", ppid
    if ppid == 57:
        return b"\0", ppid
    return message.encode() if isinstance(message, str) else bytes(message), ppid
