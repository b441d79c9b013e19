"""The frame as a whole: who is in it, for how long, what is asked, and what several have in common."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from proctor_sfu.control.api.quality import Candidate, Frame
from proctor_sfu.quality.overview import REMEMBERED, Moment, Overview
from proctor_sfu.quality.sampler import Answers
from proctor_sfu.rooms.presence import State
from proctor_sfu.rooms.profile import Expected
from proctor_sfu.rooms.roles import Source
from proctor_sfu.settings import Quality, Settings
from support import watched


class Exam:
    """A clock, rooms, and an overview of them."""

    def __init__(self, *rooms: Any, **quality: Any) -> None:
        self.rooms = {each.id: each for each in rooms}
        self.second = 0
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while the workers are asked."""
        pool: Any = SimpleNamespace(members=[], target=0, restarts=0)
        registry: Any = SimpleNamespace(rooms=self.rooms)
        self.overview = Overview(registry, pool, Settings(quality=Quality(**quality)), ready=lambda: True)

    async def go(
        self, seconds: int = 1, *, answers: Answers | None = None, full: bool = True, **more: Any
    ) -> Frame:  # fmt: skip
        """Let time pass and return the last frame."""
        for _ in range(seconds):
            self.second += 1
            self.overview.questions(float(self.second), full=full)
            people = [peer for room in self.rooms.values() for peer in room.peers.values()]
            told = watched.answers(people, self.second, **more) if answers is None else answers
            self.meanwhile()
            at = Moment(monotonic=float(self.second), wall=1.8e9 + self.second)
            frame = await self.overview.take(at, told, full=full, lag=0.001, spent=0.01)
        return frame


def of(frame: Frame, number: int) -> Candidate:
    return next(each for each in frame.candidates if each.id == f"candidate-{number:04}")


async def test_a_candidate_that_is_well() -> None:
    exam = Exam(watched.room("exam-1", [watched.candidate(1)]))
    shown = of(await exam.go(12), 1)
    assert (shown.state, shown.level, shown.reasons, shown.path, shown.recording) == ("live", "ok", (), "udp", "on")
    assert shown.bitrate == 8 * 130_000 and shown.loss == 0
    camera = shown.sources[0]
    assert camera.packets is not None and abs(camera.packets - 40) < 2 and camera.loss_from == "rtx"
    assert camera.rtt_ms is not None and camera.jitter_ms is not None and camera.score == 10


async def test_a_worker_that_does_not_answer_leaves_no_false_numbers() -> None:
    exam = Exam(watched.room("exam-1", [watched.candidate(1)]))
    await exam.go(12)
    kept = of(await exam.go(2, answers=Answers()), 1)
    assert kept.sources[0].bitrate is not None, "a second or two is bridged"
    unknown = of(await exam.go(6, answers=Answers()), 1)
    camera = unknown.sources[0]
    assert (camera.bitrate, camera.packets, camera.loss, camera.rtt_ms, camera.score) == (None,) * 5
    assert (unknown.bitrate, unknown.loss) == (None, None)
    assert unknown.level != "bad", "not knowing is not bad news of the candidate"


async def test_who_leaves_stays_for_a_minute_and_who_is_lost_for_as_long_as_it_is_set_or_the_room_is_there() -> None:
    room = watched.room("exam-1", [watched.candidate(number) for number in (1, 2, 3)])
    room.roster = {"candidate-0003": Expected(id="candidate-0003", name="X")}
    exam = Exam(room, lost_seconds=300)
    await exam.go(3)
    room.peers.clear()
    exam.overview.lost |= {("exam-1", "candidate-0002"), ("exam-1", "candidate-0003")}
    frame = await exam.go()
    assert [(each.state, each.level) for each in frame.candidates] == [
        ("left", "none"), ("lost", "bad"), ("lost", "bad"),
    ]  # fmt: skip
    frame = await exam.go(300)
    assert [(each.id, each.state) for each in frame.candidates] == [
        ("candidate-0002", "lost"), ("candidate-0003", "lost"),
    ]  # fmt: skip
    frame = await exam.go()
    assert [(each.id, each.state) for each in frame.candidates] == [("candidate-0003", "lost")], "it is expected"
    assert exam.overview.lost == {("exam-1", "candidate-0003")}
    exam.rooms.clear()
    assert (await exam.go()).candidates == ()


@pytest.mark.parametrize("seconds", [50, 70], ids=["in time", "too late"])
async def test_who_was_lost_and_comes_back_is_there_once_and_well(seconds: int) -> None:
    room = watched.room("exam-1", [watched.candidate(1)])
    exam = Exam(room, lost_seconds=60)
    await exam.go(5)
    for _ in range(2):
        room.peers.clear()
        exam.overview.lost.add(("exam-1", "candidate-0001"))
        await exam.go(seconds)
        room.peers["candidate-0001"] = watched.candidate(1)
        frame = await exam.go(5)
        assert [(each.id, each.state, each.level) for each in frame.candidates] == [("candidate-0001", "live", "ok")]
        assert exam.overview.lost == set()


async def test_who_comes_back_goes_on_where_it_was() -> None:
    room = watched.room("exam-1", [watched.candidate(1)])
    exam = Exam(room)
    await exam.go(5)
    peer = room.peers.pop("candidate-0001")
    await exam.go(4)
    again = watched.candidate(1)
    room.peers["candidate-0001"] = again
    frame = await exam.go(3)
    assert [each.state for each in frame.candidates] == ["live"]
    assert again is not peer


async def test_who_comes_back_after_leaving_has_lost_no_connection() -> None:
    room = watched.room("exam-1", [watched.candidate(1)])
    exam = Exam(room)
    await exam.go(5)
    room.peers.clear()
    await exam.go(4)
    again = room.peers["candidate-0001"] = watched.candidate(1)
    again.joined, again.sending, again.published = False, None, {}
    shown = of(await exam.go(3), 1)
    assert (shown.state, shown.level, shown.reasons, shown.state_s) == ("joining", "none", (), 2.0)
    fresh = watched.candidate(1)
    again.joined, again.sending, again.published = True, fresh.sending, fresh.published
    await exam.go(2)
    again.sending = None
    assert of(await exam.go(), 1).state == "reconnecting", "it had one by then"


async def test_who_leaves_while_the_workers_are_asked_is_told_as_gone_and_as_nothing_worse() -> None:
    people = [watched.candidate(number) for number in range(2)]
    watching = watched.proctor(1, people)
    room = watched.room("exam-1", [*people, watching])
    exam = Exam(room)
    await exam.go(12)

    def leave() -> None:
        for each in (people[1], watching):
            if room.peers.pop(each.id, None) is not None:
                each.joined, each.sending, each.receiving, each.published, each.viewed = False, None, None, {}, {}

    exam.meanwhile = leave
    frame = await exam.go()
    assert [(each.state, each.level) for each in frame.candidates] == [("live", "ok")] * 2
    assert [(each.state, each.level) for each in frame.proctors] == [("live", "ok")]
    frame = await exam.go()
    assert [(each.state, each.level) for each in frame.candidates] == [("live", "ok"), ("left", "none")]
    assert frame.proctors == ()


async def test_who_is_gone_is_not_recorded_and_lacks_nothing() -> None:
    people = [watched.candidate(number) for number in range(2)]
    room = watched.room("exam-1", people)
    exam = Exam(room)
    people[1].missing = frozenset({Source.SCREEN})
    assert (await exam.go(2)).daemon.recordings == 2
    del room.peers["candidate-0001"]
    frame = await exam.go()
    gone = of(frame, 1)
    assert (gone.state, gone.recording, gone.missing) == ("left", None, ())
    assert (frame.rooms[0].recordings, frame.daemon.recordings) == (1, 1)


async def test_what_a_client_said_of_its_uplink_is_forgotten_while_it_is_away() -> None:
    room = watched.room("exam-1", [watched.candidate(1)])
    exam, peer = Exam(room), room.peers["candidate-0001"]
    peer.uplink = SimpleNamespace(available=900_000)
    shown = of(await exam.go(2), 1)
    assert (shown.available_bitrate, shown.available_from) == (900_000, "client")
    peer.away = object()
    shown = of(await exam.go(), 1)
    assert (shown.state, shown.available_bitrate, shown.available_from) == ("reconnecting", None, None)


async def test_a_candidate_that_comes_back_as_a_proctor_leaves_no_candidate_behind() -> None:
    room = watched.room("exam-1", [watched.candidate(1)])
    exam = Exam(room)
    await exam.go(5)
    other = watched.proctor(1, ())
    other.id = "candidate-0001"
    room.peers["candidate-0001"] = other
    frame = await exam.go()
    assert [each.state for each in frame.candidates] == ["left"] and len(frame.proctors) == 1
    frame = await exam.go(int(REMEMBERED) + 2)
    assert frame.candidates == () and len(frame.proctors) == 1


async def test_a_source_that_is_ended_on_purpose_is_gone_and_one_that_is_lost_is_missed() -> None:
    room = watched.room("exam-1", [watched.candidate(1)])
    exam, peer = Exam(room), room.peers["candidate-0001"]
    await exam.go(5)
    screen = next(key for key, each in peer.published.items() if each.source is Source.SCREEN)
    del peer.published[screen]
    assert [each.source for each in of(await exam.go(), 1).sources] == ["camera", "microphone"]
    peer.away = object()
    assert of(await exam.go(), 1).state == "reconnecting"
    before, peer.published = peer.published, {}
    peer.sending = None
    shown = of(await exam.go(10), 1)
    assert (shown.state, [each.source for each in shown.sources]) == ("reconnecting", ["camera", "microphone"])
    # It publishes again: the time between is a gap.
    fresh = watched.candidate(1)
    peer.published, peer.sending, peer.away = fresh.published, fresh.sending, None
    shown = of(await exam.go(2), 1)
    assert before is not peer.published and shown.state == "live"
    assert shown.gap_s is not None and 9 <= shown.gap_s <= 13


async def test_required_sources_that_are_missing() -> None:
    room = watched.room("exam-1", [watched.candidate(1)])
    exam = Exam(room)
    await exam.go(2)
    room.peers["candidate-0001"].missing = frozenset({Source.SCREEN})
    shown = of(await exam.go(), 1)
    assert (shown.missing, shown.level, shown.reasons[0], shown.state) == (
        ("screen",), "bad", "source_missing", "degraded",
    )  # fmt: skip


async def test_those_on_the_roster_are_expected() -> None:
    room = watched.room("exam-1", [watched.candidate(1)])
    room.roster = {f"candidate-{number:04}": Expected(id=f"candidate-{number:04}", name="X") for number in (1, 2, 3)}
    room.gone = {"candidate-0003": State.LOST}
    frame = await Exam(room).go(2)
    assert [(each.id, each.state, each.level) for each in frame.candidates] == [
        ("candidate-0001", "live", "ok"), ("candidate-0002", "expected", "none"), ("candidate-0003", "lost", "bad"),
    ]  # fmt: skip
    [shown] = frame.rooms
    assert (shown.expected, shown.candidates, shown.live) == (3, 2, 1)


async def test_several_that_fall_at_once_are_an_incident_and_one_is_none() -> None:
    people = [watched.candidate(number, address=f"10.0.{number // 5}.{number}") for number in range(20)]
    exam = Exam(watched.room("exam-1", people[:10], pid=1), watched.room("exam-2", people[10:], pid=2))
    await exam.go(12)
    lost = {"candidate-0019": 0}
    for _ in range(12):
        lost["candidate-0019"] += 20
        frame = await exam.go(lost=lost)
    assert of(frame, 19).level == "bad" and frame.incidents == ()
    for step in range(12):
        for number in range(5, 10):
            lost[f"candidate-{number:04}"] = 20 * (step + 1)
        frame = await exam.go(lost=lost)
    [incident] = frame.incidents
    assert (incident.shared, incident.value, incident.room) == ("network", "10.0.1.0/24", "exam-1")
    assert incident.candidates == tuple(f"exam-1/candidate-{number:04}" for number in range(5, 10))
    assert (await exam.go(int(REMEMBERED) + 1)).incidents == ()


async def test_those_whose_network_is_cut_are_one_incident_within_7_seconds() -> None:
    people = [watched.candidate(number, address=f"10.0.{number // 5}.{number}") for number in range(10)]
    exam = Exam(watched.room("exam-1", people, pid=1))
    await exam.go(12)
    cut, rest = people[:4], people[4:]
    still, noticed = watched.answers(cut, 12), None
    for second in range(1, 40):
        told = watched.answers(rest, exam.second + 1)
        told.transports |= still.transports
        told.producers |= still.producers
        if second == 20:  # Their time to come back is over.
            exam.overview.lost |= {("exam-1", each.id) for each in cut}
            exam.rooms["exam-1"].peers = {each.id: each for each in rest}
        frame = await exam.go(answers=told)
        noticed = noticed or (second if frame.incidents else None)
    [incident] = frame.incidents
    assert of(frame, 0).state == "lost" and noticed is not None and noticed <= 7
    assert incident.summary == "4 candidates got worse at once: all in network 10.0.0.0/24, 1 other there is well"


async def test_a_proctors_own_downlink_is_told_apart() -> None:
    people = [watched.candidate(number) for number in range(4)]
    watching = watched.proctor(1, people)
    exam = Exam(watched.room("exam-1", [*people, watching]))
    frame = await exam.go(12)
    assert frame.candidates[0].watchers == ("proctor-1",)
    assert (frame.proctors[0].loss, frame.proctors[0].rtt_ms, frame.proctors[0].level) == (0, 30, "ok")
    for step in range(12):
        frame = await exam.go(lost={"proctor-1": 10 * (step + 1)})
    [shown] = frame.proctors
    assert shown.level == "bad" and shown.reasons == ("downlink",)
    assert {each.level for each in frame.candidates} == {"ok"}
    [incident] = frame.incidents
    assert (incident.shared, incident.value, len(incident.candidates)) == ("proctor", "proctor-1", 4)


async def test_a_proctors_bad_downlink_is_one_incident_even_if_proctors_are_asked_seldom() -> None:
    people = [watched.candidate(number) for number in range(4)]
    exam = Exam(watched.room("exam-1", [*people, watched.proctor(1, people)]))
    await exam.go(12)
    for step in range(12):
        frame = await exam.go(lost={"proctor-1": 10 * (step + 1)})
        if frame.incidents:
            break
    frame = await exam.go(4, full=False)
    assert [each.shared for each in frame.incidents] == ["proctor"]


async def test_those_who_are_lost_at_once_are_one_incident() -> None:
    """Also where nobody has time to come back, so that being lost is the first that is known of it."""
    people = [watched.candidate(number) for number in range(4)]
    room = watched.room("exam-1", people, pid=1)
    exam = Exam(room)
    await exam.go(12)
    exam.overview.lost |= {("exam-1", each.id) for each in people}
    room.peers.clear()
    assert [len(each.candidates) for each in (await exam.go(20)).incidents] == [4]


async def test_what_candidates_lose_is_not_their_proctors_fault() -> None:
    people = [watched.candidate(number) for number in range(4)]
    watching = watched.proctor(1, people)
    exam = Exam(watched.room("exam-1", [*people, watching]))
    await exam.go(12)
    losses = {each.id: 0 for each in people}
    for step in range(30):
        # A lossy minute, and a moment in which everything is lost at once.
        losses = {each: lost + (150 if step == 20 else 10) for each, lost in losses.items()}
        frame = await exam.go(lost=losses)
        assert (frame.proctors[0].loss, frame.proctors[0].level) == (0, "ok")
    assert {each.level for each in frame.candidates} == {"bad"}
    assert [each.shared for each in frame.incidents] != ["proctor"]


@pytest.mark.parametrize("count", [4, 40])
async def test_packets_to_proctors_are_told_once_they_are_known(count: int) -> None:
    """Each stream has 40 packets a second; of many only some are asked for, and the transport tells of the rest."""
    people = [watched.candidate(number) for number in range(count)]
    watching = watched.proctor(1, people)
    exam = Exam(watched.room("exam-1", [*people, watching]))
    viewed = [each.consumer for each in watching.viewed.values()]

    async def packets(seconds: int = 1) -> float | None:
        for _ in range(seconds):
            told = watched.answers([*people, watching], exam.second + 1)
            asked = {each.consumer.id for track in exam.overview.proctors.values() for each in track.to_ask()}
            told.consumers = {key: stats for key, stats in told.consumers.items() if key in asked}
            await exam.go(answers=told)
        return exam.overview.proctors["exam-1", "proctor-1"].packets_out

    assert await packets(2) is None, "not zero: nothing was measured yet"
    assert await packets(5) == pytest.approx(40 * count, rel=0.05)
    for each in viewed[1:]:
        each.producer_paused = True
    assert await packets(5) == pytest.approx(40)
    viewed[0].paused = True
    assert await packets() == 0


async def test_a_clock_that_leaps_makes_no_gaps_and_no_false_numbers() -> None:
    exam = Exam(watched.room("exam-1", [watched.candidate(1)]))
    await exam.go(12)
    exam.second += 3600
    shown = of(await exam.go(), 1)
    assert (shown.sources[0].bitrate, shown.sources[0].loss) == (None, None)
    shown = of(await exam.go(3), 1)
    assert shown.gap_s == 0
    assert shown.sources[0].bitrate == pytest.approx(360_000, rel=0.05)
