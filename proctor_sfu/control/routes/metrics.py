"""For other tools: ``/metrics`` for Prometheus, ``/healthz`` and ``/readyz`` for whoever supervises the daemon."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web
from prometheus_client.core import Metric

from proctor_sfu.control.routes.answers import failure
from proctor_sfu.pool.pool import Pool
from proctor_sfu.quality.metrics import Collector, render
from proctor_sfu.quality.pulse import Pulse
from proctor_sfu.text import safe_text

LATE: Final = 5.0
"""Seconds without a new frame after which something is wrong."""


class Observation:
    """The three paths; `mount` them wherever they are to be had."""

    def __init__(
        self, pulse: Pulse, pool: Pool, *, disks: Mapping[str, Path], stopping: Callable[[], bool],
        more: Sequence[Callable[[], Iterable[Metric]]],
    ) -> None:  # fmt: skip
        self._pulse = pulse
        self._pool = pool
        self._disks = disks
        """``state`` and ``recordings`` -> where they lie."""
        self._stopping = stopping
        self._more = more
        """What others have to tell."""
        self._rendered: dict[tuple[str | None, bool, str], tuple[int, bytes, str]] = {}
        """Room, candidates, accepted formats -> number of the frame, metrics, content type."""

    def mount(self, app: web.Application) -> web.Application:
        """Add the paths to an application."""
        app.router.add_get("/metrics", self._metrics)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        return app

    async def _metrics(self, request: web.Request) -> web.Response:
        candidates = request.query.get("candidates", "0")
        if candidates not in ("0", "1"):
            return failure("bad_data", "candidates must be 0 or 1")
        room = safe_text(request.query.get("room", ""), 64) or None
        frame, accept = self._pulse.frames.newest, request.headers.get("Accept", "")
        if room is not None and (frame is None or all(each.id != room for each in frame.rooms)):
            return failure("room_not_found", f'room "{room}" not found')
        key, number = (room, candidates == "1", accept[:200]), frame.seq if frame is not None else 0
        kept = self._rendered.get(key)
        if kept is None or kept[0] != number:
            overview = self._pulse.overview
            collector = Collector(
                frame, overview.counters, cpu=overview.cpu_seconds, disks=self._disks, sent=overview.streams_sent(),
                room=room, candidates=candidates == "1", more=[metric for each in self._more for metric in each()],
            )  # fmt: skip
            # With a series for each number of each candidate this takes long, and an exam is running.
            body, content_type = await asyncio.to_thread(render, collector, accept)
            self._rendered = {each: value for each, value in self._rendered.items() if value[0] == number}
            kept = self._rendered[key] = number, body, content_type
        return web.Response(body=kept[1], headers={"Content-Type": kept[2]})

    async def _healthz(self, request: web.Request) -> web.Response:
        """The event loop turns, since it answers, and the sampler does as long as there is something to sample."""
        age = self._pulse.age
        alive = age is None or age < LATE or self._stopping()
        return web.json_response({"ok": alive, "sample_age_s": age}, status=200 if alive else 503)

    async def _readyz(self, request: web.Request) -> web.Response:
        """Clients can be sent here."""
        checks = {
            "not_stopping": not self._stopping(),
            "workers": any(member.state == "running" for member in self._pool.members),
            "sampled": self._pulse.age is not None and self._pulse.age < LATE,
        }
        ready = all(checks.values())
        return web.json_response({"ready": ready, "checks": checks}, status=200 if ready else 503)
