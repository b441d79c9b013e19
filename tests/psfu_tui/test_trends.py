from __future__ import annotations

from msgspec.structs import replace

from proctor_sfu.control.api.quality import Candidate, Frame
from psfu_tui.trends import SECONDS, WORKERS, Trends, column, load
from support import frames

KEY = ("exam-1", "cand-001")


def second(seq: int, *candidates: Candidate) -> Frame:
    return replace(frames.frame(candidates=candidates), seq=seq)


def ana(bitrate: float | None = 100.0, loss: float | None = 0.5) -> Candidate:
    return frames.candidate(1, bitrate=bitrate, loss=loss)


def test_numbers_are_remembered_in_their_order() -> None:
    trends = Trends()
    for seq, bitrate in enumerate((10.0, None, 30.0), start=5):
        trends.add(second(seq, ana(bitrate)))
    assert trends.series(KEY, "bitrate", 5) == [None, None, 10.0, None, 30.0]
    assert trends.series(KEY, "loss", 2) == [0.5, 0.5]


def test_seconds_that_were_missed_are_holes() -> None:
    trends = Trends()
    trends.add(second(5, ana(10.0)))
    trends.add(second(8, ana(20.0)))
    trends.add(second(8, ana(99.0)))
    assert trends.series(KEY, "bitrate", 4) == [10.0, None, None, 20.0]


def test_a_long_gap_or_going_back_begins_anew() -> None:
    trends = Trends()
    trends.add(second(5, ana(10.0)))
    trends.add(second(4, ana(20.0)))
    assert trends.series(KEY, "bitrate", 3) == [None, None, 20.0]
    trends.add(second(4 + SECONDS, ana(30.0)))
    assert trends.series(KEY, "bitrate", 3) == [None, None, 30.0]


def test_people_come_and_go() -> None:
    trends = Trends()
    trends.add(second(1, ana(1.0)))
    trends.add(second(2, frames.candidate(2), ana(2.0)))
    trends.add(second(3, frames.candidate(2)))
    trends.add(second(4, ana(4.0), frames.candidate(2)))
    assert trends.series(KEY, "bitrate", 4) == [1.0, 2.0, None, 4.0]
    assert trends.series(("exam-1", "nobody"), "bitrate", 2) == [None, None]
    assert Trends().series(KEY, "bitrate", 2) == []


def test_only_the_last_ten_minutes_are_kept() -> None:
    trends = Trends()
    for seq in range(1, SECONDS + 100):
        trends.add(second(seq, ana(float(seq))))
    assert trends.series(KEY, "bitrate")[0] == 100.0
    assert len(trends.series(KEY, "bitrate", SECONDS + 5)) == SECONDS + 5


def test_the_line_of_a_table_changes_every_few_seconds() -> None:
    trends = Trends()
    lines = set()
    for seq in range(1, 91):
        trends.add(second(seq, ana(0.0 if seq > 60 else 100.0)))
        lines.add(trends.line(KEY))
    assert len(lines) <= 31
    assert len(trends.line(KEY)) == 10
    assert trends.line(KEY)[0] == "⠉"
    assert trends.line(KEY)[-1] == "⣀"


def test_without_a_screen_there_is_no_line() -> None:
    assert column(None).text(ana()) == "–"
    assert column(Trends()).text(ana()) == "–"


def test_the_load_of_a_worker_is_drawn_as_part_of_a_core() -> None:
    trends = Trends(WORKERS)
    for seq in range(1, 91):
        cpu = None if seq < 36 else 0.0 if seq < 60 else 50.0 if seq < 72 else 140.0
        trends.add(replace(frames.frame(), workers=(frames.worker(7, cpu=cpu),), seq=seq))
    worker = frames.worker(7)
    assert load(trends).text(worker) == " ▁▁▁▁▄▄███"
    assert load(trends).text(frames.worker(8)) == " " * 10
    assert load(None).text(worker) == load(Trends(WORKERS)).text(worker) == "–"
