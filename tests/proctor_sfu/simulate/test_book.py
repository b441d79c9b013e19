"""From events to numbers: spreads, media by group, delays, processes, and the verdict."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proctor_sfu.simulate import events
from proctor_sfu.simulate.book import TROUBLES, Book, spread
from proctor_sfu.simulate.formats import CAMERA
from proctor_sfu.simulate.impairment import Impairment
from proctor_sfu.simulate.limits import Limits, judged
from proctor_sfu.simulate.plan import Part, Plan, Visit, cast
from proctor_sfu.simulate.results import Result

PLAN = Plan(candidates=3, proctors=1, duration=30.0, impaired=1, impairment=Impairment(loss=0.1))
BAD, GOOD, OTHER = "sim-1", "sim-2", "sim-3"


def joined(peer: str, took: float, *, again: bool = False) -> events.Joined:
    return events.Joined(peer=peer, role="candidate", at=1.0, took=took, again=again)


def watched(peer: str, source: str, **given: object) -> events.Watched:
    usual = {"offered": 10.5, "active": 10.0, "arrived": 200, "packets": 900, "lost": 0, "repaired": 0, "began": True}
    return events.Watched(viewer="sim-proctor-1", peer=peer, source=source, **{**usual, **given})  # type: ignore[arg-type]


def first(peer: str, source: str, took: float) -> events.First:
    return events.First(viewer="sim-proctor-1", peer=peer, source=source, at=1.0, took=took)


def gap(peer: str, seconds: float) -> events.Gap:
    return events.Gap(viewer="sim-proctor-1", peer=peer, source="camera", at=1.0, seconds=seconds)


def pulse(at: float, **given: object) -> events.Pulse:
    usual = {"present": {"candidate": 2}, "arrived": 0, "received": 0, "lag": 0.0, "cpu": 0.0, "memory": 1}
    return events.Pulse(at=at, **{**usual, **given})  # type: ignore[arg-type]


def booked(*taken: events.Event, parts: list[Part] | None = None) -> Book:
    book = Book(PLAN, parts or cast(PLAN))
    for event in taken:
        book.take(0, event)
    return book


def result(book: Book, *, complete: bool = True, code: int = 0) -> Result:
    process = book.process(0, pid=77, peers=4, exit_code=code, said=["a line"])
    return book.result(room="r", zero=100.0, duration=30.0, complete=complete, processes=[process])


def everybody() -> list[events.Event]:
    return [joined(part.peer, 0.1) for part in cast(PLAN)]


def test_a_percentile_is_the_smallest_value_that_so_many_do_not_exceed() -> None:
    assert spread([]) is None
    found = spread([number / 1000 for number in range(100, 0, -1)])
    assert found is not None
    assert (found.count, found.min, found.p50, found.p95, found.p99, found.max) == (100, 1, 50, 95, 99, 100)
    alone = spread([0.25])
    assert alone is not None
    assert (alone.min, alone.p50, alone.p99, alone.max) == (250, 250, 250, 250)


def test_joins_and_rejoins_are_told_apart() -> None:
    found = result(booked(joined(GOOD, 0.1), joined(OTHER, 0.3), joined(GOOD, 0.7, again=True)))
    assert found.joined == 2
    assert found.join_ms is not None and found.rejoin_ms is not None
    assert (found.join_ms.count, found.join_ms.max) == (2, 300)
    assert (found.rejoin_ms.count, found.rejoin_ms.max) == (1, 700)


def test_media_of_good_and_bad_networks_are_told_apart() -> None:
    found = result(
        booked(
            watched(GOOD, "camera"), watched(GOOD, "screen", arrived=50), watched(GOOD, "microphone", arrived=500),
            watched(BAD, "camera", arrived=100, lost=30, repaired=20),
            first(GOOD, "camera", 0.2), first(GOOD, "microphone", 0.05), first(BAD, "camera", 2.0), gap(BAD, 1.5),
            gap(BAD, 2.5),
        )
    )  # fmt: skip
    clean, bad = found.clean, found.impaired_media
    assert (clean.views, clean.pictures, clean.pictures_expected) == (3, 250, 250)
    assert (clean.pictures_percent, clean.sound_percent, clean.gaps) == (100.0, 100.0, 0)
    assert clean.first_picture_ms is not None and clean.first_picture_ms.max == 200
    assert clean.first_sound_ms is not None and clean.first_sound_ms.max == 50
    assert bad is not None
    assert (bad.pictures_percent, bad.lost, bad.repaired) == (50.0, 30, 20)
    assert (bad.gaps, bad.gap_longest_s, bad.gap_total_s) == (2, 2.5, 4.0)


def test_who_vanishes_has_a_bad_network_too() -> None:
    stays = (Visit(arrive=0.0, depart=9.0, how="vanish"), Visit(arrive=10.0, depart=30.0, how="end"))
    parts = [replace(part, visits=stays) if part.peer == OTHER else part for part in cast(PLAN)]
    found = result(booked(gap(OTHER, 2.0), parts=parts))
    assert (found.impaired, found.clean.gaps) == (2, 0)
    assert found.impaired_media is not None and found.impaired_media.gaps == 1


def test_without_a_bad_network_there_are_no_numbers_of_one() -> None:
    assert result(Book(replace(PLAN, impaired=0), cast(replace(PLAN, impaired=0)))).impaired_media is None


def test_a_view_that_ends_early_is_not_one_that_never_began() -> None:
    nothing = {"arrived": 0, "active": 0.0, "began": False}
    found = result(booked(watched(GOOD, "camera", offered=1.0, **nothing), watched(GOOD, "screen", **nothing)))
    assert found.clean.never_began == 1


def test_the_delay_is_from_the_picture_due_to_the_picture_seen() -> None:
    stretch = events.Stretch(peer=GOOD, source="camera", height=CAMERA.height, at=50.0, number=0)
    seen = events.Seen(
        viewer="sim-proctor-1", peer=GOOD, source="camera", height=CAMERA.height,
        pictures=((0, 50.08), (20, 51.1), (100, 54.0)), unreadable=0,
    )  # fmt: skip
    delay = result(booked(stretch, seen)).clean.delay_ms
    assert delay is not None
    assert (delay.count, delay.min, delay.max) == (2, 80, 100), "number 100 was not due before it was seen"


def test_troubles_are_told_up_to_a_number_and_counted_beyond() -> None:
    troubles = [events.Trouble(peer=GOOD, at=101.5, code="network", reason="why") for _ in range(TROUBLES + 3)]
    found = result(booked(*troubles))
    assert found.trouble_count == TROUBLES + 3
    assert len(found.troubles) == TROUBLES
    assert (found.troubles[0].at_s, found.troubles[0].code) == (1.5, "network")


def test_how_it_goes_is_the_difference_of_the_last_two_pulses() -> None:
    book = booked(
        pulse(1.0, received=0), pulse(2.0, received=1_000_000, arrived=100, cpu=0.5, lag=0.2),
        pulse(3.0, received=1_500_000, arrived=300, cpu=0.8, lag=0.01),
    )  # fmt: skip
    book.take(1, pulse(3.0, present={"proctor": 1}))
    now = book.now(3.0)
    assert (now.candidates, now.proctors) == (2, 1)
    assert now.megabits == pytest.approx(4.0)
    assert (now.arrived, now.cpu, now.lag_ms) == pytest.approx((200, 0.3, 10))
    assert book.process(0, pid=1, peers=3, exit_code=0, said=()).lag_ms == 200
    assert booked().now(0.0).megabits == 0


def broken(*taken: events.Event, limits: Limits | None = None, complete: bool = True, code: int = 0) -> list[str]:
    found = judged(result(booked(*taken), complete=complete, code=code), limits or Limits())
    assert found.ok == (not found.broken)
    return list(found.broken)


def test_what_keeps_all_limits_is_ok() -> None:
    assert broken(*everybody(), watched(GOOD, "camera"), first(GOOD, "camera", 0.2), gap(BAD, 20.0)) == []


@pytest.mark.parametrize(
    ("event", "limits", "said"),
    [
        (joined(GOOD, 9.0), Limits(join=8.0), "95 of 100 joins took up to 9.00 s, limit 8 s"),
        (
            first(GOOD, "camera", 2.5),
            Limits(first_picture=1.0),
            "95 of 100 first pictures took up to 2.50 s, limit 1 s",
        ),
        (watched(GOOD, "camera", arrived=100), Limits(), "50.0 % of the pictures arrived, limit 95 %"),
        (
            watched(GOOD, "camera", arrived=0, active=0.0, began=False),
            Limits(),
            "1 of 1 views never showed anything",
        ),
        (gap(GOOD, 3.4), Limits(), "the longest gap was 3.4 s, limit 3 s"),
    ],
)
def test_what_is_not_kept_is_told(event: events.Event, limits: Limits, said: str) -> None:
    assert broken(*everybody(), event, limits=limits) == [said]


def test_who_never_joined_is_missed_unless_it_was_cut_short() -> None:
    assert broken(joined(GOOD, 0.1)) == ["3 of 4 never joined"]
    assert broken(joined(GOOD, 0.1), complete=False) == []


def trouble(peer: str, at: float) -> events.Trouble:
    return events.Trouble(peer=peer, at=at, code="closed", reason="the connection was closed with 1006")


def test_who_is_out_of_the_room_against_its_will_is_missed() -> None:
    away = "a peer was out of the room for {} s, limit 3 s"
    back = joined(GOOD, 0.1, again=True)
    assert broken(*everybody(), trouble(GOOD, back.at - 4.5), trouble(GOOD, back.at - 2.0), back) == [away.format(4.5)]
    assert broken(*everybody(), trouble(GOOD, back.at - 0.5), back) == []
    # The daemon died, and nobody came back until the end.
    assert broken(*everybody(), trouble(GOOD, 104.0)) == [away.format(26.0)]
    assert broken(*everybody(), trouble(BAD, 104.0)) == [], "with a bad network that is to be expected"
    assert broken(*everybody(), trouble(GOOD, 1.0), events.Left(peer=GOOD, at=2.0)) == []


def test_who_vanished_as_planned_has_to_be_let_in_again() -> None:
    stays = (Visit(arrive=0.0, depart=9.0, how="vanish"), Visit(arrive=10.0, depart=30.0, how="end"))
    parts = [replace(part, visits=stays) if part.peer == GOOD else part for part in cast(PLAN)]
    book = booked(*everybody(), events.Left(peer=GOOD, at=109.0), trouble(GOOD, 110.0), parts=parts)
    assert judged(result(book), Limits()).broken == ("a peer was out of the room for 20.0 s, limit 3 s",)


def test_returns_are_held_to_the_limit_of_joins() -> None:
    assert broken(*everybody(), joined(GOOD, 6.0, again=True)) == ["95 of 100 returns took up to 6.00 s, limit 5 s"]
    assert broken(*everybody(), joined(BAD, 6.0, again=True)) == [], "with a bad network that is to be expected"


def test_who_is_kicked_is_told_apart_and_not_missed() -> None:
    kicked = events.Kicked(peer=GOOD, at=104.0, reason="phone")
    assert broken(*everybody(), kicked) == []
    assert broken(*everybody(), trouble(GOOD, 102.0), kicked) == []
    found = result(booked(*everybody(), kicked))
    assert [(each.at_s, each.peer, each.reason) for each in found.kicks] == [(4.0, GOOD, "phone")]
    assert (found.trouble_count, found.away_longest_s) == (0, 0.0)


def test_rates_of_counters_that_begin_again_are_not_negative() -> None:
    before, after = pulse(10.0, received=5_000_000, arrived=900), pulse(11.0, received=0, arrived=0)
    now = booked(before, after).now(1.0)
    assert (now.megabits, now.arrived) == (0, 0)


def test_a_process_that_was_killed_is_told() -> None:
    assert broken(*everybody(), complete=False, code=-9) == [
        "process 77 with 4 simulated peers ended with -9"
    ]  # fmt: skip


def test_events_survive_the_pipe() -> None:
    for event in (*everybody(), watched(BAD, "screen"), gap(GOOD, 1.5), pulse(1.0), first(GOOD, "camera", 1.0),
                  events.Kicked(peer=BAD, at=1.0, reason="")):  # fmt: skip
        assert events.EVENT.validate_json(event.model_dump_json()) == event
