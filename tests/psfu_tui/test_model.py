from __future__ import annotations

from psfu_tui.links import Link
from psfu_tui.masking import Mask
from psfu_tui.model import LATE, Condition, Model
from support.crowd import Crowd
from support.watching import KEY, happening


def model() -> Model:
    return Model(mask=Mask(KEY))


def told(condition: Condition) -> tuple[str, str, bool]:
    return condition.phase, condition.text, condition.stale


def test_a_screen_says_what_it_is_worth() -> None:
    crowd, watched = Crowd(2), model()
    watched.connect(Link(state="connecting"), 0.0)
    assert told(watched.condition(1.0)) == ("connecting", "", False)
    watched.connect(Link(state="live"), 1.0)
    watched.take(crowd.frame(), 1.0)
    assert told(watched.condition(1.0)) == ("live", "13:00:01", False)
    assert told(watched.condition(1.0 + LATE)) == ("live", "13:00:01", False)
    assert told(watched.condition(6.0)) == ("late", "no news for 5s · numbers are of 13:00:01", True)
    watched.connect(Link(state="disconnected", text="no daemon"), 10.0)
    watched.connect(Link(state="disconnected", text="not allowed"), 12.0)
    assert told(watched.condition(22.0)) == ("disconnected", "for 12s · numbers are of 13:00:01 · not allowed", True)


def test_before_the_first_numbers_none_are_claimed() -> None:
    watched = model()
    watched.connect(Link(state="disconnected", text="no daemon"), 10.0)
    assert told(watched.condition(11.0)) == ("disconnected", "for 1s · no daemon", True)


def test_while_paused_everything_is_remembered_and_nothing_moves() -> None:
    crowd, watched = Crowd(1), model()
    watched.connect(Link(state="live"), 0.0)
    first, second = crowd.frame(), crowd.frame()
    watched.take(first, 1.0)
    watched.pause(2.0)
    watched.take(second, 3.0)
    assert (watched.frame, watched.newest) == (first, second)
    assert told(watched.condition(64.0))[0] == "paused"
    assert "1m02s" in watched.condition(64.0).text
    key = first.candidates[0].room, first.candidates[0].id
    assert None not in watched.trends.series(key, "bitrate", 2)
    watched.resume()
    assert watched.frame is second


def test_disconnected_is_told_even_while_paused() -> None:
    watched = model()
    watched.take(Crowd(1).frame(), 1.0)
    watched.pause(2.0)
    watched.connect(Link(state="disconnected", text="gone"), 3.0)
    assert watched.condition(4.0).phase == "disconnected"


def test_people_are_found_by_room_and_id() -> None:
    watched = model()
    assert watched.candidate(("exam-101", "s20230000")) is None
    watched.take(Crowd(3).frame(), 1.0)
    found = watched.candidate(("exam-101", "s20230000"))
    assert found is not None and found.id == "s20230000"
    assert watched.candidate(("exam-102", "s20230000")) is None
    assert watched.proctor(("exam-101", "proctor-1")) is not None


def test_the_mask_hides_only_while_it_is_on() -> None:
    watched = model()
    watched.take(Crowd(1).frame(), 1.0)
    found = watched.candidate(("exam-101", "s20230000"))
    assert found is not None
    assert watched.shown_candidate(found) is found
    assert watched.shown_text("Ana Kovač s20230000") == "Ana Kovač s20230000"
    watched.masked = True
    assert "Ana" not in watched.shown_candidate(found).name
    assert "Ana" not in watched.shown_text("Ana Kovač s20230000")
    assert watched.shown_happening(happening(note="Ana")).note == "(hidden)"
    assert watched.shown_peer("") == ""
