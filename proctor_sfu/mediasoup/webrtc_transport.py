"""WebRtcTransport: ICE, DTLS and SRTP with a browser or any other WebRTC endpoint."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, Literal, Protocol

from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.dtls import DtlsParameters, DtlsRole, DtlsState, checked
from proctor_sfu.mediasoup.dumps import WebRtcTransportCreated, WebRtcTransportDump
from proctor_sfu.mediasoup.ice import IceCandidate, IceParameters, IceRole, IceState
from proctor_sfu.mediasoup.listen import TransportTuple
from proctor_sfu.mediasoup.sctp_transport import SctpTransport
from proctor_sfu.mediasoup.stats import WebRtcTransportStats
from proctor_sfu.mediasoup.transport import Home


class Server(Protocol):
    """What a transport needs of its WebRtcServer."""

    def unhandle_webrtc_transport(self, transport: WebRtcTransport) -> None:
        """Called when the transport closed."""


class WebRtcTransport(SctpTransport):
    """Made by ``router.create_webrtc_transport()``.

    Events besides those of `Transport`, each with the new value, on the observer too: ``icestatechange``
    (`IceState`), ``iceselectedtuplechange`` (`TransportTuple`), ``dtlsstatechange`` (`DtlsState`),
    ``sctpstatechange`` (`SctpState`). Source: https://mediasoup.org/documentation/v3/mediasoup/api/#WebRtcTransport.
    """

    __slots__ = (
        "_dtls_parameters", "_dtls_remote_cert", "_dtls_state", "_ice_candidates", "_ice_parameters",
        "_ice_selected_tuple", "_ice_state", "server",
    )  # fmt: skip

    type: ClassVar[Literal["webrtc"]] = "webrtc"

    def __init__(
        self, channel: Channel, router: Home, dump: WebRtcTransportCreated, dtls_parameters: DtlsParameters,
        app_data: dict[str, Any] | None,
    ) -> None:  # fmt: skip
        super().__init__(
            dump.id, channel, router, app_data, sctp_parameters=dump.sctp_parameters, sctp_state=dump.sctp_state
        )
        self._ice_parameters = dump.ice_parameters
        self._ice_candidates = dump.ice_candidates
        self._ice_state: IceState = dump.ice_state
        self._ice_selected_tuple = dump.ice_selected_tuple
        self._dtls_parameters = dtls_parameters
        self._dtls_state: DtlsState = dump.dtls_state
        self._dtls_remote_cert: str | None = None
        self.server: Server | None = None
        """The WebRtcServer it listens on, if any."""

    @property
    def ice_role(self) -> IceRole:
        """``controlled``: mediasoup is ICE-lite."""
        return "controlled"

    @property
    def ice_parameters(self) -> IceParameters:
        """Local ICE credentials; `restart_ice` changes them."""
        return self._ice_parameters

    @property
    def ice_candidates(self) -> tuple[IceCandidate, ...]:
        """Local addresses, as they were asked for."""
        return self._ice_candidates

    @property
    def ice_state(self) -> IceState:
        """State of ICE; it is ``disconnected`` when the endpoint gave no sign within the consent timeout."""
        return self._ice_state

    @property
    def ice_selected_tuple(self) -> TransportTuple | None:
        """Addresses in use; None before ICE connected and after it closed."""
        return self._ice_selected_tuple

    @property
    def dtls_parameters(self) -> DtlsParameters:
        """Local DTLS fingerprints, one for each hash, and role: ``auto`` until `connect`."""
        return self._dtls_parameters

    @property
    def dtls_state(self) -> DtlsState:
        """State of DTLS (RFC 8827)."""
        return self._dtls_state

    @property
    def dtls_remote_cert(self) -> str | None:
        """The endpoint's certificate in PEM, once DTLS is connected."""
        return self._dtls_remote_cert

    def _end(self) -> bool:
        if not super()._end():
            return False
        self._ice_state = "closed"
        self._ice_selected_tuple = None
        self._dtls_state = "closed"
        return True

    def _close_children(self) -> None:
        super()._close_children()
        if self.server is not None:
            self.server.unhandle_webrtc_transport(self)

    def dump(self) -> asyncio.Future[WebRtcTransportDump]:
        """Return the worker's view of the transport."""
        return self._channel.request("TRANSPORT_DUMP", self.id)

    def get_stats(self) -> asyncio.Future[list[WebRtcTransportStats]]:
        """Return one entry."""
        return self._channel.request("TRANSPORT_GET_STATS", self.id, None, _one)

    def connect(self, *, dtls_parameters: DtlsParameters) -> asyncio.Future[None]:
        """Give the endpoint's DTLS parameters; once.

        Raises `InvalidArgumentError` for a fingerprint of the wrong length or an unknown hash or role; fails with
        `WorkerRequestError` the second time. Afterwards `dtls_parameters` has the role this end takes.
        """

        def finish(body: dict[str, DtlsRole]) -> None:
            self._dtls_parameters = DtlsParameters(
                fingerprints=self._dtls_parameters.fingerprints, role=body["dtls_local_role"]
            )

        body = ("WebRtcTransport_ConnectRequest", {"dtls_parameters": checked(dtls_parameters)})
        return self._channel.request("WEBRTCTRANSPORT_CONNECT", self.id, body, finish)

    def restart_ice(self) -> asyncio.Future[IceParameters]:
        """Return fresh ICE credentials; media goes on until the endpoint uses them (RFC 8445 section 9)."""

        def finish(parameters: IceParameters) -> IceParameters:
            self._ice_parameters = parameters
            return parameters

        return self._channel.request("TRANSPORT_RESTART_ICE", self.id, None, finish)

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        match event:
            case "WEBRTCTRANSPORT_ICE_STATE_CHANGE":
                self._ice_state = body["ice_state"]
                self._tell("icestatechange", self._ice_state)
            case "WEBRTCTRANSPORT_ICE_SELECTED_TUPLE_CHANGE":
                self._ice_selected_tuple = body["tuple"]
                self._tell("iceselectedtuplechange", self._ice_selected_tuple)
            case "WEBRTCTRANSPORT_DTLS_STATE_CHANGE":
                self._dtls_state = body["dtls_state"]
                if self._dtls_state == "connected":
                    self._dtls_remote_cert = body["remote_cert"]
                self._tell("dtlsstatechange", self._dtls_state)
            case _:
                super().notified(event, body)


def _one(body: WebRtcTransportStats) -> list[WebRtcTransportStats]:
    return [body]
