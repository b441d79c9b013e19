"""What the transports to an endpoint share: data channels over SCTP (RFC 8831), if they were asked for."""

from __future__ import annotations

from typing import Any

from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.sctp import SctpNegotiatedCapabilities, SctpParameters, SctpState
from proctor_sfu.mediasoup.transport import Home, Transport


class SctpTransport(Transport):
    """Base of `WebRtcTransport`, `PlainTransport` and `PipeTransport`."""

    __slots__ = ("_sctp_parameters", "_sctp_state")

    def __init__(
        self, entity_id: str, channel: Channel, router: Home, app_data: dict[str, Any] | None, *,
        sctp_parameters: SctpParameters | None, sctp_state: SctpState | None,
    ) -> None:  # fmt: skip
        super().__init__(entity_id, channel, router, app_data)
        self._sctp_parameters = sctp_parameters
        self._sctp_state = sctp_state

    @property
    def sctp_parameters(self) -> SctpParameters | None:
        """Local SCTP parameters; None without SCTP."""
        return self._sctp_parameters

    @property
    def sctp_state(self) -> SctpState | None:
        """State of SCTP; None without SCTP."""
        return self._sctp_state

    @property
    def sctp_negotiated_capabilities(self) -> SctpNegotiatedCapabilities | None:
        """Stream counts, once SCTP is connected."""
        return self._negotiated

    def _end(self) -> bool:
        ended = super()._end()
        if ended and self._sctp_state is not None:
            self._sctp_state = "closed"
        return ended

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        if event == "TRANSPORT_SCTP_STATE_CHANGE":
            self._sctp_state = body["sctp_state"]
            self._tell("sctpstatechange", self._sctp_state)
        else:
            super().notified(event, body)
