"""The daemon: builds the object graph, runs until a signal ends it, takes everything down in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any, Final

import structlog
import uvloop
from aiohttp import web

from proctor_sfu.aio import spawn
from proctor_sfu.audit.audit import Audit
from proctor_sfu.control.routes.app import control_app
from proctor_sfu.control.routes.audit import AuditRoutes
from proctor_sfu.control.routes.candidates import CandidateRoutes
from proctor_sfu.control.routes.daemon import DaemonRoutes
from proctor_sfu.control.routes.events import EventRoutes
from proctor_sfu.control.routes.metrics import Observation
from proctor_sfu.control.routes.quality import QualityRoutes
from proctor_sfu.control.routes.recordings import RecordingRoutes
from proctor_sfu.control.routes.rooms import RoomRoutes
from proctor_sfu.control.routes.seating import SeatingRoutes
from proctor_sfu.control.routes.streams import Streams
from proctor_sfu.control.routes.tokens import TokenRoutes
from proctor_sfu.control.routes.workers import WorkerRoutes
from proctor_sfu.control.socket import ControlSocket, listen
from proctor_sfu.events import Bus
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.worker import WorkerSettings
from proctor_sfu.pool.pool import Pool
from proctor_sfu.quality.archive import HISTORY
from proctor_sfu.quality.history import History
from proctor_sfu.quality.pulse import Pulse
from proctor_sfu.recording.folder import SIGNING_KEY
from proctor_sfu.recording.housekeeping import Housekeeper
from proctor_sfu.recording.metrics import metrics as recordings_metrics
from proctor_sfu.recording.recordings import Recordings
from proctor_sfu.reloading import Reloader
from proctor_sfu.rooms.keys import OwnKeys, PublicKeys
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.store import Store
from proctor_sfu.rooms.tokens import Tokens
from proctor_sfu.settings import Settings
from proctor_sfu.settings_file import Loaded
from proctor_sfu.signaling.app import SignalingApp
from proctor_sfu.sites import metrics_site, pages_of, signaling_site, site
from proctor_sfu.starting import (
    allow_open_files,
    control_socket_of,
    ice_servers_of,
    recordings_of,
    state_of,
    token_keys_of,
    webhook_secrets_of,
    workers_of,
)
from proctor_sfu.state import held, place
from proctor_sfu.systemd import Manager
from proctor_sfu.web import bundle
from proctor_sfu.web.pages import Pages
from proctor_sfu.webhooks import Webhooks

_log = structlog.get_logger("psfu")

GC_THRESHOLDS: Final = (50_000, 20, 50)
"""Entities live long and come in thousands: collecting less often gives 18 % more transports a second (make bench)."""
TURN: Final = 0.0005
"""Seconds a thread that computes, as the one that writes the history, may keep the event loop waiting."""


def run(loaded: Loaded, binary: WorkerBinary, socket: Path, *, ready: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; a second one ends it at once. ``ready`` gets the URL clients connect to.

    Raises `AddressInUseError`, `SocketError`, `SettingsError` and what starting a worker raises.
    """
    gc.set_threshold(*GC_THRESHOLDS)
    sys.setswitchinterval(TURN)
    allow_open_files()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(loaded, binary, socket, ready=ready))


async def serve(loaded: Loaded, binary: WorkerBinary, socket: Path, *, ready: Callable[[str], None]) -> None:
    """See `run`."""
    settings = loaded.settings
    manager = Manager(os.environ)
    async with contextlib.AsyncExitStack() as stack:
        ice, webhook_secrets = ice_servers_of(loaded), webhook_secrets_of(loaded)
        # Taken first, so that a second daemon ends before it does anything else.
        with control_socket_of(loaded):
            control_socket = listen(socket)
        stack.callback(control_socket.remove)

        with state_of(loaded):
            state = stack.enter_context(held(place(settings.state.directory, os.environ)))
        events = Bus()
        audit = Audit(state / "audit", events, **settings.audit.model_dump())
        audit.start()
        stack.callback(audit.close)
        store = Store(state)
        stack.push_async_callback(store.close)
        saved = await store.open()
        with token_keys_of(loaded):
            tokens = _tokens(settings, state)
        registry = Registry(settings, audit, events, ice, store, tokens)
        pool = Pool(_worker_settings(settings, binary), settings.rtc, lost=registry.worker_lost)
        registry.use(pool)
        stack.push_async_callback(pool.close)
        reloader = Reloader(loaded, registry, state)
        stop = _signals(lambda number: _end_at_once(number, pool, control_socket), reloader.hangup)
        with workers_of(loaded):
            await pool.start(settings.workers.number)
        await registry.restore(saved)

        # Up as long as there is anything to observe or to tell: whoever balances load sees the end coming.
        observed = await stack.enter_async_context(contextlib.AsyncExitStack())
        # Taken down after everything that happens at the end, so that it is told too.
        webhooks = Webhooks(settings.webhooks, webhook_secrets, events)
        webhooks.start()
        stack.push_async_callback(webhooks.close)
        pulse = Pulse(registry, pool, settings, events, ready=lambda: not stop.is_set())
        history = _history(stack, settings, state, pulse, events)
        stack.push_async_callback(pulse.close)

        recordings = _recordings(loaded, registry, state)
        disks = {"state": state, "recordings": recordings.directory}
        told = (partial(recordings_metrics, recordings), webhooks.metrics, reloader.metrics)
        observation = Observation(pulse, pool, disks=disks, stopping=stop.is_set, more=told)
        await metrics_site(observed, loaded, observation)
        housekeeper = Housekeeper(registry, recordings)
        signaling = SignalingApp(registry, settings.signaling, ready=lambda: not stop.is_set())
        Pages(bundle.load()).mount(signaling.app)
        url = await signaling_site(stack, loaded, signaling.app, reloader.context)
        stack.push_async_callback(signaling.close)
        # Before candidates are sent away, so that it is no candidate's doing that recordings end.
        stack.push_async_callback(recordings.close)
        housekeeper.start()
        stack.push_async_callback(housekeeper.close)

        streams = Streams()
        nouns = (
            DaemonRoutes(registry, pool, history, url=url, ready=lambda: not stop.is_set(), reload=reloader.reload),
            RoomRoutes(registry, settings.rooms),
            SeatingRoutes(registry),
            TokenRoutes(registry, base=pages_of(settings, url), ttl=settings.tokens.ttl_seconds),
            CandidateRoutes(registry),
            WorkerRoutes(registry, pool),
            RecordingRoutes(registry, recordings, housekeeper),
            QualityRoutes(pulse.frames, registry, streams),
            EventRoutes(events, streams),
            AuditRoutes(audit, streams),
        )
        control = control_app((route for noun in nouns for route in noun.table()), audit)
        observation.mount(control)
        control.on_shutdown.append(lambda _: streams.close())
        await site(stack, control, lambda runner: web.SockSite(runner, control_socket.server))

        pulse.start()
        _go_on(stack, manager.keep_alive(lambda: _status(registry, pool), partial(_alive, pool)), name="watchdog")
        _go_on(stack, registry.keep_watch(), name="watch")
        manager.tell("READY=1", f"STATUS={_status(registry, pool)}")
        _log.info("ready", signaling=url, socket=str(socket), workers=len(pool.members), pid=os.getpid())
        ready(url)
        await stop.wait()
        manager.tell("STOPPING=1", "STATUS=stopping")
        _log.info("stopping", rooms=len(registry.rooms))
    _log.info("stopped")


def _history(
    stack: contextlib.AsyncExitStack, settings: Settings, state: Path, pulse: Pulse, events: Bus
) -> History | None:
    """Begin to keep what the pulse shows and what happens, if that is wanted."""
    if not settings.history.enabled:
        return None
    history = History(state / HISTORY, settings.history)
    history.start(pulse.each, events)
    stack.callback(history.close)
    return history


def _go_on(stack: contextlib.AsyncExitStack, work: Coroutine[Any, Any, None], *, name: str) -> None:
    """Have something done until the end."""
    stack.callback(spawn(work, name=name).cancel)


def _recordings(loaded: Loaded, registry: Registry, state: Path) -> Recordings:
    settings = loaded.settings.recording
    recordings = Recordings(
        registry, settings, directory=settings.directory or state / "recordings",
        signing_key=settings.signing_key or state / SIGNING_KEY,
    )  # fmt: skip
    with recordings_of(loaded):
        recordings.start()
    return recordings


def _signals(again: Callable[[int], None], hangup: Callable[[], None]) -> asyncio.Event:
    """Return the event that the first signal sets; every further one calls ``again``, one to reload ``hangup``."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    def ask(number: int) -> None:
        if stop.is_set():
            again(number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ask, number)
    # On a terminal it means that the terminal went away.
    if sys.stderr.isatty():
        loop.add_signal_handler(signal.SIGHUP, ask, signal.SIGHUP)
    else:
        loop.add_signal_handler(signal.SIGHUP, hangup)
    return stop


def _end_at_once(number: int, pool: Pool, control_socket: ControlSocket) -> None:
    """Somebody cannot wait: no farewell to clients, workers killed, nothing left behind all the same."""
    _log.warning("stopping_at_once", signal=signal.Signals(number).name)
    for member in pool.members:
        if not member.worker.subprocess_closed:
            os.kill(member.worker.pid, signal.SIGKILL)
    control_socket.remove()
    os._exit(128 + number)


async def _alive(pool: Pool, seconds: float) -> bool:
    silent = await pool.silent(seconds)
    if silent:
        _log.error("workers_silent", workers=[member.worker.pid for member in silent], seconds=seconds)
    return not silent


def _tokens(settings: Settings, state: Path) -> Tokens:
    own, public = OwnKeys(state / "keys"), PublicKeys(settings.tokens.public_keys, settings.tokens.jwks)
    public.open()
    own.open(time.time())
    return Tokens(own, public, audience=settings.tokens.audience, leeway=settings.tokens.leeway_seconds)


def _worker_settings(settings: Settings, binary: WorkerBinary) -> WorkerSettings:
    return WorkerSettings(
        path=binary.path, schema=binary.schema, version=binary.version, log_level=settings.workers.log_level
    )


def _status(registry: Registry, pool: Pool) -> str:
    peers = sum(len(room.peers) for room in registry.rooms.values())
    rooms = _count(len(registry.rooms), "room")
    return f"{len(pool.members)} of {pool.target} workers, {rooms}, {_count(peers, 'peer')}"


def _count(number: int, of: str) -> str:
    return f"{number} {of}{'' if number == 1 else 's'}"
