"""Counts the pictures of video sources, a few sources at a time: the worker traces packets for a moment.

The worker has no such counter. Packets of one picture share an RTP timestamp, so a handful of timestamps is a rate;
tracing every packet of every source would cost more than everything else psfu does. The same handful tells whether
anything moves: pictures of a camera are never alike, and an encoder that is given the same picture again and again
makes the same number of bytes of it again and again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Final, NamedTuple

from proctor_sfu.mediasoup.dumps import TraceEvent
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.tracing import Tracing, is_free

AT_ONCE: Final = 8
"""Sources that are counted at the same time."""
ENOUGH: Final = 12
"""Pictures after which the rate is known."""
PATIENCE: Final = 1.2
"""Seconds after which what came until then has to do."""
_WRAP: Final = 1 << 32


class Counted(NamedTuple):
    """What a handful of pictures told."""

    fps: float
    """Pictures a second."""
    spread: float | None
    """How much their sizes differ, percent; None: too few to tell."""


class Count:
    """The pictures of one stream; pure."""

    __slots__ = ("_first", "_last", "_sizes", "pictures")

    def __init__(self) -> None:
        self.pictures = 0
        self._first = 0
        self._last = 0
        self._sizes: dict[int, list[int]] = {}
        """Temporal layer -> bytes of each of its pictures; those of different layers differ anyway."""

    def add(self, timestamp: int, size: int = 0, layer: int = 0) -> None:
        """Take a packet; one of a picture that was seen before another one is too late to count."""
        step = (timestamp - self._last) % _WRAP
        if self.pictures == 0 or 0 < step < _WRAP // 2:
            if self.pictures == 0:
                self._first = timestamp
            self._last = timestamp
            self.pictures += 1
            self._sizes.setdefault(layer, []).append(size)
        elif step == 0:
            self._sizes[layer][-1] += size

    @property
    def octets(self) -> int:
        """Bytes of all pictures."""
        return sum(map(sum, self._sizes.values()))

    def rate(self, clock_rate: int) -> float | None:
        """Return pictures per second by the clock of the stream; None: too few to tell."""
        span = (self._last - self._first) % _WRAP
        return (self.pictures - 1) * clock_rate / span if self.pictures >= 3 and span else None

    def spread(self) -> float | None:
        """Return how much the sizes of pictures of one layer differ, percent of the middle one; None: too few."""
        # The first picture was seen in part, and the last one may not be complete.
        most: list[int] = max(self._sizes.values(), key=len, default=[])
        sizes = sorted(most[1:-1])
        if len(sizes) < 4:
            return None
        # One that stands out, as after a request for a key frame, says nothing about the others.
        apart, middle = len(sizes) // 6, sizes[len(sizes) // 2]
        return 100 * (sizes[-1 - apart] - sizes[apart]) / middle if middle else None


class Pictures:
    """Takes turns with the video producers it is told of; ``told(producer id, counted)`` is the result."""

    def __init__(self, told: Callable[[str, Counted], None]) -> None:
        self._told = told
        self._waiting: deque[str] = deque()
        self._known: dict[str, Producer] = {}
        self._counting: dict[str, _Counting] = {}

    def turn(self, producers: Iterable[Producer]) -> None:
        """Say which video producers there are; begins with those whose turn it is. Call it once a second."""
        self._known = {each.id: each for each in producers if not each.paused and not each.closed}
        queued = set(self._waiting) | self._counting.keys()
        self._waiting.extend(key for key in self._known if key not in queued)
        self._begin()

    def _begin(self) -> None:
        while self._waiting and len(self._counting) < AT_ONCE:
            producer = self._known.get(self._waiting.popleft())
            if producer is not None and is_free(producer):
                self._counting[producer.id] = _Counting(producer, self._finished)

    def _finished(self, producer: Producer, counted: Counted | None) -> None:
        self._counting.pop(producer.id, None)
        if counted is not None and not producer.paused:
            self._told(producer.id, counted)

    def close(self) -> None:
        """Stop counting."""
        self._waiting.clear()
        for counting in list(self._counting.values()):
            counting.stop()


class _Counting:
    """Traces one producer until enough pictures came, or time is up."""

    def __init__(self, producer: Producer, finished: Callable[[Producer, Counted | None], None]) -> None:
        self._producer = producer
        self._finished = finished
        self._counts: dict[int, Count] = {}
        self._stopped = False
        self._clock = producer.rtp_parameters.codecs[0].clock_rate
        loop = asyncio.get_running_loop()
        self._began = loop.time()
        self._timer = loop.call_later(PATIENCE, self.stop)
        self._tracing = Tracing(producer, "rtp", self._packet)

    def _packet(self, event: TraceEvent) -> None:
        packet: Any = event.info["rtp_packet"]
        count = self._counts.get(packet["ssrc"])
        if count is None:
            count = self._counts[packet["ssrc"]] = Count()
        count.add(packet["timestamp"], packet["size"], packet["temporal_layer"])
        if count.pictures >= ENOUGH:
            self.stop()

    def stop(self) -> None:
        """End the trace and tell of the encoding with the most pictures."""
        if self._stopped:
            return
        self._stopped = True
        self._timer.cancel()
        self._tracing.stop()
        self._finished(self._producer, None if self._producer.closed else self._result())

    def _result(self) -> Counted:
        """Return what the largest encoding told that sends as many pictures as any."""
        elapsed = asyncio.get_running_loop().time() - self._began
        most = max((count.pictures for count in self._counts.values()), default=0)
        best = max(
            (count for count in self._counts.values() if 2 * count.pictures >= most), key=lambda each: each.octets,
            default=Count(),
        )  # fmt: skip
        rate = best.rate(self._clock)
        return Counted(best.pictures / elapsed if rate is None else rate, best.spread())
