"""Tells other servers what happens: each event is posted, signed, in order, until the other side took it.

A receiver checks ``Psfu-Signature: t=UNIXTIME,v1=HEX[,v1=HEX]``: one of the HEX is the HMAC-SHA256, under a secret
both sides know, of ``UNIXTIME.`` and the body. ``Psfu-Delivery`` is the same each time an event is tried again.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import random
import socket
import time
import uuid
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Final
from urllib.parse import urlsplit

import aiohttp
import structlog
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from proctor_sfu.aio import spawn
from proctor_sfu.events import Bus, Record
from proctor_sfu.settings import Webhooks as Settings

_log = structlog.get_logger("psfu.webhooks")

QUEUED: Final = 1000
"""Events that wait for a receiver; when there are more, the oldest are given up."""
FIRST_WAIT: Final = 1.0
LONGEST_WAIT: Final = 60.0
"""Seconds between two tries; each wait is twice the one before."""
FAREWELL: Final = 5.0
"""Seconds a receiver has at the end to take what is queued."""
TOLERANCE: Final = 300.0
"""Seconds a signature is good."""
_AGAIN: Final = frozenset({408, 425, 429})
"""Refusals that do not mean the event."""


def sign(secrets: Sequence[str], at: int, body: bytes) -> str:
    """Return the signature of a body sent at a Unix time; one part for each secret, while they are rotated."""
    parts = [f"v1={_digest(secret, at, body)}" for secret in secrets]
    return ",".join([f"t={at}", *parts])


def verify(signature: str, body: bytes, secret: str, *, now: float) -> bool:
    """Return whether a signature is one of ours under ``secret``, and not too old: what a receiver does."""
    pairs = [part.partition("=")[::2] for part in signature.split(",")]
    times = [value for name, value in pairs if name == "t"]
    if len(times) != 1 or not (times[0].isascii() and times[0].isdigit()):
        return False
    at = int(times[0])
    expected = _digest(secret, at, body)
    good = [hmac.compare_digest(value.encode(), expected.encode()) for name, value in pairs if name == "v1"]
    return any(good) and abs(now - at) <= TOLERANCE


def _digest(secret: str, at: int, body: bytes) -> str:
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def wait(failures: int, chance: float) -> float:
    """Return how long to wait after so many failures; ``chance``, 0 to 1, keeps senders from coming all at once."""
    return min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(failures - 1, 16)) * (0.75 + chance / 2)


class Webhooks:
    """Posts events to all receivers, from `start` to `close`."""

    def __init__(
        self,
        settings: Settings,
        secrets: Sequence[str],
        events: Bus,
        *,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._events = events
        self._kinds = frozenset(settings.events)
        self.receivers = [
            Receiver(url, place, secrets, settings, clock, chance)
            for url, place in zip(settings.urls, places(settings.urls), strict=True)
        ]
        self._session: aiohttp.ClientSession | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._unsubscribe: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin."""
        timeout = aiohttp.ClientTimeout(total=10)
        # Receivers get nothing but the event: no cookies of each other, no proxy from the environment.
        self._session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())
        self._unsubscribe = self._events.subscribe(self._event)
        self._tasks = [spawn(each.run(self._session), name=f"webhook {each.place}") for each in self.receivers]

    async def close(self) -> None:
        """Let receivers that are well take what is queued, then stop; the rest is given up."""
        if self._unsubscribe is None:
            return
        self._unsubscribe()
        self._unsubscribe = None
        if emptied := [spawn(each.emptied(), name=f"webhook {each.place} ends") for each in self.receivers]:
            _, late = await asyncio.wait(emptied, timeout=FAREWELL)
            for task in (*late, *self._tasks):
                task.cancel()
            await asyncio.wait((*emptied, *self._tasks))
        for each in self.receivers:
            each.report_rest()
        if self._session is not None:
            await self._session.close()

    def metrics(self) -> Iterator[Metric]:
        """Yield what Prometheus gets: whether others know what they should."""
        labels = ("receiver",)
        delivered = CounterMetricFamily("psfu_webhook_delivered", "Events a receiver took.", labels=labels)
        given_up = CounterMetricFamily("psfu_webhook_given_up", "Events a receiver never got.", labels=labels)
        queued = GaugeMetricFamily("psfu_webhook_queued", "Events that wait for a receiver.", labels=labels)
        for each in self.receivers:
            delivered.add_metric((each.place,), each.delivered)
            given_up.add_metric((each.place,), each.given_up)
            queued.add_metric((each.place,), each.queued)
        if self.receivers:
            yield from (delivered, given_up, queued)

    def _event(self, record: Record) -> None:
        if not self._kinds or record.event.kind in self._kinds:
            for each in self.receivers:
                each.add(record)


def places(urls: Sequence[str]) -> list[str]:
    """Return what receivers are called: host and port, for the rest may be confidential; a second one has a number."""
    found: list[str] = []
    for place in (urlsplit(url).netloc.rpartition("@")[2] for url in urls):
        same = sum(each.partition("#")[0] == place for each in found)
        found.append(f"{place}#{same + 1}" if same else place)
    return found


class Receiver:
    """One URL: a bounded queue, and a task that empties it."""

    def __init__(
        self,
        url: str,
        place: str,
        secrets: Sequence[str],
        settings: Settings,
        clock: Callable[[], float],
        chance: Callable[[], float],
    ) -> None:
        self.place = place
        self.delivered = 0
        self.given_up = 0
        """Events it never got."""
        self._url = url
        self._secrets = secrets
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._queue: deque[Record] = deque()
        self._current: Record | None = None
        self._more, self._changed = asyncio.Event(), asyncio.Event()
        # Said once until it takes an event again: a receiver that is down fails for every event.
        self._told_failure = self._told_lost = False

    @property
    def queued(self) -> int:
        """Events that wait for it."""
        return len(self._queue) + (self._current is not None)

    def add(self, record: Record) -> None:
        """Queue an event; never blocks."""
        if len(self._queue) >= QUEUED:
            self._lose(self._queue.popleft(), f"{QUEUED} newer events wait")
        self._queue.append(record)
        self._more.set()

    async def run(self, session: aiohttp.ClientSession) -> None:
        """Post what is queued, for ever."""
        while True:
            while self._queue:
                self._current = self._queue.popleft()
                await self._deliver(session, self._current)
                self._current = None
                self._changed.set()
            self._more.clear()
            await self._more.wait()

    async def emptied(self) -> None:
        """Wait until it took everything, or fails."""
        while self.queued and not self._told_failure:
            self._changed.clear()
            await self._changed.wait()

    async def _deliver(self, session: aiohttp.ClientSession, record: Record) -> None:
        # A clock that is set must neither give an event up early nor keep it for ever.
        delivery, began, failures = str(uuid.uuid4()), time.monotonic(), 0
        while True:
            problem, final = await self._post(session, record, delivery)
            if problem is None:
                self._succeeded()
                return
            failures += 1
            if final or time.monotonic() - began >= self._settings.give_up_seconds:
                self._lose(record, problem)
                return
            if not self._told_failure:
                self._told_failure = True
                self._changed.set()
                _log.warning("webhook_failing", receiver=self.place, reason=problem)
            await asyncio.sleep(wait(failures, self._chance()))

    def _succeeded(self) -> None:
        self.delivered += 1
        if self._told_failure or self._told_lost:
            self._told_failure = self._told_lost = False
            _log.warning("webhook_recovered", receiver=self.place, given_up=self.given_up)

    def _lose(self, record: Record, reason: str) -> None:
        self.given_up += 1
        if not self._told_lost:
            self._told_lost = True
            _log.error("webhook_given_up", receiver=self.place, kind=record.event.kind, reason=reason)

    async def _post(self, session: aiohttp.ClientSession, record: Record, delivery: str) -> tuple[str | None, bool]:
        """Post an event once; returns what went wrong, and whether trying again is useless."""
        told = {"delivery": delivery, "node": _NODE, "given_up": self.given_up, **record.told()}
        body = json.dumps(told).encode()
        headers = {
            "Content-Type": "application/json",
            "Psfu-Event": record.event.kind,
            "Psfu-Delivery": delivery,
            "Psfu-Signature": sign(self._secrets, int(self._clock()), body),
        }
        try:
            async with session.post(self._url, data=body, headers=headers, allow_redirects=False) as response:
                status = response.status
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return f"{error or type(error).__name__}", False
        if 200 <= status < 300:
            return None, False
        return f"it answered {status}", 300 <= status < 500 and status not in _AGAIN

    def report_rest(self) -> None:
        """Say what it did not get by the end."""
        if self.queued or self.given_up:
            _log.warning("webhook_undelivered", receiver=self.place, events=self.queued, given_up=self.given_up)


_NODE: Final = socket.gethostname()
