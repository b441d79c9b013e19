"""Counters of the worker into rates; pure: time is the milliseconds of the worker's clock that its statistics carry.

Counters may wrap at 32 bits, begin again at zero, or (``packets_lost``) go down; the clock may step. Each of these
costs at most the window it happens in, and never makes a number that was not measured.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

import msgspec

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


_Point: TypeAlias = tuple[int, int, int, int, int]
"""Time, packets, bytes, lost, repaired: a plain tuple, which costs a tenth of one with names."""


class Rates(msgspec.Struct, frozen=True, gc=False):
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

    __slots__ = ("_last", "_lost", "_points", "_span", "restarts")

    def __init__(self, span: int = LONG) -> None:
        self.restarts = 0
        """Times the counters began again."""
        self._span = span
        self._points: deque[_Point] = deque()
        """What the counters grew by since the first of them."""
        self._last: _Point | None = None
        """What the counters said last."""
        self._lost = 0
        """By what the lost ones of the newest point grew."""

    def feed(self, at: int, packets: int, octets: int, lost: int, repaired: int) -> int:
        """Take the counters at a time; returns how many packets came since the sample before, 0 for a first one."""
        last, self._last = self._last, (at, packets, octets, lost, repaired)
        if last is None:
            self._begin(at)
            return 0
        was, packets_then, octets_then, lost_then, repaired_then = last
        came, size, again = packets - packets_then, octets - octets_then, repaired - repaired_then
        if came < 0 or size < 0 or again < 0:
            steps = grown(packets_then, packets), grown(octets_then, octets), grown(repaired_then, repaired)
            if steps[0] is None or steps[1] is None or steps[2] is None:
                self.restarts += 1
                self._begin(at)
                return packets if packets < packets_then else 0
            came, size, again = steps[0], steps[1], steps[2]
        if not 0 < at - was <= STALE:
            self._begin(at)
            return came
        if lost != lost_then:
            self._lost += moved(lost_then, lost)
        points = self._points
        _, all_packets, all_octets, _, all_repaired = points[-1]
        points.append((at, all_packets + came, all_octets + size, self._lost, all_repaired + again))
        # One point beyond the window stays, so that the window is never shorter than asked for.
        while len(points) > 2 and points[1][0] <= at - self._span:
            points.popleft()
        return came

    def _begin(self, at: int) -> None:
        self._points.clear()
        self._points.append((at, 0, 0, 0, 0))
        self._lost = 0

    def rates(self, *, repaired_apart: bool) -> Rates:
        """Return the rates. ``repaired_apart``: repairs come in a stream of their own (RTX).

        The worker counts as lost what never came in the media stream. Repairs that come apart from it are among
        the lost; repairs in the same stream, as browsers do for Opus, are not.
        """
        if len(self._points) < 2:
            return UNKNOWN
        at, packets_now, octets_now, lost_now, repaired_now = self._points[-1]
        _, packets_then, octets_then, lost_then, repaired_then = self._points[0]
        recently, packets_lately, octets_lately, _, _ = self._since(at - SHORT)
        seconds = (at - recently) / 1000
        packets, repaired = packets_now - packets_then, repaired_now - repaired_then
        lost = lost_now - lost_then if lost_now > lost_then else 0
        sent = packets + lost - repaired if repaired_apart else packets + lost
        loss = again = None
        if sent >= ENOUGH:
            loss = again = 0.0
            if lost or repaired:
                # A packet that came late by itself was sent again for nothing, and repaired nothing.
                useful = min(repaired, lost) if repaired_apart else repaired
                loss = min(100.0, 100 * (lost - useful if repaired_apart else lost) / sent)
                again = min(100.0, 100 * useful / sent)
        return Rates(
            bitrate=(octets_now - octets_lately) * 8 / seconds,
            packets=(packets_now - packets_lately) / seconds,
            loss=loss,
            repaired=again,
            packet_bytes=(octets_now - octets_then) / packets if packets >= ENOUGH else None,
            sent=sent,
        )

    def missing(self, *, repaired_apart: bool, ago: int = 0) -> int:
        """Return the packets that were lost for good in the 10 s that ended ``ago`` milliseconds before now."""
        if len(self._points) < 2:
            return 0
        end, _, _, lost_then, repaired_then = self._since(self._points[-1][0] - ago)
        _, _, _, lost_before, repaired_before = self._since(end - LONG)
        lost = max(0, lost_then - lost_before)
        return lost - min(lost, repaired_then - repaired_before) if repaired_apart else lost

    def lost_of_sent(self) -> tuple[int, int] | None:
        """Return packets lost and sent in the window, of a stream whose receiver counts the losses; None: too few."""
        if len(self._points) < 2 or (sent := self._points[-1][1] - self._points[0][1]) < ENOUGH:
            return None
        return min(sent, max(0, self._points[-1][3] - self._points[0][3])), sent

    def _since(self, at: int) -> _Point:
        """Return the newest point that is no younger than ``at``, else the oldest."""
        for point in reversed(self._points):
            if point[0] <= at:
                return point
        return self._points[0]


def feed_inbound(meter: Meter, stats: InboundRtpStats) -> int:
    """Feed what the worker tells of a stream it receives; see `Meter.feed`."""
    return meter.feed(stats.timestamp, stats.packet_count, stats.byte_count, stats.packets_lost, stats.packets_repaired)


def feed_outbound(meter: Meter, stats: OutboundRtpStats) -> int:
    """Feed what the worker tells of a stream it sends; ``packet_count`` is what it sent, losses are the client's."""
    return meter.feed(stats.timestamp, stats.packet_count, stats.byte_count, stats.packets_lost, 0)


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
    """What a rate usually is: the median of its last 60 samples that were not zero."""

    __slots__ = ("_count", "_samples", "value")

    def __init__(self) -> None:
        self.value: float | None = None
        self._samples: deque[float] = deque(maxlen=60)
        self._count = 0

    def feed(self, rate: float | None) -> None:
        """Take a sample: of bitrates one a second, of pictures one whenever they were counted."""
        if not rate:
            return
        self._samples.append(rate)
        self._count += 1
        # What is usual moves slowly: a look at every fifth sample is enough.
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
        if packets > 0 and self.seconds == 0.0 and not paused and not self._spans:  # As nearly always.
            self._since = self._last = now
            return
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
        total = 0.0
        if self._spans:
            edge = now - self.WINDOW
            total = sum(end - max(start, edge) for start, end in self._spans if end > edge)
        running = self.seconds or 0.0
        return total + (min(running, self.WINDOW) if running >= self.LEAST else 0.0)
