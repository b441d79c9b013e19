"""Router: forwards RTP and messages between the transports in it; an exam room is one router."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from typing import Any, Unpack
from uuid import uuid4

from proctor_sfu.errors import InvalidArgumentError, MediasoupError, NotFoundError
from proctor_sfu.mediasoup import ortc, piping
from proctor_sfu.mediasoup.active_speaker_observer import ActiveSpeakerObserver
from proctor_sfu.mediasoup.audio_level_observer import AudioLevelObserver
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.check import check_rtp_capabilities
from proctor_sfu.mediasoup.data_producer import DataProducer
from proctor_sfu.mediasoup.direct_transport import DirectTransport
from proctor_sfu.mediasoup.dumps import (
    PipeTransportDump,
    PlainTransportDump,
    RouterDump,
    TransportDump,
    WebRtcTransportCreated,
)
from proctor_sfu.mediasoup.entity import Entity
from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.pipe_transport import PipeTransport
from proctor_sfu.mediasoup.plain_transport import PlainTransport
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.rtp import RtpCapabilities, RtpCodecCapability
from proctor_sfu.mediasoup.rtp_observer import RtpObserver
from proctor_sfu.mediasoup.srtp import SrtpCryptoSuite
from proctor_sfu.mediasoup.stamp import Stamp
from proctor_sfu.mediasoup.transport import Transport
from proctor_sfu.mediasoup.webrtc_server import WebRtcServer
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport

_log = logging.getLogger("psfu.mediasoup")
_SHAPES = 32
"""Sets of options for which an encoded request is kept."""


class Router(Entity):
    """Made by ``worker.create_router()``.

    Events: ``workerclose``. Observer events: ``close``, ``newtransport`` (`Transport`), ``newrtpobserver``
    (`RtpObserver`). Source: https://mediasoup.org/documentation/v3/mediasoup/api/#Router.
    """

    __slots__ = (
        "_capabilities", "_forget", "_pairs", "_rtp_observers", "_stamps", "_transports", "data_producers", "producers",
    )  # fmt: skip

    def __init__(
        self, entity_id: str, channel: Channel, capabilities: RtpCapabilities, app_data: dict[str, Any] | None,
        forget: Callable[[Router], None],
    ) -> None:  # fmt: skip
        super().__init__(entity_id, channel, app_data)
        self._capabilities = capabilities
        self._forget = forget
        self._transports: dict[str, Transport] = {}
        self._rtp_observers: dict[str, RtpObserver] = {}
        self._pairs: dict[str, asyncio.Future[piping.Pair]] = {}
        self._stamps: dict[tuple[Any, ...], Stamp] = {}
        self.producers: dict[str, Producer] = {}
        """All producers in this router, by id; kept by the transports."""
        self.data_producers: dict[str, DataProducer] = {}
        """All data producers in this router, by id; kept by the transports."""

    @property
    def rtp_capabilities(self) -> RtpCapabilities:
        """What clients load their device with: codecs with the payload types used here, header extensions."""
        return self._capabilities

    @property
    def transport_count(self) -> int:
        """Transports in it."""
        return len(self._transports)

    def close(self) -> None:
        """Close the router and all transports and observers in it; those emit ``routerclose``."""
        if self._end():
            self._channel.post("WORKER_CLOSE_ROUTER", "", ("Worker_CloseRouterRequest", {"router_id": self.id}))
            self._close_children()
            self._forget(self)
            self._observe("close")

    def worker_closed(self) -> None:
        """Called by the worker when it closes or died."""
        if self._end():
            self._close_children()
            self.emit("workerclose")
            self._observe("close")

    def _close_children(self) -> None:
        for transport in self._transports.values():
            transport.router_closed()
        self._transports.clear()
        self.producers.clear()
        for rtp_observer in self._rtp_observers.values():
            rtp_observer.router_closed()
        self._rtp_observers.clear()
        self.data_producers.clear()

    def forget_transport(self, transport: Transport) -> None:
        """Called by a transport that closed by itself."""
        self._transports.pop(transport.id, None)

    def forget_rtp_observer(self, rtp_observer: RtpObserver) -> None:
        """Called by an observer that closed by itself."""
        self._rtp_observers.pop(rtp_observer.id, None)

    def dump(self) -> asyncio.Future[RouterDump]:
        """Return the worker's view of the router: who consumes and observes whom."""
        return self._channel.request("ROUTER_DUMP", self.id)

    def can_consume(self, *, producer_id: str, rtp_capabilities: RtpCapabilities) -> bool:
        """Return whether an endpoint with these capabilities can receive the producer.

        False also for a producer that is not here, and for malformed capabilities, which are logged.
        """
        producer = self.producers.get(producer_id)
        if producer is None:
            return False
        try:
            return ortc.can_consume(producer.consumable_rtp_parameters, check_rtp_capabilities(rtp_capabilities))
        except MediasoupError as error:
            _log.warning("can_consume: %s", error)
            return False

    def update_media_codecs(self, media_codecs: Sequence[RtpCodecCapability]) -> None:
        """Change the codecs for producers and consumers made from now on; raises as `Worker.create_router`."""
        self._capabilities = ortc.router_rtp_capabilities(media_codecs)

    # Transports.

    def create_webrtc_transport(
        self, *, webrtc_server: WebRtcServer | None = None, listen_infos: Sequence[ListenInfo] | None = None,
        enable_udp: bool = True, enable_tcp: bool | None = None, prefer_udp: bool = False, prefer_tcp: bool = False,
        initial_available_outgoing_bitrate: int = 600_000, enable_sctp: bool = False,
        max_send_message_size: int = 262_144, max_receive_message_size: int = 262_144,
        sctp_send_buffer_size: int = 2_000_000, sctp_per_stream_send_queue_limit: int = 2_000_000,
        sctp_max_receiver_window_buffer_size: int = 5_242_880,
        sctp_default_stream_buffered_amount_low_threshold: int = 1024, ice_consent_timeout: int = 30,
        app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[WebRtcTransport]:  # fmt: skip
        """Make a transport for a WebRTC endpoint, on a `WebRtcServer` or on addresses of its own.

        ``enable_tcp``: default yes with a server, else no. ``prefer_udp`` and ``prefer_tcp`` order the candidates.
        ``initial_available_outgoing_bitrate``: bits per second taken for granted until the estimate knows better.
        ``enable_sctp``: for data channels; the sizes, in bytes, are those of its messages and buffers.
        ``ice_consent_timeout``: seconds without a sign of the endpoint until ICE is disconnected, 0: never (RFC 7675).

        Raises `InvalidArgumentError` unless exactly one of server and addresses is given; fails with it for an
        address that cannot be, with `WorkerRequestError` for one that cannot be listened on. Source:
        https://mediasoup.org/documentation/v3/mediasoup/api/#WebRtcTransportOptions.
        """
        if (webrtc_server is None) == (listen_infos is None):
            raise InvalidArgumentError("exactly one of webrtc_server and listen_infos must be given")
        base = _base(
            initial_available_outgoing_bitrate=initial_available_outgoing_bitrate, enable_sctp=enable_sctp,
            max_send_message_size=max_send_message_size, max_receive_message_size=max_receive_message_size,
            sctp_send_buffer_size=sctp_send_buffer_size,
            sctp_per_stream_send_queue_limit=sctp_per_stream_send_queue_limit,
            sctp_max_receiver_window_buffer_size=sctp_max_receiver_window_buffer_size,
            sctp_default_stream_buffered_amount_low_threshold=sctp_default_stream_buffered_amount_low_threshold,
            is_data_channel=True,
        )  # fmt: skip
        flags = {
            "enable_udp": enable_udp,
            "enable_tcp": (webrtc_server is not None) if enable_tcp is None else enable_tcp,
            "prefer_udp": prefer_udp,
            "prefer_tcp": prefer_tcp,
            "ice_consent_timeout": ice_consent_timeout,
        }
        listen: tuple[str, dict[str, Any]] = ("ListenIndividual", {"listen_infos": tuple(listen_infos or ())})
        if webrtc_server is not None:
            listen = ("ListenServer", {"web_rtc_server_id": webrtc_server.id})

        def finish(dump: WebRtcTransportCreated) -> WebRtcTransport:
            self._must_be_open()
            if webrtc_server is not None:
                webrtc_server._must_be_open()
            assert self._channel.certificate is not None
            transport = WebRtcTransport(self._channel, self, dump, self._channel.certificate, app_data)
            self._add(transport)
            if webrtc_server is not None:
                webrtc_server.handle_webrtc_transport(transport)
            return transport

        return self._create_webrtc({"base": base, "listen": listen, **flags}, finish)

    def _create_webrtc(
        self, options: dict[str, Any], finish: Callable[[WebRtcTransportCreated], WebRtcTransport]
    ) -> asyncio.Future[WebRtcTransport]:
        """Send the request from a stamp: all transports of a router are made with few sets of options."""
        channel = self._channel
        kind, listen = options["listen"]
        method = f"ROUTER_CREATE_WEBRTCTRANSPORT{'_WITH_SERVER' if kind == 'ListenServer' else ''}"
        shape = (*options["base"].values(), kind, *listen.values(), *list(options.values())[2:])
        stamp = self._stamps.get(shape)
        if stamp is None:

            def full(number: int, transport_id: str) -> bytes:
                body = ("Router_CreateWebRtcTransportRequest", {"transport_id": transport_id, "options": options})
                return channel.encode(number, method, self.id, body)

            if len(self._stamps) >= _SHAPES:
                self._stamps.clear()
            stamp = self._stamps[shape] = Stamp(full, 1, (36,))
        number = channel.take()
        return channel.send(number, stamp.fill(number, str(uuid4())), method, finish, self._decode_created)

    def _decode_created(self, buffer: bytes, position: int) -> WebRtcTransportCreated:
        """Decode what a new transport looks at, and with the first one of a worker its certificate."""
        table = "FBS.WebRtcTransport.DumpResponse"
        if self._channel.certificate is None:
            self._channel.certificate = self._channel.codec.decoder(table)(buffer, position).dtls_parameters
        created: WebRtcTransportCreated = self._channel.created.decoder(table)(buffer, position)
        return created

    def create_plain_transport(
        self, *, listen_info: ListenInfo, rtcp_listen_info: ListenInfo | None = None, rtcp_mux: bool = True,
        comedia: bool = False, enable_sctp: bool = False, max_send_message_size: int = 262_144,
        max_receive_message_size: int = 262_144, sctp_send_buffer_size: int = 2_000_000,
        sctp_per_stream_send_queue_limit: int = 2_000_000, sctp_max_receiver_window_buffer_size: int = 5_242_880,
        sctp_default_stream_buffered_amount_low_threshold: int = 1024, enable_srtp: bool = False,
        srtp_crypto_suite: SrtpCryptoSuite = "AES_CM_128_HMAC_SHA1_80", app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[PlainTransport]:  # fmt: skip
        """Make a transport for plain RTP over UDP.

        ``comedia``: take the endpoint's address from its first packet. ``rtcp_mux``: RTCP on the port of RTP;
        ``rtcp_listen_info`` gives it an address of its own. ``enable_srtp``: with a key of this suite, exchanged in
        ``connect()`` (RFC 3711). SCTP as for `create_webrtc_transport`, but without data channels.

        Raises `InvalidArgumentError` without an address; fails as `create_webrtc_transport`. Source:
        https://mediasoup.org/documentation/v3/mediasoup/api/#PlainTransportOptions.
        """
        _need(listen_info)
        base = _base(
            enable_sctp=enable_sctp, max_send_message_size=max_send_message_size,
            max_receive_message_size=max_receive_message_size, sctp_send_buffer_size=sctp_send_buffer_size,
            sctp_per_stream_send_queue_limit=sctp_per_stream_send_queue_limit,
            sctp_max_receiver_window_buffer_size=sctp_max_receiver_window_buffer_size,
            sctp_default_stream_buffered_amount_low_threshold=sctp_default_stream_buffered_amount_low_threshold,
        )  # fmt: skip
        options = {
            "base": base,
            "listen_info": listen_info,
            "rtcp_listen_info": rtcp_listen_info,
            "rtcp_mux": rtcp_mux and rtcp_listen_info is None,
            "comedia": comedia,
            "enable_srtp": enable_srtp,
            "srtp_crypto_suite": srtp_crypto_suite,
        }

        def finish(dump: PlainTransportDump) -> PlainTransport:
            self._must_be_open()
            transport = PlainTransport(self._channel, self, dump, app_data)
            self._add(transport)
            return transport

        return self._create("PLAINTRANSPORT", "PlainTransport", options, finish)

    def create_pipe_transport(
        self, *, listen_info: ListenInfo, enable_sctp: bool = False, max_send_message_size: int = 262_144,
        max_receive_message_size: int = 262_144, sctp_send_buffer_size: int = 2_000_000,
        sctp_per_stream_send_queue_limit: int = 2_000_000, sctp_max_receiver_window_buffer_size: int = 5_242_880,
        sctp_default_stream_buffered_amount_low_threshold: int = 1024, enable_rtx: bool = False,
        enable_srtp: bool = False, app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[PipeTransport]:  # fmt: skip
        """Make one end of a pipe to another router; see `pipe_to_router` for the whole of it.

        ``enable_rtx``: repair losses between the two, of use where a network is. ``enable_srtp``: AEAD_AES_256_GCM.
        Raises and fails as `create_plain_transport`. Source:
        https://mediasoup.org/documentation/v3/mediasoup/api/#PipeTransportOptions.
        """
        _need(listen_info)
        base = _base(
            enable_sctp=enable_sctp, max_send_message_size=max_send_message_size,
            max_receive_message_size=max_receive_message_size, sctp_send_buffer_size=sctp_send_buffer_size,
            sctp_per_stream_send_queue_limit=sctp_per_stream_send_queue_limit,
            sctp_max_receiver_window_buffer_size=sctp_max_receiver_window_buffer_size,
            sctp_default_stream_buffered_amount_low_threshold=sctp_default_stream_buffered_amount_low_threshold,
        )  # fmt: skip
        options = {"base": base, "listen_info": listen_info, "enable_rtx": enable_rtx, "enable_srtp": enable_srtp}

        def finish(dump: PipeTransportDump) -> PipeTransport:
            self._must_be_open()
            transport = PipeTransport(self._channel, self, dump, app_data)
            self._add(transport)
            return transport

        return self._create("PIPETRANSPORT", "PipeTransport", options, finish)

    def create_direct_transport(
        self, *, max_send_message_size: int = 262_144, max_receive_message_size: int = 262_144,
        app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[DirectTransport]:  # fmt: skip
        """Make a transport between the router and this process.

        Bigger messages than these sizes, in bytes, are dropped. Source:
        https://mediasoup.org/documentation/v3/mediasoup/api/#DirectTransportOptions.
        """
        base = _base(
            direct=True, max_send_message_size=max_send_message_size, max_receive_message_size=max_receive_message_size
        )

        def finish(dump: TransportDump) -> DirectTransport:
            self._must_be_open()
            transport = DirectTransport(self._channel, self, dump, app_data)
            self._add(transport)
            return transport

        return self._create("DIRECTTRANSPORT", "DirectTransport", {"base": base}, finish)

    def _create(
        self, method: str, kind: str, options: dict[str, Any], finish: Callable[[Any], Any]
    ) -> asyncio.Future[Any]:
        body = (f"Router_Create{kind}Request", {"transport_id": str(uuid4()), "options": options})
        return self._channel.request(f"ROUTER_CREATE_{method}", self.id, body, finish)

    def _add(self, transport: Transport) -> None:
        self._transports[transport.id] = transport
        self._observe("newtransport", transport)

    # Pipes.

    async def pipe_producer_to_router(
        self, *, producer_id: str, router: Router, keep_id: bool = True, **options: Unpack[piping.PipeOptions]
    ) -> piping.PipedProducer:
        """Make a producer of this router available in ``router``, which may be on another worker.

        ``options`` are those of `create_pipe_transport` and count when the two routers are joined first; they listen
        on 127.0.0.1 and have SCTP unless told otherwise. ``keep_id``: the copy has the same id, which is possible
        between two workers only. Pause, resume and close of the producer reach the copy.

        Raises `NotFoundError` for a producer that is not here or closes meanwhile, `InvalidArgumentError` for this
        router as the other one, `UnsupportedError` where the other router lacks the codec. A failure leaves nothing
        behind and may be tried again. Source: https://mediasoup.org/documentation/v3/mediasoup/api/#router-pipeToRouter.
        """
        self._check_other(router)
        producer = self.producers.get(producer_id)
        if producer is None:
            raise NotFoundError(f'producer with id "{producer_id}" not found')
        ends = (await self._pair(router, options)).ends
        return await piping.pipe_producer(ends[self.id], ends[router.id], producer, keep_id)

    async def pipe_data_producer_to_router(
        self, *, data_producer_id: str, router: Router, keep_id: bool = True, **options: Unpack[piping.PipeOptions]
    ) -> piping.PipedDataProducer:
        """As `pipe_producer_to_router`, for a data producer; its close reaches the copy."""
        self._check_other(router)
        data_producer = self.data_producers.get(data_producer_id)
        if data_producer is None:
            raise NotFoundError(f'data producer with id "{data_producer_id}" not found')
        ends = (await self._pair(router, options)).ends
        return await piping.pipe_data_producer(ends[self.id], ends[router.id], data_producer, keep_id)

    async def pipe_to_router(
        self, *, router: Router, producer_id: str | None = None, data_producer_id: str | None = None,
        keep_id: bool = True, **options: Unpack[piping.PipeOptions],
    ) -> piping.PipedProducer | piping.PipedDataProducer:  # fmt: skip
        """Pipe either a producer or a data producer; see `pipe_producer_to_router`.

        The two methods above say more in their types; this one is the official host's.
        """
        if (producer_id is None) == (data_producer_id is None):
            raise InvalidArgumentError("exactly one of producer_id and data_producer_id must be given")
        if producer_id is not None:
            return await self.pipe_producer_to_router(
                producer_id=producer_id, router=router, keep_id=keep_id, **options
            )
        assert data_producer_id is not None
        return await self.pipe_data_producer_to_router(
            data_producer_id=data_producer_id, router=router, keep_id=keep_id, **options
        )

    def _check_other(self, router: Router) -> None:
        if not isinstance(router, Router):
            raise InvalidArgumentError("missing router")
        if router is self:
            raise InvalidArgumentError("cannot use this router as destination")

    async def _pair(self, router: Router, options: piping.PipeOptions) -> piping.Pair:
        known = self._pairs.get(router.id)
        if known is not None:
            return await asyncio.shield(known)
        future: asyncio.Future[piping.Pair] = asyncio.get_running_loop().create_future()
        self._pairs[router.id] = router._pairs[self.id] = future

        def gone() -> None:
            self._pairs.pop(router.id, None)
            router._pairs.pop(self.id, None)

        try:
            pair = await piping.connect(self, router, options)
        except BaseException as error:
            gone()
            future.set_exception(error if isinstance(error, Exception) else MediasoupError("pipe was given up"))
            future.exception()  # Whoever waits gets it; nobody waiting is fine.
            raise
        pair.ends[self.id].observer.on("close", gone)
        future.set_result(pair)
        return pair

    # Observers.

    def create_active_speaker_observer(
        self, *, interval: int = 300, app_data: dict[str, Any] | None = None
    ) -> asyncio.Future[ActiveSpeakerObserver]:
        """Report the dominant speaker, looked at every ``interval`` milliseconds (the worker takes 100 to 5000).

        Source: https://mediasoup.org/documentation/v3/mediasoup/api/#ActiveSpeakerObserverOptions.
        """
        entity_id = str(uuid4())
        return self._create_observer(
            "ActiveSpeaker", entity_id, {"interval": interval},
            lambda: ActiveSpeakerObserver(entity_id, self._channel, self, app_data),
        )  # fmt: skip

    def create_audio_level_observer(
        self, *, max_entries: int = 1, threshold: int = -80, interval: int = 1000,
        app_data: dict[str, Any] | None = None,
    ) -> asyncio.Future[AudioLevelObserver]:  # fmt: skip
        """Report up to ``max_entries`` producers louder than ``threshold`` dBov every ``interval`` milliseconds.

        ``threshold``: -127 (silence) to 0; the worker takes intervals of 250 to 5000. Raises `InvalidArgumentError`.
        Source: https://mediasoup.org/documentation/v3/mediasoup/api/#AudioLevelObserverOptions.
        """
        if not isinstance(max_entries, int) or max_entries <= 0:
            raise InvalidArgumentError("if given, max_entries must be a positive number")
        if not isinstance(threshold, int) or not -127 <= threshold <= 0:
            raise InvalidArgumentError("if given, threshold must be a number from -127 to 0")
        entity_id = str(uuid4())
        options = {"max_entries": max_entries, "threshold": threshold, "interval": interval}
        return self._create_observer(
            "AudioLevel", entity_id, options, lambda: AudioLevelObserver(entity_id, self._channel, self, app_data)
        )

    def _create_observer(
        self, kind: str, entity_id: str, options: dict[str, Any], make: Callable[[], Any]
    ) -> asyncio.Future[Any]:
        def finish(_: Any) -> RtpObserver:
            self._must_be_open()
            rtp_observer: RtpObserver = make()
            self._rtp_observers[entity_id] = rtp_observer
            self._observe("newrtpobserver", rtp_observer)
            return rtp_observer

        body = (f"Router_Create{kind}ObserverRequest", {"rtp_observer_id": entity_id, "options": options})
        return self._channel.request(f"ROUTER_CREATE_{kind.upper()}OBSERVER", self.id, body, finish)


def _need(listen_info: ListenInfo | None) -> None:
    if not isinstance(listen_info, ListenInfo):
        raise InvalidArgumentError("missing listen_info")


def _base(*, direct: bool = False, is_data_channel: bool = False, **options: Any) -> dict[str, Any]:
    return {"direct": direct, "is_data_channel": is_data_channel, **options}
