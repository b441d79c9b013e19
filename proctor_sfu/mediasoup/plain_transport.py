"""PlainTransport: RTP and RTCP (optionally SRTP) over UDP with an endpoint such as a recorder or GStreamer."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Literal

from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.dumps import PlainTransportDump
from proctor_sfu.mediasoup.listen import TransportTuple
from proctor_sfu.mediasoup.sctp_transport import SctpTransport
from proctor_sfu.mediasoup.srtp import SrtpParameters, checked
from proctor_sfu.mediasoup.stats import PlainTransportStats
from proctor_sfu.mediasoup.transport import Home


class PlainTransport(SctpTransport):
    """Made by ``router.create_plain_transport()``.

    Events besides those of `Transport`, on the observer too: ``tuple``, ``rtcptuple`` (`TransportTuple`: the
    endpoint's address became known, with ``comedia``), ``sctpstatechange`` (`SctpState`). Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#PlainTransport.
    """

    __slots__ = ("_rtcp_tuple", "_srtp_parameters", "_tuple")

    type: ClassVar[Literal["plain"]] = "plain"

    def __init__(
        self, channel: Channel, router: Home, dump: PlainTransportDump, app_data: dict[str, Any] | None
    ) -> None:
        super().__init__(
            dump.id, channel, router, app_data, sctp_parameters=dump.sctp_parameters, sctp_state=dump.sctp_state
        )
        self._tuple = dump.tuple
        self._rtcp_tuple = dump.rtcp_tuple
        self._srtp_parameters = dump.srtp_parameters

    @property
    def tuple(self) -> TransportTuple:
        """Addresses of RTP, and of RTCP where both share a port."""
        return self._tuple

    @property
    def rtcp_tuple(self) -> TransportTuple | None:
        """Addresses of RTCP; None where it shares RTP's port."""
        return self._rtcp_tuple

    @property
    def srtp_parameters(self) -> SrtpParameters | None:
        """Suite and key of what this end sends; None without SRTP."""
        return self._srtp_parameters

    def dump(self) -> asyncio.Future[PlainTransportDump]:
        """Return the worker's view of the transport."""
        return self._channel.request("TRANSPORT_DUMP", self.id)

    def get_stats(self) -> asyncio.Future[list[PlainTransportStats]]:
        """Return one entry."""
        return self._channel.request("TRANSPORT_GET_STATS", self.id, None, lambda body: [body])

    def connect(
        self, *, ip: str | None = None, port: int | None = None, rtcp_port: int | None = None,
        srtp_parameters: SrtpParameters | None = None,
    ) -> asyncio.Future[None]:  # fmt: skip
        """Give the endpoint's address (not with ``comedia``) and the key of its SRTP; once.

        ``rtcp_port`` is needed exactly where RTCP has a port of its own. Raises `InvalidArgumentError` for a key of
        the wrong length; fails with it for what is missing or too much, with `WorkerRequestError` the second time.
        """

        def finish(body: dict[str, Any]) -> None:
            self._tuple = body["tuple"] or self._tuple
            self._rtcp_tuple = body["rtcp_tuple"] or self._rtcp_tuple
            self._srtp_parameters = body["srtp_parameters"] or self._srtp_parameters

        content = {"ip": ip, "port": port, "rtcp_port": rtcp_port, "srtp_parameters": checked(srtp_parameters)}
        return self._channel.request(
            "PLAINTRANSPORT_CONNECT", self.id, ("PlainTransport_ConnectRequest", content), finish
        )

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        match event:
            case "PLAINTRANSPORT_TUPLE":
                self._tuple = body["tuple"]
                self._tell("tuple", self._tuple)
            case "PLAINTRANSPORT_RTCP_TUPLE":
                self._rtcp_tuple = body["tuple"]
                self._tell("rtcptuple", self._rtcp_tuple)
            case _:
                super().notified(event, body)
