from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.quality import rates
from proctor_sfu.quality.rates import Gauge, Meter, Rates, Silence, Usual, combined, grown, moved


def fed(
    seconds: int, *, packets: int = 40, octets: int = 40_000, lost: int = 0, repaired: int = 0, start: int = 0
) -> Meter:
    """A stream that did this every second."""
    meter = Meter()
    for second in range(seconds + 1):
        meter.feed(
            second * 1000, packets=start + second * packets, octets=start + second * octets, lost=second * lost,
            repaired=second * repaired,
        )  # fmt: skip
    return meter


def test_nothing_is_known_of_a_stream_that_was_seen_once() -> None:
    assert fed(0).rates(repaired_apart=True) == rates.UNKNOWN


def test_rates_of_an_even_stream() -> None:
    found = fed(12).rates(repaired_apart=True)
    assert found == Rates(bitrate=320_000, packets=40, loss=0, repaired=0, packet_bytes=1000, sent=400)


def test_loss_is_what_was_not_repaired_when_repairs_come_apart() -> None:
    # 40 packets a second are counted: 38 that came, 2 of 4 lost ones that came again in the other stream.
    found = fed(10, packets=40, lost=4, repaired=2).rates(repaired_apart=True)
    assert found.sent == 420
    assert found.loss == pytest.approx(100 * 20 / 420)
    assert found.repaired == pytest.approx(100 * 20 / 420)


def test_what_was_not_lost_was_not_repaired() -> None:
    found = fed(10, packets=44, lost=0, repaired=4).rates(repaired_apart=True)
    assert (found.loss, found.repaired, found.sent) == (0, 0, 400)


def test_loss_is_as_told_when_repairs_come_in_the_same_stream() -> None:
    found = fed(10, packets=48, lost=2, repaired=3).rates(repaired_apart=False)
    assert found.loss == pytest.approx(100 * 20 / 500)
    assert found.repaired == pytest.approx(100 * 30 / 500)


def test_the_window_forgets() -> None:
    meter = fed(10, lost=4)
    for second in range(11, 22):
        meter.feed(second * 1000, packets=second * 40, octets=second * 40_000, lost=40, repaired=0)
    assert meter.rates(repaired_apart=True).loss == 0


def test_too_few_packets_have_no_share() -> None:
    found = fed(4, packets=2).rates(repaired_apart=True)
    assert (found.loss, found.repaired, found.packets) == (None, None, 2)


def test_late_packets_take_losses_back_but_never_below_nothing() -> None:
    meter = fed(5, lost=2)
    meter.feed(6000, packets=240, octets=240_000, lost=-15, repaired=0)
    assert meter.rates(repaired_apart=True).loss == 0


def test_what_was_missing_in_a_window_that_is_over() -> None:
    meter = Meter(rates.LONG + 5000)
    for second in range(30):
        lost, again = (20, 5) if second >= 18 else (0, 0)
        meter.feed(1000 * second, packets=40 * second, octets=0, lost=lost, repaired=again)
    # It happened 12 s ago: too long for the last ten seconds, but within those that ended 5 s ago.
    assert meter.missing(repaired_apart=True) == 0
    assert meter.missing(repaired_apart=True, ago=5000) == 15
    assert meter.missing(repaired_apart=False, ago=5000) == 20
    assert Meter().missing(repaired_apart=True) == 0


def test_a_negative_loss_that_reads_unsigned_is_no_flood() -> None:
    meter = fed(5)
    meter.feed(6000, packets=240, octets=240_000, lost=4294967281, repaired=0)
    meter.feed(7000, packets=280, octets=280_000, lost=4294967281 + 3, repaired=0)
    assert meter.rates(repaired_apart=False).loss == 0


def test_counters_wrap() -> None:
    start = (1 << 32) - 100_000
    meter = Meter()
    for second in range(6):
        meter.feed(
            second * 1000, packets=(start + second * 40) % (1 << 32), octets=(start + second * 40_000) % (1 << 32),
            lost=0, repaired=0,
        )  # fmt: skip
    assert meter.restarts == 0
    assert meter.rates(repaired_apart=True).bitrate == 320_000


def test_counters_that_begin_again_begin_a_new_window() -> None:
    meter = fed(8, lost=4)
    came = meter.feed(9000, packets=25, octets=25_000, lost=0, repaired=0)
    assert (came, meter.restarts) == (25, 1)
    assert meter.rates(repaired_apart=True) == rates.UNKNOWN
    meter.feed(10_000, packets=65, octets=65_000, lost=0, repaired=0)
    assert meter.rates(repaired_apart=True).bitrate == 320_000


@pytest.mark.parametrize("at", [7999, 8000, -5, 8000 + 3_600_000], ids=["back", "same", "before the start", "leap"])
def test_a_clock_that_steps_costs_a_window_and_no_false_number(at: int) -> None:
    meter = fed(8)
    assert meter.feed(at, packets=360, octets=360_000, lost=0, repaired=0) == 40
    assert meter.rates(repaired_apart=True) == rates.UNKNOWN
    meter.feed(at + 1000, packets=400, octets=400_000, lost=0, repaired=0)
    assert meter.rates(repaired_apart=True).bitrate == 320_000


@given(
    st.lists(
        st.tuples(*(st.integers(-(1 << 33), 1 << 33) for _ in range(5))), min_size=1, max_size=40
    ),
    st.booleans(),
)  # fmt: skip
def test_whatever_counters_do_rates_are_possible(samples: list[tuple[int, int, int, int, int]], apart: bool) -> None:
    meter = Meter()
    for at, packets, octets, lost, repaired in samples:
        assert meter.feed(at, packets=abs(packets), octets=abs(octets), lost=lost, repaired=abs(repaired)) >= 0
        found = meter.rates(repaired_apart=apart)
        for share in (found.loss, found.repaired):
            assert share is None or 0 <= share <= 100
        for rate in (found.bitrate, found.packets, found.packet_bytes):
            assert rate is None or rate >= 0


@given(st.integers(0, (1 << 32) - 1), st.integers(0, 1 << 20))
def test_growth_survives_the_wrap(before: int, step: int) -> None:
    assert grown(before, (before + step) % (1 << 32)) == step


def test_a_fall_that_is_no_wrap_is_a_new_beginning() -> None:
    assert grown(1000, 3) is None
    assert grown((1 << 40) + 5, 3) is None


@given(st.integers(-(1 << 31), (1 << 31) - 1), st.integers(-1000, 1000))
def test_signed_counters_move_both_ways(before: int, step: int) -> None:
    assert moved(before % (1 << 32), (before + step) % (1 << 32)) == step


def test_layers_together() -> None:
    one = Rates(bitrate=100, packets=10, loss=10, repaired=0, packet_bytes=50, sent=100)
    two = Rates(bitrate=300, packets=30, loss=2, repaired=4, packet_bytes=900, sent=300)
    assert combined([one, two]) == Rates(bitrate=400, packets=40, loss=4, repaired=3, packet_bytes=900, sent=400)
    idle = rates.UNKNOWN
    assert combined([two, idle]) == two
    assert combined([idle, idle]) == rates.UNKNOWN


def test_a_gauge_tells_growth_per_second() -> None:
    gauge = Gauge()
    assert [gauge.feed(at, value) for at, value in ((0, 5), (1, 7), (3, 8), (4, 1), (5, 2), (100, 50))] == [
        None, 2, 0.5, None, 1, None,
    ]  # fmt: skip


def test_what_is_usual_is_the_median_of_the_last_minute() -> None:
    usual = Usual()
    for rate in (None, 0, 100, 100, 100, 100):
        usual.feed(rate)
    assert usual.value is None
    usual.feed(100)
    assert usual.value == 100
    for _ in range(60):
        usual.feed(40)
    assert usual.value == 40


def silent(*packets: int, paused: tuple[int, ...] = ()) -> Silence:
    """One sample a second."""
    silence = Silence(0)
    for second, count in enumerate(packets, 1):
        silence.feed(second, count, paused=second in paused)
    return silence


def test_silence_is_counted_from_the_last_packet_even_if_none_ever_came() -> None:
    assert silent(5, 0, 0, 0).seconds == 3
    assert silent(0, 0, 0).seconds == 3
    assert silent(0, 0, 7).seconds == 0


def test_a_gap_is_what_was_silent_for_more_than_a_moment() -> None:
    assert silent(5, 0, 5, 0, 5).gap(5) == 0
    assert silent(5, 0, 0, 0, 5, 5).gap(6) == 3
    assert silent(5, 0, 0, 0).gap(4) == 3
    assert silent(5, 0, 0, 0, 5, 0, 0).gap(7) == 5


def test_a_pause_is_no_gap() -> None:
    silence = silent(5, 0, 0, 0, 0, 0, paused=(2, 3, 4, 5, 6))
    assert (silence.seconds, silence.gap(6)) == (None, 0)
    silence.feed(7, 0, paused=False)
    assert silence.seconds == 0


def test_gaps_are_forgotten_after_five_minutes() -> None:
    silence = silent(5, 0, 0, 0, 5)
    for second in range(6, 303):
        silence.feed(second, 5, paused=False)
    assert silence.gap(302) == pytest.approx(2)
    silence.feed(306, 5, paused=False)
    assert silence.gap(306) == 0


def test_a_long_silence_is_at_most_the_window() -> None:
    silence = Silence(0)
    for second in range(1, 1000):
        silence.feed(second, 0, paused=False)
    assert (silence.seconds, silence.gap(999)) == (999, 300)


def test_a_clock_that_leaps_is_no_gap() -> None:
    silence = silent(5, 5)
    silence.feed(5000, 0, paused=False)
    assert (silence.seconds, silence.gap(5000)) == (0, 0)
