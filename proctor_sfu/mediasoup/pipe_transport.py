"""PipeTransport: carries whole producers, all their encodings, to another router."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any, ClassVar, Literal
from uuid import uuid4

from proctor_sfu.mediasoup import ortc
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.dumps import PipeTransportDump
from proctor_sfu.mediasoup.listen import TransportTuple
from proctor_sfu.mediasoup.rtp import RtpParameters
from proctor_sfu.mediasoup.sctp_transport import SctpTransport
from proctor_sfu.mediasoup.srtp import SrtpParameters, checked
from proctor_sfu.mediasoup.stats import PipeTransportStats
from proctor_sfu.mediasoup.transport import Home


class PipeTransport(SctpTransport):
    """Made by ``router.create_pipe_transport()`` or ``router.pipe_to_router()``.

    Events besides those of `Transport`, on the observer too: ``sctpstatechange`` (`SctpState`). Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#PipeTransport.
    """

    __slots__ = ("_rtx", "_srtp_parameters", "_tuple")

    type: ClassVar[Literal["pipe"]] = "pipe"

    def __init__(
        self, channel: Channel, router: Home, dump: PipeTransportDump, app_data: dict[str, Any] | None
    ) -> None:
        super().__init__(
            dump.id, channel, router, app_data, sctp_parameters=dump.sctp_parameters, sctp_state=dump.sctp_state
        )
        self._tuple = dump.tuple
        self._rtx = dump.rtx
        self._srtp_parameters = dump.srtp_parameters

    @property
    def tuple(self) -> TransportTuple:
        """Addresses in use."""
        return self._tuple

    @property
    def srtp_parameters(self) -> SrtpParameters | None:
        """Suite and key of what this end sends; None without SRTP."""
        return self._srtp_parameters

    def dump(self) -> asyncio.Future[PipeTransportDump]:
        """Return the worker's view of the transport."""
        return self._channel.request("TRANSPORT_DUMP", self.id)

    def get_stats(self) -> asyncio.Future[list[PipeTransportStats]]:
        """Return one entry."""
        return self._channel.request("TRANSPORT_GET_STATS", self.id, None, lambda body: [body])

    def connect(self, *, ip: str, port: int, srtp_parameters: SrtpParameters | None = None) -> asyncio.Future[None]:
        """Give the other pipe transport's address and SRTP key; once.

        Raises and fails as ``PlainTransport.connect()``.
        """

        def finish(body: dict[str, TransportTuple]) -> None:
            self._tuple = body["tuple"]

        content = {"ip": ip, "port": port, "srtp_parameters": checked(srtp_parameters)}
        return self._channel.request(
            "PIPETRANSPORT_CONNECT", self.id, ("PipeTransport_ConnectRequest", content), finish
        )

    def consume(  # type: ignore[override]  # A pipe has no endpoint whose capabilities or layers could matter.
        self, *, producer_id: str, app_data: dict[str, Any] | None = None
    ) -> asyncio.Future[Consumer]:
        """Send all encodings of a producer to the other router. Raises `NotFoundError` for an unknown producer."""
        producer = self._producer(producer_id)
        parameters = ortc.pipe_consumer_parameters(producer.consumable_rtp_parameters, enable_rtx=self._rtx)
        return self._consume_whole(producer, parameters, app_data)

    def _with_cname(self, params: RtpParameters) -> RtpParameters:
        """Keep each producer's own CNAME: tracks of many senders come through one pipe."""
        return replace(params, rtcp=replace(params.rtcp, cname=params.rtcp.cname or uuid4().hex[:8]))
