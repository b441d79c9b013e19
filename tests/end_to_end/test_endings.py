"""Kicks and killed workers: everybody concerned is told, nothing lingers, and the exam goes on."""

from __future__ import annotations

import os
import signal
import time

import pytest

from end_to_end.actors import CommandFailedError
from end_to_end.asking import until
from end_to_end.exam import Exam, Report
from end_to_end.test_media import pictures
from proctor_sfu.simulate import clip

LIVE = 5
"""Pictures after which media counts as flowing."""


def test_a_kick_closes_the_candidates_consumers_everywhere(exam: Exam, report: Report) -> None:
    proctors = [exam.proctor("pam"), exam.proctor("quin")]
    ann, _ = exam.candidate("ann")
    exam.candidate("bob", "h264", 880)
    for proctor in proctors:
        for peer in ("ann", "bob"):
            proctor.sees(peer, count=LIVE)
            proctor.offered(peer, "microphone")
    marks = [proctor.mark() for proctor in proctors]
    kicked = time.monotonic()
    exam.daemon.psfu("candidates", "kick", "ann", "--room", exam.room, "--reason", "phone on the desk", "--yes")
    ann.told("kicked", reason="phone on the desk")
    assert ann.wait(lambda e: e["event"] == "closed")["code"] == 4003
    for proctor, mark in zip(proctors, marks, strict=True):
        for offered in proctor.all(lambda e: e["event"] == "consumer" and e["peer"] == "ann"):
            closed = proctor.told("consumerClosed", after=mark, consumerId=offered["consumer"])
        gone = proctor.told("peerClosed", after=mark, peerId="ann")["at"]
        report(f"{proctor.name} knows {1000 * (closed['at'] - kicked):.0f} ms after `psfu candidates kick` began")
        proctor.sees("bob", after=proctor.mark(), count=clip.FPS)
        assert [picture for picture in pictures(proctor, ann, after=mark) if picture.sent > gone] == []
    room = exam.daemon.psfu("rooms", "get", exam.room)
    assert (room["candidates"], room["producers"], room["consumers"]) == (1, 2, 4)
    ann.enter(exam.daemon.url, exam.room, "ann")
    ann.do("publish", path=str(clip.make("vp8", 440)))
    for proctor in proctors:
        proctor.sees("ann", after=proctor.mark(), count=LIVE)


def test_a_killed_worker_is_told_and_the_room_can_be_joined_again_at_once(exam: Exam, report: Report) -> None:
    proctors = [exam.proctor("pam"), exam.proctor("quin")]
    published = {"ann": str(clip.make("vp8", 440)), "bob": str(clip.make("h264", 880))}
    candidates = [exam.candidate("ann")[0], exam.candidate("bob", "h264", 880)[0]]
    for proctor in proctors:
        for peer in published:
            proctor.sees(peer, count=LIVE)
    everybody = [*proctors, *candidates]
    marks = {actor.name: actor.mark() for actor in everybody}
    worker = exam.daemon.psfu("rooms", "get", exam.room)["worker"]
    killed = time.monotonic()
    os.kill(worker, signal.SIGKILL)
    told = [actor.told("workerDied", after=marks[actor.name], roomId=exam.room)["at"] for actor in everybody]
    report(f"everybody is told {1000 * (max(told) - killed):.0f} ms after a worker was killed")
    # The first attempt must succeed: nobody waits, nobody asks twice.
    commands = [(actor, "publish", {"path": published[actor.name]}) for actor in candidates]
    commands += [(actor, "watch", {}) for actor in proctors]
    begun = [(actor, command, actor.start(command, **arguments)) for actor, command, arguments in commands]
    for actor, command, mark in begun:
        actor.finish(command, mark)
    for actor, _, mark in begun:
        if actor in proctors:
            back = max(actor.sees(peer, after=mark)["at"] for peer in published) - killed
            report(f"{actor.name} sees everybody again {1000 * back:.0f} ms after a worker was killed")
            for peer in published:
                actor.sees(peer, after=mark, count=clip.FPS)
    for actor in everybody:
        assert actor.all(lambda e: e["event"] == "closed", after=marks[actor.name]) == []
    assert exam.daemon.psfu("rooms", "get", exam.room)["worker"] != worker
    assert worker not in exam.daemon.children(), "the dead worker was not reaped"
    until(lambda: exam.daemon.psfu("status")["workers"]["running"] == 2)
    assert exam.daemon.psfu("status")["workers"]["target"] == 2


def test_a_closed_room_tells_everybody_and_lets_nobody_in(exam: Exam) -> None:
    proctor = exam.proctor("pam")
    candidate, _ = exam.candidate("ann")
    proctor.sees("ann", count=LIVE)
    exam.daemon.psfu("rooms", "close", exam.room, "--yes", "--reason", "time is up")
    for actor in (proctor, candidate):
        actor.told("roomClosed", reason="time is up")
        assert actor.wait(lambda e: e["event"] == "closed")["code"] == 4004
    with pytest.raises(CommandFailedError) as refused:
        candidate.enter(exam.daemon.url, exam.room, "ann")
    assert refused.value.code == "room_not_found"
    exam.daemon.psfu("rooms", "create", exam.room, "--open")
