"""The report: every gap and interruption is in it, what is not known is said, and a name cannot do anything to it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from msgspec.structs import replace

from proctor_sfu.clock import timestamp
from proctor_sfu.quality import report_page
from proctor_sfu.quality.archive import Archive, Recorded, RecordedEvent
from proctor_sfu.quality.collector import POINTS, Collector
from proctor_sfu.quality.report import CandidateReport, Report
from support.exams import BEGIN, HOSTILE, written
from support.frames import candidate, frame, room


def reported(path: Path, *, begin: float = BEGIN, end: float = BEGIN + 59, only: tuple[str, ...] = ()) -> Report:
    with Archive(path) as archive:
        collector = Collector("exam-1", begin, end, only=only)
        for each in archive.frames(begin, end):
            collector.add(each)
        return collector.report(archive.node, archive.version, archive.events(begin, end, room="exam-1"))


@pytest.fixture
def exam(tmp_path: Path) -> Report:
    return reported(written(tmp_path / "a.psfurec"))


def of(report: Report, name: str) -> CandidateReport:
    return next(each for each in report.candidates if each.id == name)


def second(at: str) -> float:
    return report_page._seconds(at) - BEGIN


def test_everybody_of_the_room_and_nobody_else(exam: Report) -> None:
    assert [each.id for each in exam.candidates] == ["ana", "bob"]
    assert (exam.room, exam.node, exam.frames, exam.step_s, exam.holes) == ("exam-1", "exam-server", 60, 1.0, ())


def test_states_follow_each_other_without_a_break(exam: Report) -> None:
    ana = of(exam, "ana")
    spans = [(each.what, second(each.begin), second(each.end)) for each in ana.states]
    assert spans == [
        ("live", 0, 20), ("degraded", 20, 30), ("live", 30, 40), ("reconnecting", 40, 48), ("live", 48, 59),
    ]  # fmt: skip
    assert (ana.live_s, ana.degraded_s, ana.away_s, ana.interruptions) == (42, 10, 8, 1)
    assert [(each.what, each.seconds) for each in of(exam, "bob").states] == [("live", 59)]


def test_a_gap_begins_when_the_media_stopped(exam: Report) -> None:
    [gap] = of(exam, "ana").gaps
    assert (gap.what, second(gap.begin), second(gap.end), gap.seconds) == ("camera", 19, 30, 11)
    assert of(exam, "ana").gap_s == 11
    assert of(exam, "bob").gaps == ()


def test_curves_have_a_value_where_one_was_known(exam: Report) -> None:
    curves = {each.name: each for each in of(exam, "ana").curves}
    assert list(curves) == ["health", "camera", "microphone", "loss", "repaired", "round trip", "jitter"]
    assert curves["loss"].mean[10] == 0.5 and curves["loss"].mean[44] is None
    assert curves["camera"].mean[25] == 0 and curves["camera"].mean[44] is None
    assert min(value for value in curves["health"].worst if value is not None) == 0
    assert (of(exam, "ana").loss_mean, of(exam, "ana").health_worst) == (0.5, 0)


def test_what_happened_is_told(exam: Report) -> None:
    assert [(each.kind, each.text) for each in of(exam, "ana").happened] == [
        ("level_changed", "warn (was ok): nothing arrives although nothing is paused"),
        ("peer_state_changed", "reconnecting (was live): media connection lost"),
    ]
    assert [second(each.at) for each in exam.incidents] == [20]


def test_who_is_lost_is_so_until_it_comes_back_also_when_the_list_has_forgotten_it(tmp_path: Path) -> None:
    """Lost from 10 on, off the list from 20 on, back from 40 to 50, and lost without a time to come back."""
    states = [*["live"] * 10, *["lost"] * 10, *[None] * 20, *["live"] * 10, *["lost"] * 5, *[None] * 5]
    collector = Collector("exam-1", BEGIN, BEGIN + 59)
    for number, state in enumerate(states):
        people = (candidate(2, id="bob"),) if state is None else (candidate(1, id="ana", state=state),)
        shown = frame(number + 1, at=timestamp(BEGIN + number), candidates=people, rooms=(room("exam-1"),))
        collector.add(Recorded(number + 1, BEGIN + number, shown))
    ana = of(collector.report("n", "v", ()), "ana")
    assert [(each.what, second(each.begin), second(each.end)) for each in ana.states] == [
        ("live", 0, 10), ("lost", 10, 40), ("live", 40, 50), ("lost", 50, 59),
    ]  # fmt: skip
    assert (ana.live_s, ana.away_s, ana.interruptions) == (20, 40, 2)


def test_who_is_lost_when_its_room_closes_is_not_lost_in_the_next_one_of_that_name(tmp_path: Path) -> None:
    collector = Collector("exam-1", BEGIN, BEGIN + 59)
    for number in range(60):
        people = (candidate(1, id="ana", state="lost"),) if number < 10 else ()
        rooms = () if 20 <= number < 30 else (room("exam-1"),)
        shown = frame(number + 1, at=timestamp(BEGIN + number), candidates=people, rooms=rooms)
        collector.add(Recorded(number + 1, BEGIN + number, shown))
    [lost] = of(collector.report("n", "v", ()), "ana").states
    assert (lost.what, second(lost.begin), second(lost.end)) == ("lost", 0, 19)


def test_a_hole_is_neither_good_nor_bad(tmp_path: Path) -> None:
    report = reported(written(tmp_path / "a.psfurec", missing=range(10, 25)))
    assert [(second(each.begin), second(each.end)) for each in report.holes] == [(9, 25)]
    bob = of(report, "bob")
    assert [(second(each.begin), second(each.end)) for each in bob.states] == [(0, 9), (25, 59)]
    assert bob.live_s == 45 + 1.5
    curves = {each.name: each for each in bob.curves}
    assert curves["health"].mean[15] is None


def test_a_time_before_the_first_frame_and_after_the_last_is_a_hole(tmp_path: Path) -> None:
    report = reported(written(tmp_path / "a.psfurec"), begin=BEGIN - 20, end=BEGIN + 90)
    assert [(second(each.begin), second(each.end)) for each in report.holes] == [(-20, 0), (59, 90)]
    assert [(second(each.begin), second(each.end)) for each in of(report, "bob").states] == [(0, 59)]


def test_incidents_of_two_daemons_are_two(tmp_path: Path) -> None:
    """Their numbers begin anew with each of them."""
    with Archive(written(tmp_path / "a.psfurec")) as archive:
        frames = list(archive.frames(BEGIN, BEGIN + 59))
    collector = Collector("exam-1", BEGIN, BEGIN + 59)
    for each in frames[:30]:
        collector.add(each)
    for each in frames[30:]:
        later = tuple(replace(one, at=timestamp(BEGIN + 50)) for one in each.frame.incidents)
        collector.add(each._replace(frame=replace(each.frame, incidents=later)))
    assert [second(each.at) for each in collector.report("n", "v", ()).incidents] == [20, 50]


def test_what_was_typed_is_told_unless_it_says_the_same() -> None:
    collector = Collector("exam-1", BEGIN, BEGIN + 59)
    events = [RecordedEvent(at=BEGIN, kind="peer_left", room="exam-1", peer="ana", details={"reason": reason})
              for reason in ("left", "kicked: cheating")]  # fmt: skip
    collector.add(Recorded(number=1, at=BEGIN, frame=frame(candidates=(candidate(1, id="ana", room="exam-1"),))))
    [ana] = collector.report("n", "v", events).candidates
    assert [each.text for each in ana.happened] == ["left", "left: kicked: cheating"]


def test_seconds_that_are_not_even_leave_no_breaks(tmp_path: Path) -> None:
    """A frame comes a little early or late, and seconds of a busy daemon are a little longer than those of a clock."""
    with Archive(written(tmp_path / "a.psfurec")) as archive:
        frames = list(archive.frames(BEGIN, BEGIN + 59))
    collector = Collector("exam-1", BEGIN, BEGIN + 61)
    for number, each in enumerate(frames):
        collector.add(each._replace(at=BEGIN + number * 1.03 + (0.2 if number % 3 == 1 else 0)))
    curves = {each.name: each for each in of(collector.report("n", "v", ()), "bob").curves}
    assert None not in curves["health"].mean


def test_a_clock_that_was_put_back_does_not_tell_a_time_twice(tmp_path: Path) -> None:
    path = written(tmp_path / "a.psfurec")
    report = reported(written(path))
    assert report.frames == 60
    assert [each.what for each in of(report, "bob").states] == ["live"]


def test_only_those_asked_for(tmp_path: Path) -> None:
    report = reported(written(tmp_path / "a.psfurec"), only=("bob",))
    assert [each.id for each in report.candidates] == ["bob"]


def test_a_long_exam_has_no_more_points(tmp_path: Path) -> None:
    path = written(tmp_path / "a.psfurec")
    report = reported(path, end=BEGIN + 5 * 3600)
    assert report.step_s == 20
    assert all(len(curve.mean) <= POINTS + 1 for each in report.candidates for curve in each.curves)


# The page.


class Checker(HTMLParser):
    """Fails for anything that would be fetched or run, and for tags that do not match."""

    EMPTY = frozenset({"meta", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.counts: dict[str, int] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.counts[tag] = self.counts.get(tag, 0) + 1
        assert tag not in ("script", "link", "img", "iframe", "object", "embed", "base", "form"), tag
        for name, value in attrs:
            assert not name.startswith("on") and name not in ("src", "action"), name
            assert name != "href" or (value or "").startswith("#"), value
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def checked(report: Report) -> tuple[str, Checker]:
    page = report_page.page(report)
    checker = Checker()
    checker.feed(page)
    checker.close()
    assert checker.open == []
    return page, checker


def test_the_page_needs_nothing_and_runs_nothing(exam: Report) -> None:
    page, checker = checked(exam)
    assert "url(" not in page and "@import" not in page and "http" not in page.replace("http-equiv", "")
    assert "\x1b" not in page and "\u202e" not in page
    assert HOSTILE.split("\x1b")[0] in "".join(checker.text), "shown as text"


def test_the_page_shows_what_was_collected(exam: Report) -> None:
    page, checker = checked(exam)
    text = " ".join(checker.text)
    for expected in ("exam-1: what the server measured", "exam-server", "Incidents", "Gaps", "What happened"):
        assert expected in text
    assert checker.counts["details"] == 2
    # A band and seven curves each; bob has a camera and no trouble.
    assert checker.counts["svg"] == 2 * 8
    assert page.count('class="reconnecting"') == 1 and page.count('class="gap') >= 2
    assert "camera 09:00" not in page


def test_a_page_with_a_hole_says_so(tmp_path: Path) -> None:
    page, _ = checked(reported(written(tmp_path / "a.psfurec", missing=range(10, 25))))
    assert "Nothing is known from" in page and 'class="hole"' in page


def test_a_page_of_nobody(tmp_path: Path) -> None:
    _, checker = checked(reported(written(tmp_path / "a.psfurec"), only=("nobody",)))
    assert "Nobody was in the room." in checker.text


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (0.3, 0.5), (1, 1), (3, 5), (5, 5), (7, 10), (412, 500), (1000, 1000)]
)
def test_scales_end_at_round_numbers(value: float, top: float) -> None:
    assert report_page._ceiling(value) == pytest.approx(top)
