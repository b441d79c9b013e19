"""WebRtcServer: one UDP and one TCP port of a worker, shared by any number of WebRTC transports."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.dumps import WebRtcServerDump
from proctor_sfu.mediasoup.entity import Entity
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport


class WebRtcServer(Entity):
    """Made by ``worker.create_webrtc_server()``.

    Events: ``workerclose``. Observer events: ``close``, ``webrtctransporthandled`` and ``webrtctransportunhandled``
    (`WebRtcTransport`: made with it, closed). Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#WebRtcServer.
    """

    __slots__ = ("_forget", "_transports")

    def __init__(
        self, entity_id: str, channel: Channel, app_data: dict[str, Any] | None, forget: Callable[[WebRtcServer], None]
    ) -> None:
        super().__init__(entity_id, channel, app_data)
        self._transports: dict[str, WebRtcTransport] = {}
        self._forget = forget

    def close(self) -> None:
        """Close the server and every transport that uses it; those emit ``listenserverclose``."""
        if not self._end():
            return
        body = ("Worker_CloseWebRtcServerRequest", {"web_rtc_server_id": self.id})
        self._channel.post("WORKER_WEBRTCSERVER_CLOSE", "", body)
        transports, self._transports = self._transports, {}
        for transport in transports.values():
            transport.listen_server_closed()
            self._observe("webrtctransportunhandled", transport)
        self._forget(self)
        self._observe("close")

    def worker_closed(self) -> None:
        """Called by the worker when it closes; the routers close the transports."""
        if self._end():
            self._transports.clear()
            self.emit("workerclose")
            self._observe("close")

    def dump(self) -> asyncio.Future[WebRtcServerDump]:
        """Return the worker's view of the server: its sockets, and the ICE users it tells transports apart by."""
        return self._channel.request("WEBRTCSERVER_DUMP", self.id)

    def handle_webrtc_transport(self, transport: WebRtcTransport) -> None:
        """Called by the router for each transport made with this server."""
        self._transports[transport.id] = transport
        transport.server = self
        self._observe("webrtctransporthandled", transport)

    def unhandle_webrtc_transport(self, transport: WebRtcTransport) -> None:
        """Called by such a transport when it closes."""
        if self._transports.pop(transport.id, None) is not None:
            self._observe("webrtctransportunhandled", transport)
