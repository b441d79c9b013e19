"""Counters of the worker into rates; pure: time is the milliseconds of the worker's clock that its statistics carry.

Counters may wrap at 32 bits, begin again at zero, or (``packets_lost``) go down; the clock may step. Each of these
costs at most the window it happens in, and never makes a number that was not measured.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from proctor_sfu.mediasoup.stats import InboundRtpStats, OutboundRtpStats

SHORT: Final = 2_000
"""Milliseconds bitrates and packet rates are taken over."""
LONG: Final = 10_000
"""Milliseconds losses are taken over."""
STALE: Final = 5_000
"""A pause between two samples, milliseconds, after which the window begins anew."""
ENOUGH: Final = 10
"""Packets a share of lost ones is based on at least."""

_WRAP: Final = 1 << 32
_PLAUSIBLE: Final = _WRAP >> 4


def grown(before: int, after: int) -> int | None:
    """Return how far an unsigned counter grew, over its 32-bit wrap too; None if it began again."""
    step = after - before
    if step >= 0:
        return step
    wrapped = step + _WRAP
    return wrapped if before < _WRAP and 0 <= wrapped < _PLAUSIBLE else None


def moved(before: int, after: int) -> int:
    """Return how far a signed 32-bit counter moved; some report it as unsigned, so -15 may read 4294967281."""
    return (after - before + (_WRAP >> 1)) % _WRAP - (_WRAP >> 1)


class _Point(NamedTuple):
    at: int
    packets: int
    bytes: int
    lost: int
    repaired: int


class Rates(NamedTuple):
    """What a stream does now; None: not known yet."""

    bitrate: float | None
    """Bits per second over the last 2 s."""
    packets: float | None
    """Per second over the last 2 s."""
    loss: float | None
    """Percent lost for good over the last 10 s."""
    repaired: float | None
    """Percent lost and sent again in time over the last 10 s."""
    packet_bytes: float | None
    """Mean size of a packet over the last 10 s, with RTP header."""
    sent: int
    """Packets the shares are of."""


UNKNOWN: Final = Rates(None, None, None, None, None, 0)


class Meter:
    """One RTP stream. Feed it samples, take its `Rates`. ``span``: milliseconds it remembers, at least `LONG`."""

    __slots__ = ("_last", "_points", "_span", "restarts")

    def __init__(self, span: int = LONG) -> None:
        self.restarts = 0
        self._span = span
        """Times the counters began again."""
        self._points: deque[_Point] = deque()
        self._last: _Point | None = None

    def feed(self, at: int, *, packets: int, octets: int, lost: int, repaired: int) -> int:
        """Take the counters at a time; returns how many packets came since the sample before, 0 for a first one."""
        raw = _Point(at, packets, octets, lost, repaired)
        last, self._last = self._last, raw
        if last is None or not self._points:
            self._begin(at)
            return 0
        steps = grown(last.packets, packets), grown(last.bytes, octets), grown(last.repaired, repaired)
        if steps[0] is None or steps[1] is None or steps[2] is None:
            self.restarts += 1
            self._begin(at)
            return packets if packets < last.packets else 0
        if not 0 < at - last.at <= STALE:
            self._begin(at)
            return steps[0]
        newest = self._points[-1]
        self._points.append(
            _Point(
                at, newest.packets + steps[0], newest.bytes + steps[1], newest.lost + moved(last.lost, lost),
                newest.repaired + steps[2],
            )
        )  # fmt: skip
        # One point beyond the window stays, so that the window is never shorter than asked for.
        while len(self._points) > 2 and self._points[1].at <= at - self._span:
            self._points.popleft()
        return steps[0]

    def _begin(self, at: int) -> None:
        self._points.clear()
        self._points.append(_Point(at, 0, 0, 0, 0))

    def rates(self, *, repaired_apart: bool) -> Rates:
        """Return the rates. ``repaired_apart``: repairs come in a stream of their own (RTX).

        The worker counts as lost what never came in the media stream. Repairs that come apart from it are among
        the lost; repairs in the same stream, as browsers do for Opus, are not.
        """
        if len(self._points) < 2:
            return UNKNOWN
        newest, oldest = self._points[-1], self._points[0]
        recent = self._since(newest.at - SHORT)
        span = (newest.at - recent.at) / 1000
        packets = newest.packets - oldest.packets
        lost, repaired = max(0, newest.lost - oldest.lost), newest.repaired - oldest.repaired
        if repaired_apart:
            sent = packets - repaired + lost
            # A packet that came late by itself was sent again for nothing, and repaired nothing.
            repaired = min(repaired, lost)
            for_good = lost - repaired
        else:
            sent = packets + lost
            for_good = lost
        known = sent >= ENOUGH
        return Rates(
            bitrate=(newest.bytes - recent.bytes) * 8 / span,
            packets=(newest.packets - recent.packets) / span,
            loss=min(100.0, 100 * for_good / sent) if known else None,
            repaired=min(100.0, 100 * repaired / sent) if known else None,
            packet_bytes=(newest.bytes - oldest.bytes) / packets if packets >= ENOUGH else None,
            sent=sent,
        )

    def missing(self, *, repaired_apart: bool, ago: int = 0) -> int:
        """Return the packets that were lost for good in the 10 s that ended ``ago`` milliseconds before now."""
        if len(self._points) < 2:
            return 0
        end = self._since(self._points[-1].at - ago)
        begin = self._since(end.at - LONG)
        lost = max(0, end.lost - begin.lost)
        return lost - min(lost, end.repaired - begin.repaired) if repaired_apart else lost

    def lost_of_sent(self) -> tuple[int, int] | None:
        """Return packets lost and sent in the window, of a stream whose receiver counts the losses; None: too few."""
        if len(self._points) < 2 or (sent := self._points[-1].packets - self._points[0].packets) < ENOUGH:
            return None
        return min(sent, max(0, self._points[-1].lost - self._points[0].lost)), sent

    def _since(self, at: int) -> _Point:
        """Return the newest point that is no younger than ``at``, else the oldest."""
        for point in reversed(self._points):
            if point.at <= at:
                return point
        return self._points[0]


def feed_inbound(meter: Meter, stats: InboundRtpStats) -> int:
    """Feed what the worker tells of a stream it receives; see `Meter.feed`."""
    return meter.feed(
        stats.timestamp, packets=stats.packet_count, octets=stats.byte_count, lost=stats.packets_lost,
        repaired=stats.packets_repaired,
    )  # fmt: skip


def feed_outbound(meter: Meter, stats: OutboundRtpStats) -> int:
    """Feed what the worker tells of a stream it sends; ``packet_count`` is what it sent, losses are the client's."""
    return meter.feed(
        stats.timestamp, packets=stats.packet_count, octets=stats.byte_count, lost=stats.packets_lost, repaired=0
    )


def combined(several: Sequence[Rates]) -> Rates:
    """Return the rates of the encodings of one source together."""
    if len(several) == 1:
        return several[0]
    sent = sum(each.sent for each in several if each.loss is not None)
    sizes = [each.packet_bytes for each in several if each.packet_bytes is not None]
    return Rates(
        bitrate=_total(each.bitrate for each in several),
        packets=_total(each.packets for each in several),
        loss=sum(each.loss * each.sent for each in several if each.loss is not None) / sent if sent else None,
        repaired=sum(each.repaired * each.sent for each in several if each.repaired is not None) / sent
        if sent
        else None,
        packet_bytes=max(sizes, default=None),
        sent=sent,
    )


def _total(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def milliseconds(jitter: int, clock_rate: int) -> float | None:
    """Return RTP clock units as milliseconds."""
    return jitter * 1000 / clock_rate if clock_rate else None


class Gauge:
    """A processor time or byte counter of a process: its rate between the last two samples."""

    __slots__ = ("_at", "_value")

    def __init__(self) -> None:
        self._at: float | None = None
        self._value = 0.0

    def feed(self, at: float, value: float) -> float | None:
        """Return the growth per second since the sample before (``at`` in seconds), None for the first or a restart."""
        before, grew = self._at, value - self._value
        self._at, self._value = at, value
        if before is None or grew < 0 or not 0 < at - before <= STALE / 1000:
            return None
        return grew / (at - before)


class Usual:
    """What a rate usually is: its median over the last minute, of samples in which it was not zero."""

    __slots__ = ("_count", "_samples", "value")

    def __init__(self) -> None:
        self.value: float | None = None
        self._samples: deque[float] = deque(maxlen=60)
        self._count = 0

    def feed(self, rate: float | None) -> None:
        """Take one sample a second."""
        if not rate:
            return
        self._samples.append(rate)
        self._count += 1
        # The first minute moves quickly, later a look every few seconds is enough.
        if len(self._samples) >= 5 and (self._count % 5 == 0 or self.value is None):
            self.value = sorted(self._samples)[len(self._samples) // 2]


class Silence:
    """For how long no packet came, and how much of the last 5 minutes that was; the clock is monotonic, in seconds."""

    __slots__ = ("_last", "_since", "_spans", "seconds")

    WINDOW: Final = 300.0
    LEAST: Final = 2.0
    """Shorter silences, seconds, are between two samples and no gap."""

    def __init__(self, now: float) -> None:
        self.seconds: float | None = 0.0
        """Since the last packet, or since there could be one; None while paused."""
        self._since: float | None = now
        self._last = now
        self._spans: deque[tuple[float, float]] = deque()

    def feed(self, now: float, packets: int, *, paused: bool) -> None:
        """Take the packets that came since the last call."""
        jumped = not 0 <= now - self._last <= STALE / 1000
        self._last = now
        if paused or packets > 0 or jumped or self._since is None:
            self._close(now)
            self._since, self.seconds = (None, None) if paused else (now, 0.0)
        else:
            self.seconds = now - self._since

    def _close(self, now: float) -> None:
        """End a silence; what the window has left behind is forgotten."""
        if self.seconds is not None and self.seconds >= self.LEAST and self._since is not None:
            self._spans.append((self._since, self._since + self.seconds))
        while self._spans and self._spans[0][1] <= now - self.WINDOW:
            self._spans.popleft()

    def gap(self, now: float) -> float:
        """Return the seconds without media in the last 5 minutes."""
        edge = now - self.WINDOW
        total = sum(end - max(start, edge) for start, end in self._spans if end > edge)
        running = self.seconds or 0.0
        return total + (min(running, self.WINDOW) if running >= self.LEAST else 0.0)
