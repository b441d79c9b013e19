"""What outlives a killed daemon, with real clients, and sources that have to be there, with real media."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from end_to_end.actors import CommandFailedError, is_sent
from end_to_end.daemon import Daemon, running
from end_to_end.exam import Crew, Exam
from proctor_sfu.control.client import Client
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.simulate import clip
from support.ports import free_port

PROMISE = 3.0
"""Seconds in which a missing source is told."""


def test_rooms_survive_kill_9_and_everybody_comes_back(
    worker_binary: WorkerBinary, crew: Crew, tmp_path: Path, report: Callable[[str], None]
) -> None:
    roster = tmp_path / "roster.csv"
    roster.write_text("ann,Ann\nbob,Bob\npam,Pam,proctor\nquin,Quin,proctor\n")
    settings = {"signaling": {"port": free_port()}, "tokens": {"leeway_seconds": 0}}
    with running(tmp_path, settings) as daemon:
        daemon.psfu(
            "rooms", "create", "exam", "--roster", str(roster), "--expires", "+3h", "--second-login", "takeover"
        )
        daemon.psfu("rooms", "create", "other", "--open")
        daemon.psfu("rooms", "create", "gone")
        daemon.psfu("rooms", "close", "gone", "--yes")
        daemon.psfu("rooms", "assign", "exam", "--groups", "1")
        tokens = {peer: token(daemon, role, peer) for peer, role in
                  {"ann": "candidate", "bob": "candidate", "pam": "proctor", "quin": "proctor"}.items()}  # fmt: skip
        back = token(daemon, "candidate", "eve")
        daemon.psfu("tokens", "revoke", "--sub", "eve", "--yes")
        actors = {peer: crew.take("candidate" if peer in ("ann", "bob") else "proctor") for peer in tokens}
        before = {room["id"]: settled(room) for room in daemon.psfu("rooms", "list")}
        watched = daemon.psfu("rooms", "assign", "exam")["viewers"]

        everybody_is_in(daemon, actors, tokens)
        workers = daemon.children()
        killed = time.monotonic()
        daemon.kill()
        assert [actor.wait(lambda event: event["event"] == "closed")["code"] for actor in actors.values()]
        daemon.start()
        up = time.monotonic() - killed
        everybody_is_in(daemon, actors, tokens)
        report(
            f"a killed daemon is back after {up:.1f} s, everybody sees and is seen {time.monotonic() - killed:.1f} s"
        )

        assert not set(workers) & set(daemon.children()), "workers of the dead daemon live on"
        assert {room["id"]: settled(room) for room in daemon.psfu("rooms", "list")} == before
        viewers = daemon.psfu("rooms", "assign", "exam")["viewers"]
        assert {each["viewer"]: each["candidates"] for each in viewers} == {
            each["viewer"]: each["candidates"] for each in watched
        }
        late = crew.take("candidate")
        with pytest.raises(CommandFailedError) as refused:
            late.login(daemon.url, "eve", back)
        assert refused.value.code == "token_revoked"
        numbers = [each["number"] for each in daemon.psfu("audit")]
        assert numbers == list(range(1, len(numbers) + 1)), "the audit counts on, and nothing is missing"
        for actor in (*actors.values(), late):
            crew.give_back(actor)


def token(daemon: Daemon, role: str, peer: str) -> str:
    return str(daemon.psfu("rooms", "token", "exam", "--role", role, "--sub", peer)["token"])


def settled(room: dict[str, Any]) -> dict[str, Any]:
    """What was said of a room, without what changes by itself."""
    moving = ("worker", "state", "candidates", "proctors", "producers", "consumers")
    return {name: value for name, value in room.items() if name not in moving}


def everybody_is_in(daemon: Daemon, actors: dict[str, Any], tokens: dict[str, str]) -> None:
    """Log in with the same tokens as ever; each proctor sees its own candidate and no other."""
    for peer, actor in actors.items():
        answer = actor.login(daemon.url, peer, tokens[peer])
        assert answer["resumed"] is False
        if actor.kind == "candidate":
            actor.do("publish", path=str(clip.make("vp8", 440)))
        else:
            actor.do("watch")
    for proctor, candidate in (("pam", "ann"), ("quin", "bob")):
        actors[proctor].sees(candidate, count=clip.FPS)
        offered = actors[proctor].all(lambda event: event["event"] == "consumer")
        assert {event["peer"] for event in offered} == {candidate}


@pytest.fixture
def demanding(exam: Exam) -> Exam:
    """A room that requires camera and screen."""
    exam.daemon.psfu("rooms", "close", exam.room, "--yes")
    exam.daemon.psfu("rooms", "create", exam.room, "--open", "--require", "camera,screen")
    return exam


def happened(exam: Exam, kind: str, *, after: float = 0.0) -> list[tuple[str, str, float]]:
    """Return peer, source and time of the events of a kind so far."""
    control = Client(exam.daemon.socket)
    found, _ = control.events.list(room=exam.room, kinds=[kind])
    return [
        (str(each.peer), str(each.details["source"]), at)
        for each in found
        if (at := seconds(each.at)) >= after
    ]  # fmt: skip


def seconds(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()


def told(exam: Exam, kind: str, peer: str, source: str, *, after: float) -> float:
    """Wait for an event about a source and return how long after ``after`` it was told."""
    for event in Client(exam.daemon.socket, timeout=20).events.follow(0, room=exam.room, kinds=[kind]):
        if (event.peer, event.details["source"]) == (peer, source) and seconds(event.at) >= after:
            return seconds(event.at) - after
    raise AssertionError(f"{kind} {peer} {source}: {happened(exam, kind)}")


def test_a_missing_source_is_told_within_three_seconds(demanding: Exam, report: Callable[[str], None]) -> None:
    exam = demanding
    ann, producers = exam.candidate("ann")
    joined = time.time()
    assert told(exam, "source_missing", "ann", "screen", after=joined - 5.0) <= 5.0 + PROMISE
    began = time.time()
    ann.request("pauseProducer", producerId=producers["camera"])
    paused = told(exam, "source_missing", "ann", "camera", after=began)
    ann.request("resumeProducer", producerId=producers["camera"])
    told(exam, "source_back", "ann", "camera", after=began)
    began = time.time()
    ann.request("closeProducer", producerId=producers["camera"])
    closed = told(exam, "source_missing", "ann", "camera", after=began)
    report(f"a missing camera is told {paused:.1f} s after it was paused, {closed:.1f} s after it ended")
    assert max(paused, closed) <= PROMISE
    assert {source for _, source, _ in happened(exam, "source_missing")} == {"camera", "screen"}


def test_a_lost_connection_is_not_a_missing_source(demanding: Exam) -> None:
    exam = demanding
    ann, _ = exam.candidate("ann")
    bob, _ = exam.candidate("bob")
    pam = exam.proctor("pam")
    pam.sees("ann", count=clip.FPS)
    told(exam, "source_missing", "ann", "screen", after=0.0)
    frozen = time.time()
    ann.freeze()
    try:
        # Another candidate is the clock: five seconds of its pictures, longer than the promise.
        bob.wait(is_sent, after=bob.mark(), count=5 * clip.FPS)
        assert [each for each in happened(exam, "source_missing", after=frozen) if each[0] == "ann"] == []
    finally:
        ann.thaw()
    mark = pam.mark()
    pam.sees("ann", after=mark, count=clip.FPS)
    cut = time.time()
    ann.do("cut")
    pam.told("peerState", after=mark, peerId="ann", state="reconnecting")
    bob.wait(is_sent, after=bob.mark(), count=5 * clip.FPS)
    assert [each for each in happened(exam, "source_missing", after=cut) if each[0] == "ann"] == []
