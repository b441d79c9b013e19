"""Asks the workers: one round of questions, a handful at once, each worker waited for on its own.

A worker that does not answer in time costs its own candidates their numbers of that second and nobody else's; it is
not asked again before it answered.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol, TypeAlias

from proctor_sfu.errors import MediasoupError
from proctor_sfu.mediasoup.stats import InboundRtpStats, ResourceUsage, RtpStats, WebRtcTransportStats
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.pool.member import Member

PATIENCE: Final = 0.8
"""Seconds a worker has to answer the questions of one second."""
HANDFUL: Final = 64
"""Questions to a worker at once: between two handfuls everybody else has the event loop."""


class _Asked(Protocol):
    id: str
    closed: bool

    def get_stats(self) -> asyncio.Future[Any]: ...


@dataclass(slots=True, kw_only=True)
class Answers:
    """What the workers told, by id of the entity; what is missing was not asked or not answered."""

    transports: dict[str, Sequence[WebRtcTransportStats]] = field(default_factory=dict)
    producers: dict[str, Sequence[InboundRtpStats]] = field(default_factory=dict)
    consumers: dict[str, Sequence[RtpStats]] = field(default_factory=dict)
    usage: dict[int, ResourceUsage] = field(default_factory=dict)
    """By process id."""
    seconds: dict[int, float] = field(default_factory=dict)
    """Process id -> time until its last answer."""

    def transport(self, transport: WebRtcTransport | None) -> WebRtcTransportStats | None:
        """Return what was told of a transport."""
        told = None if transport is None else self.transports.get(transport.id)
        return told[0] if told else None


_Question: TypeAlias = tuple[dict[Any, Any], Any, Callable[[], asyncio.Future[Any]]]
"""Where its answer goes, under which key, and what asks it."""

Questions: TypeAlias = Mapping[str, Iterable[_Asked]]
"""``transports``, ``producers`` or ``consumers`` -> whom to ask."""


class Sampler:
    """Asks workers; keeps account of those that still owe an answer."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._owing: dict[Member, set[asyncio.Future[Any]]] = {}

    async def ask(self, questions: Mapping[Member, Questions]) -> Answers:
        """Ask each worker its questions and return what was answered in time."""
        answers = Answers()
        for member in [each for each in self._owing if each not in questions]:
            del self._owing[member]
        rounds = [
            self._round(member, asked, answers)
            for member, asked in questions.items()
            if not any(not future.done() for future in self._owing.get(member, ()))
        ]
        await asyncio.gather(*rounds)
        return answers

    async def _round(self, member: Member, questions: Questions, answers: Answers) -> None:
        began = time.perf_counter()
        for some in _handfuls(member, questions, answers):
            asked = [(into, key, ask()) for into, key, ask in some]
            late = await _late([future for _, _, future in asked], began + self._patience)
            for into, key, future in asked:
                if future not in late and _seen(future):
                    into[key] = future.result()
            self._owing[member] = late
            for future in late:
                future.add_done_callback(_seen)
            if late:
                return
        answers.seconds[member.worker.pid] = time.perf_counter() - began


def _handfuls(member: Member, questions: Questions, answers: Answers) -> Iterator[list[_Question]]:
    """Yield what to ask a worker; who is gone by the time it is asked for is left out."""
    some: list[_Question] = [(answers.usage, member.worker.pid, member.worker.get_resource_usage)]
    for name, entities in questions.items():
        into = getattr(answers, name)
        for each in entities:
            if each.closed:
                continue
            some.append((into, each.id, each.get_stats))
            if len(some) >= HANDFUL:
                yield some
                some = []
    if some:
        yield some


async def _late(asked: Sequence[asyncio.Future[Any]], until: float) -> set[asyncio.Future[Any]]:
    """Wait for answers; return whose did not come until a time.

    A worker answers in the order it is asked: waiting for the last one costs a fraction of waiting for each.
    """
    waiting = asked[-1:]
    while waiting:
        _, late = await asyncio.wait(waiting, timeout=max(0.0, until - time.perf_counter()))
        waiting = [] if late else [future for future in asked if not future.done()]
    return {future for future in asked if not future.done()}


def _seen(future: asyncio.Future[Any]) -> bool:
    """Return whether an answer is one. Who was closed while being asked has none; that is no failure."""
    if future.cancelled():
        return False
    error = future.exception()
    if error is not None and not isinstance(error, MediasoupError):
        raise error
    return error is None
