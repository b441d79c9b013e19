"""The trace of a producer, lent to one listener at a time, since whoever asks for events takes them from all others."""

from __future__ import annotations

from asyncio import Future
from collections.abc import Callable
from typing import Literal

from proctor_sfu.errors import MediasoupError
from proctor_sfu.mediasoup.dumps import TraceEvent
from proctor_sfu.mediasoup.producer import Producer


class Tracing:
    """Traces events of one type from now on; only for a producer whose trace `is_free`."""

    def __init__(
        self, producer: Producer, kind: Literal["rtp", "sr"], listener: Callable[[TraceEvent], object]
    ) -> None:
        self._producer = producer
        self._kind = kind
        self._listener = listener
        producer.on("trace", self._traced)
        producer.enable_trace_event([kind]).add_done_callback(_ignore)

    def stop(self) -> None:
        """Trace no more; call it once."""
        self._producer.off("trace", self._traced)
        if not self._producer.closed:
            self._producer.enable_trace_event([]).add_done_callback(_ignore)

    def _traced(self, event: TraceEvent) -> None:
        # Others are on their way still, from a listener before.
        if event.type == self._kind:
            self._listener(event)


def is_free(producer: Producer) -> bool:
    """Return whether a producer may be traced: it sends, and nobody else listens."""
    return not producer.closed and not producer.paused and not producer.listener_count("trace")


def _ignore(future: Future[None]) -> None:
    """A producer that was closed meanwhile is traced no more; that is all that was wanted."""
    if not future.cancelled() and (error := future.exception()) is not None and not isinstance(error, MediasoupError):
        raise error
