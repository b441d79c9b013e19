"""What happened since the daemon started, in sums and distributions that only ever grow; pure.

Streams come and go and their counters with them; the sums here keep what they counted.
"""

from __future__ import annotations

import collections
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from proctor_sfu.control.api import quality as api
from proctor_sfu.mediasoup.stats import InboundRtpStats
from proctor_sfu.quality.rates import grown, moved

LOSS: Final = (0.001, 0.005, 0.01, 0.02, 0.035, 0.06, 0.1, 0.2, 0.5)
SECONDS: Final = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 1.0, 2.0)
JITTER: Final = (0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
HEALTH: Final = (20.0, 40.0, 60.0, 80.0, 90.0, 100.0)
GAP: Final = (0.0, 3.0, 10.0, 30.0, 60.0, 300.0)
JOIN: Final = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
STATES: Final = ("joining", "live", "degraded", "reconnecting", "lost", "left")


class Histogram:
    """How often values were how large."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        """One for each bound, of values up to it and above the one before; the last for all others."""
        self.total = 0.0

    def observe(self, value: float | None) -> None:
        """Count a value; None is not one."""
        if value is not None:
            self.counts[bisect_left(self.bounds, value)] += 1
            self.total += value

    def cumulated(self) -> list[tuple[str, float]]:
        """Return bound and count of values up to it, as Prometheus has them."""
        found, count = [], 0
        for bound, each in zip((*self.bounds, float("inf")), self.counts, strict=True):
            count += each
            found.append(("+Inf" if bound == float("inf") else repr(float(bound)), float(count)))
        return found


class Sums(NamedTuple):
    """Of all streams of a kind."""

    packets: int
    octets: int
    lost: int
    """Missing in the media stream, before repair."""
    repaired: int
    nacks: int
    """Packets asked for again."""
    key_frames: int
    """Asked for."""


_NOTHING: Final = Sums(0, 0, 0, 0, 0, 0)


class Tally:
    """Sums over streams whose counters begin at zero, may wrap, and vanish with them."""

    def __init__(self) -> None:
        self.sums = _NOTHING
        self._last: dict[tuple[str, int], Sums] = {}

    def feed(self, streams: Iterable[tuple[str, InboundRtpStats]]) -> None:
        """Take the counters of all streams there are, with the producer each belongs to."""
        collections.deque(self.steps(streams), maxlen=0)

    def steps(self, streams: Iterable[tuple[str, InboundRtpStats]]) -> Iterator[None]:
        """Do what `feed` does stream by stream, so that others can have their turn meanwhile."""
        seen: dict[tuple[str, int], Sums] = {}
        totals = list(self.sums)
        for producer, stats in streams:
            key = producer, stats.ssrc
            now = Sums(
                stats.packet_count, stats.byte_count, stats.packets_lost, stats.packets_repaired,
                stats.nack_packet_count, stats.pli_count + stats.fir_count,
            )  # fmt: skip
            seen[key] = now
            before = self._last.get(key, _NOTHING)
            yield
            if now == before:
                continue
            for index, (old, new) in enumerate(zip(before, now, strict=True)):
                if old == new:
                    continue
                if index == 2:
                    totals[index] += moved(old, new)
                else:
                    step = grown(old, new)
                    totals[index] += new if step is None else step
        # Late packets take a loss back, but a counter of Prometheus never goes down.
        totals[2] = max(totals[2], self.sums.lost)
        self.sums = Sums(*totals)
        self._last = seen


class Sent:
    """Bytes sent over transports, whose counters begin at zero and vanish with them."""

    def __init__(self) -> None:
        self.total = 0
        self._last: dict[str, int] = {}

    def feed(self, transports: Mapping[str, int | None]) -> None:
        """Take the bytes of all transports there are, by id; None: not told, it stays as it was."""
        now = {key: self._last.get(key, 0) if octets is None else octets for key, octets in transports.items()}
        self.total += sum(max(0, octets - self._last.get(key, 0)) for key, octets in now.items())
        self._last = now


class Counters:
    """All of them."""

    def __init__(self) -> None:
        self.streams: Mapping[str, Tally] = {"audio": Tally(), "video": Tally()}
        self.sent = Sent()
        """RTP to proctors and observers."""
        self.loss = {"audio": Histogram(LOSS), "video": Histogram(LOSS)}
        self.rtt, self.jitter = Histogram(SECONDS), Histogram(JITTER)
        self.health, self.gap, self.join = Histogram(HEALTH), Histogram(GAP), Histogram(JOIN)
        # All names are there from the beginning: Prometheus sees no growth in a series that begins with one.
        self.states = dict.fromkeys(STATES, 0)
        """State of a candidate -> times one came into it."""
        self.interruptions = dict.fromkeys(("signaling", "media"), 0)
        """``signaling`` or ``media`` -> times a candidate's connection was interrupted."""
        self.failures = dict.fromkeys(("ice", "dtls", "silence"), 0)
        """What was wrong -> times a candidate's media connection was interrupted."""
        self.incidents = dict.fromkeys(("worker", "proctor", "network", "path", "room", "nothing"), 0)
        """What candidates that got worse at once had in common -> how often."""

    def answers(self, producers: Mapping[str, Sequence[InboundRtpStats]]) -> Iterator[None]:
        """Take what the workers told of all producers, stream by stream."""
        for kind, tally in self.streams.items():
            yield from tally.steps(
                (key, each) for key, several in producers.items() for each in several if each.kind == kind
            )

    def frame(self, frame: api.Frame) -> None:
        """Take what it says about candidates: one observation of each."""
        for candidate in frame.candidates:
            self.health.observe(candidate.health)
            self.rtt.observe(None if candidate.rtt_ms is None else candidate.rtt_ms / 1000)
            self.jitter.observe(None if candidate.jitter_ms is None else candidate.jitter_ms / 1000)
            self.gap.observe(candidate.gap_s)
            for source in candidate.sources:
                self.loss[source.kind].observe(None if source.loss is None else source.loss / 100)

    def count(self, counts: dict[str, int], name: str) -> None:
        """Add one to one of the named counts."""
        counts[name] = counts.get(name, 0) + 1
