"""One source of a candidate over time: counters of its encodings in, its line of the frame out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from proctor_sfu.control.api import quality as api
from proctor_sfu.mediasoup.stats import InboundRtpStats
from proctor_sfu.quality.health import Measured, SourceHealth, Verdict
from proctor_sfu.quality.rates import UNKNOWN, Meter, Rates, Silence, Usual, combined, feed_inbound, milliseconds
from proctor_sfu.rooms.peer import Published
from proctor_sfu.settings import Quality

UNANSWERED: Final = 3
"""Samples in a row without an answer after which numbers are not known any more."""

OLDEST_COUNT: Final = 60.0
"""Seconds a count of pictures is shown."""


class SourceTrack:
    """Follows one producer. `feed` once a second, then ``shown`` and ``verdict`` are those of that second."""

    def __init__(self, published: Published, bounds: Quality, now: float) -> None:
        codec = published.producer.rtp_parameters.codecs[0]
        self.published = published
        self.packets = 0
        """That came since the sample before."""
        self._codec = codec.mime_type
        self._clock = codec.clock_rate
        self._meters: dict[int, Meter] = {}
        self._silence = Silence(now)
        self._fps: tuple[float, float] | None = None
        self._usual_bitrate, self._usual_fps = Usual(), Usual()
        self._health = SourceHealth(bounds)
        self._unanswered = 0
        self._stats: Sequence[InboundRtpStats] = ()
        self.shown, self.verdict = self._judged(now, UNKNOWN, ())

    @property
    def silent_s(self) -> float | None:
        """Seconds since its last packet; None while paused."""
        return self._silence.seconds

    def feed(self, now: float, stats: Sequence[InboundRtpStats] | None) -> None:
        """Take what the worker told, None if it did not answer in time; ``now`` is monotonic, in seconds."""
        if stats is None:
            self._unanswered += 1
            if self._unanswered > UNANSWERED:
                self._stats = ()
                self.shown, self.verdict = self._judged(now, UNKNOWN, ())
            return
        self._unanswered = 0
        self._stats = stats
        self.packets = sum(feed_inbound(self._meter(each.ssrc), each) for each in stats)
        paused = self.published.producer.paused
        self._silence.feed(now, self.packets, paused=paused)
        each_rates = [self._meters[each.ssrc].rates(repaired_apart=each.rtx_ssrc is not None) for each in stats]
        rates = combined(each_rates) if each_rates else UNKNOWN
        if not paused:
            self._usual_bitrate.feed(rates.bitrate)
        self.shown, self.verdict = self._judged(now, rates, each_rates)

    def replace(self, published: Published) -> None:
        """Go on with another producer of the same source; the gap between the two counts."""
        codec = published.producer.rtp_parameters.codecs[0]
        self.published, self._codec, self._clock = published, codec.mime_type, codec.clock_rate
        self._meters.clear()
        self._stats, self._fps = (), None

    def _meter(self, ssrc: int) -> Meter:
        meter = self._meters.get(ssrc)
        if meter is None:
            meter = self._meters[ssrc] = Meter()
        return meter

    def counted_pictures(self, now: float, fps: float) -> None:
        """Take the pictures a second that were counted; see `pictures`."""
        self._fps = now, fps
        self._usual_fps.feed(fps)

    def _pictures(self, now: float) -> float | None:
        if self.published.producer.kind != "video" or self.published.producer.paused:
            return None
        if self._silence.seconds is not None and self._silence.seconds >= Silence.LEAST:
            return 0.0
        return None if self._fps is None or now - self._fps[0] > OLDEST_COUNT else self._fps[1]

    def _judged(self, now: float, rates: Rates, layers: Sequence[Rates]) -> tuple[api.Source, Verdict]:
        producer, source = self.published.producer, self.published.source
        silent = self._silence.seconds
        flowing = silent is not None and silent < Silence.LEAST
        active = [each for each in self._stats if each.bitrate] if flowing else []
        rtt = max((each.round_trip_time for each in active), default=0.0) or None
        jitter = max((each.jitter for each in active), default=None)
        jitter_ms = None if jitter is None else milliseconds(jitter, self._clock)
        # The worker never lowers the score of a single encoding whose packets stop.
        score = max((each.score for each in active), default=None)
        fps = self._pictures(now)
        verdict = self._health.feed(
            Measured(
                source=source.value, paused=producer.paused, loss=rates.loss, rtt_ms=rtt, jitter_ms=jitter_ms,
                bitrate=rates.bitrate, usual_bitrate=self._usual_bitrate.value, fps=fps,
                usual_fps=self._usual_fps.value, silent_s=silent, packets=rates.packets,
                packet_bytes=rates.packet_bytes, score=score,
            )
        )  # fmt: skip
        apart = any(each.rtx_ssrc is not None for each in self._stats)
        shown = api.Source(
            source=source.value, producer=producer.id, kind=producer.kind, codec=self._codec, paused=producer.paused,
            level=verdict.level.word, reasons=verdict.reasons, health=verdict.health,
            bitrate=whole(rates.bitrate), packets=tenth(rates.packets), loss=hundredth(rates.loss),
            loss_from=None if rates.loss is None else "rtx" if apart else "packets",
            repaired=hundredth(rates.repaired), rtt_ms=tenth(rtt), rtt_from=None if rtt is None else "xr",
            jitter_ms=tenth(jitter_ms), fps=tenth(fps), gap_s=tenth(self._silence.gap(now)), silent_s=tenth(silent),
            layer=self._top_layer(active), layers=self._layers(layers), score=score,
        )  # fmt: skip
        return shown, verdict

    def _layers(self, layers: Sequence[Rates]) -> tuple[api.Layer, ...]:
        if len(layers) < 2:
            return ()
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
        kind = self.published.producer.type
        if kind == "simulcast" and active:
            top = max(active, key=self._place)
            temporal = [each.split(".")[1] for each, bitrate in top.bitrate_by_layer.items() if bitrate]
            return f"{self._place(top)}.{max(temporal, default='0')}"
        if kind == "svc" and active:
            arriving = [each for each, bitrate in active[0].bitrate_by_layer.items() if bitrate]
            return max(arriving, default=None)
        return None


def whole(value: float | None) -> float | None:
    """Round to whole bits or bytes, so that a frame does not carry digits nobody measured."""
    return None if value is None else float(round(value))


def tenth(value: float | None) -> float | None:
    """Round to a tenth."""
    return None if value is None else round(value, 1)


def hundredth(value: float | None) -> float | None:
    """Round to a hundredth."""
    return None if value is None else round(value, 2)
