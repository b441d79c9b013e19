"""One source of a candidate over time: counters of its encodings in, its line of the frame out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from proctor_sfu.control.api import quality as api
from proctor_sfu.mediasoup.stats import InboundRtpStats
from proctor_sfu.quality.health import Measured, SourceHealth
from proctor_sfu.quality.pictures import Counted
from proctor_sfu.quality.rates import UNKNOWN, Meter, Rates, Silence, Usual, combined, feed_inbound, milliseconds
from proctor_sfu.rooms.peer import Published
from proctor_sfu.settings import Quality

UNANSWERED: Final = 3
"""Samples in a row without an answer after which numbers are not known any more."""

ALIKE: Final = 3
"""Times a handful of pictures has to be alike before it means anything."""
OLDEST_COUNT: Final = 60.0
"""Seconds a count of pictures is shown."""


class SourceTrack:
    """Follows one producer. `feed` once a second, then ``shown`` and ``verdict`` are those of that second."""

    def __init__(self, published: Published, bounds: Quality, now: float) -> None:
        self.name = published.source.value
        """``camera``, ``screen`` or ``microphone``."""
        self.packets = 0
        """That came since the sample before."""
        self._meters: dict[int, Meter] = {}
        self._silence = Silence(now)
        self._usual_bitrate, self._usual_fps = Usual(), Usual()
        self._bounds = bounds
        self._health = SourceHealth(bounds)
        self._unanswered = 0
        self.replace(published)
        self._judge(now, UNKNOWN, ())

    def replace(self, published: Published) -> None:
        """Go on with another producer of the same source; the gap between the two counts."""
        producer = published.producer
        codec = producer.rtp_parameters.codecs[0]
        self.published, self._kind = published, producer.kind
        self._codec, self._clock = codec.mime_type, codec.clock_rate
        self._layered = producer.type != "simple"
        self._meters.clear()
        self._stats: Sequence[InboundRtpStats] = ()
        self._fps: tuple[float, float] | None = None
        self._alike, self._alike_since = 0, 0.0

    @property
    def silent_s(self) -> float | None:
        """Seconds since its last packet; None while paused."""
        return self._silence.seconds

    @property
    def _still(self) -> bool:
        """Whether nothing comes, as far as is known."""
        return self._silence.seconds is None or self._silence.seconds >= Silence.LEAST

    def feed(self, now: float, stats: Sequence[InboundRtpStats] | None) -> None:
        """Take what the worker told, None if it did not answer in time; ``now`` is monotonic, in seconds."""
        if stats is None:
            self._unanswered += 1
            if self._unanswered > UNANSWERED:
                self._stats = ()
                self._judge(now, UNKNOWN, ())
            return
        self._unanswered, self._stats = 0, stats
        packets, layers = 0, []
        for each in stats:
            meter = self._meters.get(each.ssrc) or self._begin(each.ssrc)
            packets += feed_inbound(meter, each)
            layers.append(meter.rates(repaired_apart=each.rtx_ssrc is not None))
        self.packets = packets
        paused = self.published.producer.paused
        self._silence.feed(now, packets, paused=paused)
        if self._fps is not None and self._still:  # What was seen before a pause or an outage is not seen after it.
            self._fps = None
        rates = combined(layers)
        if paused:
            self._alike = 0
        elif self.name == "camera":  # What others send depends on what there is to see or to hear.
            self._usual_bitrate.feed(rates.bitrate)
        self._judge(now, rates, layers)

    def _begin(self, ssrc: int) -> Meter:
        meter = self._meters[ssrc] = Meter()
        return meter

    def counted_pictures(self, now: float, counted: Counted) -> None:
        """Take what a handful of pictures told; of none, while nothing comes, there is nothing to tell."""
        if self._still:
            return
        self._fps = now, round(counted.fps, 1)
        self._usual_fps.feed(counted.fps)
        if counted.spread is None or counted.spread > self._bounds.frozen_percent:
            self._alike = 0
        else:
            self._alike_since = now if self._alike == 0 else self._alike_since
            self._alike += 1

    def _pictures(self, now: float, silent: float | None) -> float | None:
        if silent is None:
            return None
        if silent >= Silence.LEAST:
            return 0.0
        return None if self._fps is None or now - self._fps[0] > OLDEST_COUNT else self._fps[1]

    def _judge(self, now: float, rates: Rates, layers: Sequence[Rates]) -> None:
        silent = tenth(self._silence.seconds)
        flowing = silent is not None and silent < Silence.LEAST
        active = [each for each in self._stats if each.bitrate] if flowing else []
        measured = self._measured(now, rates, silent, active)
        verdict = self.verdict = self._health.feed(measured)
        apart = self._stats and self._stats[0].rtx_ssrc is not None
        self.shown = api.Source(
            source=self.name, producer=self.published.producer.id, kind=self._kind, codec=self._codec,
            paused=measured.paused, level=verdict.level.word, reasons=verdict.reasons, health=verdict.health,
            bitrate=measured.bitrate, packets=measured.packets, loss=measured.loss,
            loss_from=None if measured.loss is None else "rtx" if apart else "packets",
            repaired=hundredth(rates.repaired), rtt_ms=measured.rtt_ms,
            rtt_from=None if measured.rtt_ms is None else "xr", jitter_ms=measured.jitter_ms, fps=measured.fps,
            gap_s=tenth(self._silence.gap(now)), silent_s=silent,
            layer=self._top_layer(active) if self._layered else None,
            layers=self._layers(layers) if len(layers) > 1 else (), score=measured.score,
        )  # fmt: skip

    def _measured(
        self, now: float, rates: Rates, silent: float | None, active: Sequence[InboundRtpStats]
    ) -> Measured:  # fmt: skip
        """Return what is known now; of several encodings the worst, but the best score."""
        trip, jitter, score = 0.0, -1, -1
        for each in active:
            if each.round_trip_time > trip:
                trip = each.round_trip_time
            if each.jitter > jitter:
                jitter = each.jitter
            # The worker never lowers the score of a single encoding whose packets stop.
            if each.score > score:
                score = each.score
        return Measured(
            source=self.name,
            paused=self.published.producer.paused,
            loss=hundredth(rates.loss),
            rtt_ms=tenth(trip) if trip else None,
            jitter_ms=tenth(milliseconds(jitter, self._clock)) if active else None,
            bitrate=whole(rates.bitrate),
            usual_bitrate=self._usual_bitrate.value,
            fps=self._pictures(now, silent) if self._kind == "video" else None,
            usual_fps=self._usual_fps.value,
            silent_s=silent,
            packets=tenth(rates.packets),
            packet_bytes=rates.packet_bytes,
            score=score if active else None,
            still_s=now - self._alike_since if self._alike >= ALIKE else None,
        )

    def _layers(self, layers: Sequence[Rates]) -> tuple[api.Layer, ...]:
        order = sorted(zip(self._stats, layers, strict=True), key=lambda pair: self._place(pair[0]))
        return tuple(
            api.Layer(rid=stats.rid, bitrate=whole(rates.bitrate), loss=hundredth(rates.loss), score=stats.score)
            for stats, rates in order
        )

    def _place(self, stats: InboundRtpStats) -> int:
        """Return which encoding of the producer this is."""
        for index, encoding in enumerate(self.published.producer.rtp_parameters.encodings):
            if stats.ssrc == encoding.ssrc or (stats.rid is not None and stats.rid == encoding.rid):
                return index
        return len(self.published.producer.rtp_parameters.encodings)

    def _top_layer(self, active: Sequence[InboundRtpStats]) -> str | None:
        """Return the largest layer that arrives, of simulcast the encoding, of SVC what the worker tells apart."""
        if not active:
            return None
        if self.published.producer.type == "simulcast":
            top = max(active, key=self._place)
            temporal = [each.split(".")[1] for each, bitrate in top.bitrate_by_layer.items() if bitrate]
            return f"{self._place(top)}.{max(temporal, default='0')}"
        return max((each for each, bitrate in active[0].bitrate_by_layer.items() if bitrate), default=None)


def whole(value: float | None) -> float | None:
    """Round to whole bits or bytes, so that a frame does not carry digits nobody measured."""
    return None if value is None else float(round(value))


def tenth(value: float | None) -> float | None:
    """Round to a tenth."""
    return round(value, 1) if value else value  # Often it is nothing at all, which needs no rounding.


def hundredth(value: float | None) -> float | None:
    """Round to a hundredth."""
    return round(value, 2) if value else value
