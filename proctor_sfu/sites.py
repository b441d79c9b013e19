"""Where the daemon listens for HTTP: for clients and their pages, for whoever controls it, for whoever observes it."""

from __future__ import annotations

import contextlib
import ssl
from collections.abc import Callable
from typing import Final

import structlog
from aiohttp import web

from proctor_sfu.control.routes.metrics import Observation
from proctor_sfu.settings import Settings
from proctor_sfu.settings_file import Loaded
from proctor_sfu.signaling.app import PATH
from proctor_sfu.starting import metrics_of, signaling_of

_log = structlog.get_logger("psfu")

FAREWELL: Final = 5.0
"""Seconds that clients and control requests get to end on their own at shutdown."""


async def site(
    stack: contextlib.AsyncExitStack, app: web.Application, make: Callable[[web.AppRunner], web.BaseSite]
) -> web.AppRunner:
    """Serve ``app`` on the site that ``make`` returns, until the end."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=FAREWELL)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    await make(runner).start()
    return runner


async def signaling_site(
    stack: contextlib.AsyncExitStack, loaded: Loaded, app: web.Application, tls: ssl.SSLContext | None
) -> str:
    """Listen for clients and return the URL they connect to."""
    where = loaded.settings.signaling
    with signaling_of(loaded):
        runner = await site(
            stack, app, lambda runner: web.TCPSite(runner, where.host, where.port, ssl_context=tls)
        )  # fmt: skip
    host, port = runner.addresses[0][:2]
    return f"{'wss' if tls else 'ws'}://{f'[{host}]' if ':' in host else host}:{port}{PATH}"


async def metrics_site(stack: contextlib.AsyncExitStack, loaded: Loaded, observation: Observation) -> None:
    """Listen for whoever reads metrics over TCP, if that is wanted."""
    where = loaded.settings.metrics
    if where.port is None:
        return
    with metrics_of(loaded):
        runner = await site(
            stack, observation.mount(web.Application()), lambda runner: web.TCPSite(runner, where.host, where.port)
        )
    _log.info("metrics", host=where.host, port=runner.addresses[0][1])


def pages_of(settings: Settings, url: str) -> str:
    """Return where browsers find the pages, as far as this server knows."""
    return settings.signaling.public_url or url.replace("ws", "http", 1).removesuffix(PATH)
