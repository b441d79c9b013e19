"""DirectTransport: RTP, RTCP and messages between a router and this process, without a network."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Literal

from proctor_sfu.errors import InvalidArgumentError, UnsupportedError
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.dumps import TransportDump
from proctor_sfu.mediasoup.stats import TransportStats
from proctor_sfu.mediasoup.transport import Home, Transport


class DirectTransport(Transport):
    """Made by ``router.create_direct_transport()``.

    Events besides those of `Transport`: ``rtcp`` (bytes: a compound packet of RFC 3550 for whoever sends or receives
    here). Its producers have ``send()``, its consumers emit ``rtp``, its data consumers ``message``. Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#DirectTransport.
    """

    __slots__ = ()

    type: ClassVar[Literal["direct"]] = "direct"

    def __init__(self, channel: Channel, router: Home, dump: TransportDump, app_data: dict[str, Any] | None) -> None:
        super().__init__(dump.id, channel, router, app_data)

    def dump(self) -> asyncio.Future[TransportDump]:
        """Return the worker's view of the transport."""
        return self._channel.request("TRANSPORT_DUMP", self.id)

    def get_stats(self) -> asyncio.Future[list[TransportStats]]:
        """Return one entry."""
        return self._channel.request("TRANSPORT_GET_STATS", self.id, None, lambda body: [body])

    async def connect(self) -> None:
        """There is nothing to connect; here so that code for every transport works."""

    def _set_bitrate(self, method: str, field: str, bitrate: int) -> asyncio.Future[None]:
        raise UnsupportedError(f"set_{field}() is not possible on a direct transport")

    def send_rtcp(self, rtcp_packet: bytes) -> None:
        """Inject an RTCP packet (RFC 3550); one that is malformed is dropped.

        Raises `InvalidArgumentError` for anything but bytes and `WorkerClosedError`.
        """
        if not isinstance(rtcp_packet, bytes | bytearray | memoryview):
            raise InvalidArgumentError("rtcp_packet must be bytes")
        self._channel.notify("TRANSPORT_SEND_RTCP", self.id, ("Transport_SendRtcpNotification", {"data": rtcp_packet}))

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        if event == "DIRECTTRANSPORT_RTCP":
            self.emit("rtcp", body["data"])
        else:
            super().notified(event, body)
