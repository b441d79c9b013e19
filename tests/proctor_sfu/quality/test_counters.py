from __future__ import annotations

from typing import Any

from proctor_sfu.mediasoup.stats import InboundRtpStats
from proctor_sfu.quality.counters import LOSS, Counters, Histogram, Sent, Sums, Tally
from support.frames import candidate, frame, source


def stream(**changed: Any) -> InboundRtpStats:
    values: dict[str, Any] = dict.fromkeys(InboundRtpStats._fields, 0)
    values |= {"ssrc": 1, "kind": "video", "mime_type": "video/VP8", "rid": None, "rtx_ssrc": None}
    return InboundRtpStats(**(values | changed))


def test_sums_keep_what_vanished_streams_counted() -> None:
    tally = Tally()
    tally.feed([("a", stream(packet_count=10, byte_count=100, packets_lost=2)), ("b", stream(packet_count=5))])
    tally.feed([("b", stream(packet_count=7))])
    tally.feed([])
    tally.feed([("c", stream(packet_count=1, nack_packet_count=3, pli_count=1, fir_count=1, packets_repaired=2))])
    assert tally.sums == Sums(packets=18, octets=100, lost=2, repaired=2, nacks=3, key_frames=2)


def test_counters_that_wrap_or_begin_again() -> None:
    tally = Tally()
    tally.feed([("a", stream(packet_count=(1 << 32) - 10))])
    before = tally.sums.packets
    tally.feed([("a", stream(packet_count=5))])
    assert tally.sums.packets - before == 15
    tally.feed([("a", stream(packet_count=900))])
    tally.feed([("a", stream(packet_count=3))])
    assert tally.sums.packets - before == 15 + 895 + 3


def test_a_counter_never_goes_down() -> None:
    tally = Tally()
    for lost in (5, 9, 4294967290, 3):
        before = tally.sums.lost
        tally.feed([("a", stream(packets_lost=lost))])
        assert tally.sums.lost >= before
    assert tally.sums.lost < 100


def test_layers_of_one_producer_are_streams_of_their_own() -> None:
    tally = Tally()
    for count in (10, 20):
        tally.feed([("a", stream(ssrc=1, packet_count=count)), ("a", stream(ssrc=2, packet_count=3 * count))])
    assert tally.sums.packets == 80


def test_distributions() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 9.0, None):
        histogram.observe(value)
    assert histogram.cumulated() == [("1.0", 2.0), ("2.0", 3.0), ("+Inf", 4.0)]
    assert histogram.total == 12.0


def test_every_candidate_is_observed_once_a_frame_and_what_is_not_known_is_not() -> None:
    counters = Counters()
    sick = candidate(
        2, health=None, rtt_ms=None, sources=(source(loss=7.0), source("microphone", kind="audio", loss=None))
    )
    counters.frame(frame(candidates=(candidate(1), sick)))
    assert (sum(counters.health.counts), sum(counters.rtt.counts)) == (1, 1)
    assert counters.rtt.total == 0.0205
    assert (sum(counters.loss["video"].counts), sum(counters.loss["audio"].counts)) == (2, 1)
    assert counters.loss["video"].counts[LOSS.index(0.1)] == 1


def test_bytes_that_are_sent_only_grow() -> None:
    sent = Sent()
    sent.feed({"a": 100, "b": 50})
    sent.feed({"a": 130, "b": None})  # Its worker is late.
    assert sent.total == 180
    sent.feed({"a": 130, "b": 60})
    sent.feed({"a": 140})  # One is gone.
    sent.feed({"a": 140, "c": 5})
    assert sent.total == 205
