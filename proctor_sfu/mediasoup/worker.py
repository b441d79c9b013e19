"""Worker: one ``mediasoup-worker`` process and everything in it.

The process is spawned with two sockets as its descriptors 3 and 4, reports ``WORKER_RUNNING``, and ends by itself when
they close, so that it never outlives this process. It is watched through a pidfd, so no signal handler is needed.

A complete program: an SFU that forwards one RTP stream from port 5004 to port 5008 of this machine::

    import asyncio
    from proctor_sfu.mediasoup.install import install
    from proctor_sfu.mediasoup.listen import ListenInfo
    from proctor_sfu.mediasoup.rtp import RtpCapabilities, RtpCodecCapability, RtpCodecParameters
    from proctor_sfu.mediasoup.rtp import RtpEncodingParameters, RtpParameters
    from proctor_sfu.mediasoup.worker import Worker, WorkerSettings

    async def forward() -> dict[str, object]:
        binary = install()
        async with Worker(WorkerSettings(path=binary.path, schema=binary.schema)) as worker:
            worker.on("died", lambda error: print("the worker died:", error))
            vp8 = RtpCodecCapability(mime_type="video/VP8", clock_rate=90000)
            router = await worker.create_router(media_codecs=[vp8])
            camera = await router.create_plain_transport(listen_info=ListenInfo(ip="127.0.0.1"), comedia=True)
            codec = RtpCodecParameters(mime_type="video/VP8", payload_type=96, clock_rate=90000)
            rtp = RtpParameters(codecs=(codec,), encodings=(RtpEncodingParameters(ssrc=1234),))
            producer = await camera.produce(kind="video", rtp_parameters=rtp)
            viewer = await router.create_plain_transport(listen_info=ListenInfo(ip="127.0.0.1"))
            await viewer.connect(ip="127.0.0.1", port=5008)
            consumer = await viewer.consume(producer_id=producer.id, rtp_capabilities=router.rtp_capabilities)
            print("send VP8 with SSRC 1234 to port", camera.tuple.local_port)
            return {"payload type": consumer.rtp_parameters.codecs[0].payload_type, "stats": await viewer.get_stats()}

    print(asyncio.run(forward()))
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, TypeAlias
from uuid import uuid4

from proctor_sfu.errors import InvalidArgumentError, WorkerClosedError, WorkerStartError
from proctor_sfu.mediasoup import ortc, protocol
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.dumps import WorkerDump
from proctor_sfu.mediasoup.entity import Entity
from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.rtp import RtpCodecCapability
from proctor_sfu.mediasoup.stats import ResourceUsage
from proctor_sfu.mediasoup.webrtc_server import WebRtcServer

LogLevel: TypeAlias = Literal["debug", "warn", "error", "none"]

_log = logging.getLogger("psfu.mediasoup.worker")
_EXIT_WRONG_SETTINGS = 42
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "ASAN_OPTIONS", "MALLOC_ARENA_MAX")


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How to start a worker. Source: https://mediasoup.org/documentation/v3/mediasoup/api/#WorkerSettings."""

    path: Path
    """The binary."""
    schema: Path
    """Directory of the binary's ``.fbs`` files."""
    version: str = "3.27.1"
    """Version of the host; a binary that is told none does not start."""
    log_level: LogLevel = "error"
    log_tags: tuple[str, ...] = ()
    """``info``, ``ice``, ``dtls``, ``rtp``, ``srtp``, ``rtcp``, ``rtx``, ``bwe``, ``score``, ``simulcast``, ``svc``,
    ``sctp``, ``message``: what is logged at the levels debug and warn."""
    rtc_min_port: int | None = None
    """First port of transports that ask for none; the worker's own default is 10000."""
    rtc_max_port: int | None = None
    """Last such port; 59999."""
    dtls_certificate_file: Path | None = None
    """PEM. Without one, the worker makes a certificate for its lifetime."""
    dtls_private_key_file: Path | None = None
    """PEM, of the certificate."""
    libwebrtc_field_trials: str | None = None
    """Switches of the bandwidth estimation taken from libwebrtc; for those who know it."""
    start_timeout: float = 10.0
    """Seconds until a worker that does not report is given up."""

    def arguments(self) -> list[str]:
        """Return the command line."""
        options = {
            "logLevel": self.log_level,
            "rtcMinPort": self.rtc_min_port,
            "rtcMaxPort": self.rtc_max_port,
            "dtlsCertificateFile": self.dtls_certificate_file,
            "dtlsPrivateKeyFile": self.dtls_private_key_file,
            "libwebrtcFieldTrials": self.libwebrtc_field_trials,
        }
        given = [f"--{name}={value}" for name, value in options.items() if value is not None]
        return [str(self.path), *given, *(f"--logTag={tag}" for tag in self.log_tags)]


class Worker(Entity):
    """A worker process. Nothing happens before `start`, or ``async with``.

    Events: ``died`` (`WorkerClosedError` with the reason, once, when the process ended unasked), ``subprocessclose``
    (the process is gone). Observer events: ``close``, ``newrouter`` (`Router`), ``newwebrtcserver`` (`WebRtcServer`).
    What the worker and its libraries say goes to the logger ``psfu.mediasoup.worker``. Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#Worker.
    """

    __slots__ = ("_died", "_exited", "_pid", "_pidfd", "_routers", "_running", "_servers", "_settings", "_streams")

    _channel: Channel

    def __init__(self, settings: WorkerSettings, app_data: dict[str, Any] | None = None) -> None:
        super().__init__(str(uuid4()), None, app_data)  # type: ignore[arg-type]  # Comes with start().
        self._settings = settings
        self._pid = 0
        self._pidfd = -1
        self._died = False
        self._routers: dict[str, Router] = {}
        self._servers: dict[str, WebRtcServer] = {}
        self._streams: list[asyncio.BaseTransport] = []
        self._running: asyncio.Future[None] | None = None
        self._exited: asyncio.Future[int] | None = None

    @property
    def pid(self) -> int:
        """Process id; 0 before `start`."""
        return self._pid

    @property
    def died(self) -> bool:
        """Whether the process ended unasked."""
        return self._died

    @property
    def subprocess_closed(self) -> bool:
        """Whether the process is gone and reaped."""
        return self._exited is not None and self._exited.done()

    async def start(self) -> Worker:
        """Start the process and wait until it reports that it runs; once. Returns the worker itself.

        Raises `WorkerStartError`, `SchemaError`, and `InvalidArgumentError` for settings the worker refuses.
        """
        if self._pid:
            raise WorkerStartError("this worker was started before")
        codecs = protocol.codecs(self._settings.schema)
        loop = asyncio.get_running_loop()
        self._running, self._exited = loop.create_future(), loop.create_future()
        self._channel = Channel(codecs, self._channel_lost)
        requests, requests_there = socket.socketpair()
        answers, answers_there = socket.socketpair()
        out, out_there = os.pipe()
        err, err_there = os.pipe()
        there = [requests_there.fileno(), answers_there.fileno(), out_there, err_there]
        try:
            self._pid = _spawn(self._settings, *there)
        except OSError as error:
            for fd in (out, err):
                os.close(fd)
            requests.close()
            answers.close()
            raise WorkerStartError(f"cannot start {self._settings.path}: {error.strerror or error}") from error
        finally:
            requests_there.close()
            answers_there.close()
            os.close(out_there)
            os.close(err_there)
        self._channel.handlers[str(self._pid)] = self
        self._pidfd = os.pidfd_open(self._pid)
        loop.add_reader(self._pidfd, self._process_ended)
        for fd, level in ((out, logging.DEBUG), (err, logging.ERROR)):
            lines = partial(_Lines, self._pid, level)
            stream, _ = await loop.connect_read_pipe(lines, os.fdopen(fd, "rb", 0))
            self._streams.append(stream)
        await self._channel.open(requests, answers)
        try:
            async with asyncio.timeout(self._settings.start_timeout):
                await self._running
        except TimeoutError as error:
            await self._abandon()
            raise WorkerStartError(
                f"{self._settings.path} did not report within {self._settings.start_timeout:g} s"
            ) from error
        except BaseException:
            await self._abandon()
            raise
        return self

    async def _abandon(self) -> None:
        self.close()
        if not self.subprocess_closed:
            os.kill(self._pid, signal.SIGKILL)
        await self.wait_closed()

    async def __aenter__(self) -> Worker:
        return await self.start()

    async def __aexit__(self, *reason: object) -> None:
        self.close()
        await self.wait_closed()

    def close(self) -> None:
        """Close everything in the worker and tell the process to end; `wait_closed` waits until it has.

        Every pending request fails with `WorkerClosedError`. Routers and servers emit ``workerclose``.
        """
        if self._closed:
            return
        self._closed = True
        if not self._pid:
            return
        self._close_children()
        if not self._channel.closed:
            self._channel.notify("WORKER_CLOSE")
        self._channel.close()
        self._observe("close")

    async def wait_closed(self) -> None:
        """Wait until the process is gone; one that does not end within 5 s of `close` is killed."""
        if self._exited is None:
            return
        try:
            async with asyncio.timeout(5):
                await asyncio.shield(self._exited)
        except TimeoutError:
            _log.error("worker %d does not end, killing it", self._pid)
            os.kill(self._pid, signal.SIGKILL)
            await asyncio.shield(self._exited)

    def _close_children(self) -> None:
        for router in self._routers.values():
            router.worker_closed()
        self._routers.clear()
        for server in self._servers.values():
            server.worker_closed()
        self._servers.clear()

    def _forget_router(self, router: Router) -> None:
        self._routers.pop(router.id, None)

    def _forget_server(self, server: WebRtcServer) -> None:
        self._servers.pop(server.id, None)

    def _channel_lost(self, error: Exception | None) -> None:
        """The channel ended first: the process is dying, or must."""
        if not self._closed and not self.subprocess_closed and error is not None:
            os.kill(self._pid, signal.SIGKILL)

    def _process_ended(self) -> None:
        asyncio.get_running_loop().remove_reader(self._pidfd)
        os.close(self._pidfd)
        _, status = os.waitpid(self._pid, 0)
        code = os.waitstatus_to_exitcode(status)
        for stream in self._streams:
            stream.close()
        assert self._exited is not None and self._running is not None
        self._exited.set_result(code)
        how = f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        if self._closed:
            pass
        elif not self._running.done():
            self._channel.close()
            if code == _EXIT_WRONG_SETTINGS:
                self._running.set_exception(
                    InvalidArgumentError(f"the worker refuses its settings: {self._settings.arguments()[1:]}")
                )
            else:
                self._running.set_exception(WorkerStartError(f"{self._settings.path} ended at once ({how})"))
        else:
            self._end_unasked(WorkerClosedError(f"worker {self._pid} died ({how})"))
        self.emit("subprocessclose")

    def _end_unasked(self, error: WorkerClosedError) -> None:
        self._closed = self._died = True
        self._channel.close()
        self._close_children()
        self.emit("died", error)
        self._observe("close")

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        if event == "WORKER_RUNNING" and self._running is not None and not self._running.done():
            self._running.set_result(None)

    def dump(self) -> asyncio.Future[WorkerDump]:
        """Return the worker's view of itself: ids of what is in it, and process id."""
        return self._channel.request("WORKER_DUMP")

    def get_resource_usage(self) -> asyncio.Future[ResourceUsage]:
        """Return the process's resource usage (``getrusage(2)``)."""
        return self._channel.request("WORKER_GET_RESOURCE_USAGE")

    def update_settings(
        self, *, log_level: LogLevel | None = None, log_tags: Sequence[str] | None = None
    ) -> asyncio.Future[None]:
        """Change what the worker logs; None leaves a setting as it is. Unknown values: `InvalidArgumentError`."""
        body = {"log_level": log_level, "log_tags": log_tags}
        return self._channel.request("WORKER_UPDATE_SETTINGS", "", ("Worker_UpdateSettingsRequest", body))

    def create_webrtc_server(
        self, *, listen_infos: Sequence[ListenInfo], app_data: dict[str, Any] | None = None
    ) -> asyncio.Future[WebRtcServer]:
        """Listen for WebRTC transports on shared ports, one socket for each of ``listen_infos``.

        Fails with `InvalidArgumentError` for no or no usable address, `WorkerRequestError` where a port is taken.
        """
        entity_id = str(uuid4())

        def finish(_: Any) -> WebRtcServer:
            server = WebRtcServer(entity_id, self._channel, app_data, self._forget_server)
            self._servers[entity_id] = server
            self._observe("newwebrtcserver", server)
            return server

        body = {"web_rtc_server_id": entity_id, "listen_infos": tuple(listen_infos)}
        return self._channel.request(
            "WORKER_CREATE_WEBRTCSERVER", "", ("Worker_CreateWebRtcServerRequest", body), finish
        )

    def create_router(
        self, *, media_codecs: Sequence[RtpCodecCapability] = (), app_data: dict[str, Any] | None = None
    ) -> asyncio.Future[Router]:
        """Make a router for these codecs, in this order of preference; RTX comes with every video codec.

        Raises `UnsupportedError` for one mediasoup does not know, or when payload types run out, and
        `InvalidArgumentError` for one that is malformed or a payload type used twice.
        """
        capabilities = ortc.router_rtp_capabilities(media_codecs)
        entity_id = str(uuid4())

        def finish(_: Any) -> Router:
            router = Router(entity_id, self._channel, capabilities, app_data, self._forget_router)
            self._routers[entity_id] = router
            self._observe("newrouter", router)
            return router

        return self._channel.request(
            "WORKER_CREATE_ROUTER", "", ("Worker_CreateRouterRequest", {"router_id": entity_id}), finish
        )


def _spawn(settings: WorkerSettings, *descriptors: int) -> int:
    """Start the process with ``requests, answers, stdout, stderr`` as its descriptors 3, 4, 1 and 2.

    In a process group of its own: Ctrl-C is for the host, which closes its workers in order. Of the environment only
    what a dynamic binary needs is passed on; the host's may hold secrets.
    """
    # Above the targets, so that no dup2 overwrites a source that is still needed.
    high = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 10) for fd in descriptors]
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    try:
        return os.posix_spawn(
            settings.path,
            settings.arguments(),
            environment | {"MEDIASOUP_VERSION": settings.version},
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                *((os.POSIX_SPAWN_DUP2, fd, target) for fd, target in zip(high, (3, 4, 1, 2), strict=True)),
            ],
            setpgroup=0,
        )
    finally:
        for fd in high:
            os.close(fd)


class _Lines(asyncio.Protocol):
    """Logs what the worker's libraries print."""

    def __init__(self, pid: int, level: int) -> None:
        self.pid = pid
        self.level = level

    def data_received(self, data: bytes) -> None:
        for line in data.decode(errors="replace").splitlines():
            _log.log(self.level, "worker %d: %s", self.pid, line)
