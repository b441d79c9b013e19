"""Real media through ``psfu serve``: every proctor sees and hears every candidate, early, late and after a pause."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from end_to_end import delays, hearing
from end_to_end.actors import Actor, Event, is_frame, is_sent, is_told
from end_to_end.exam import Exam, Report
from proctor_sfu.simulate import clip

HERTZ = {"ann": 440, "bob": 880}
CODECS: dict[str, clip.VideoCodec] = {"ann": "vp8", "bob": "h264"}


def pictures(proctor: Actor, candidate: Actor, *, after: int = 0) -> list[delays.Picture]:
    """Everything the proctor saw of the candidate; every decoded picture must be readable."""
    frames = proctor.all(lambda e: e["event"] == "frame" and e["peer"] == candidate.name, after=after)
    unreadable = [frame for frame in frames if frame["number"] is None]
    assert unreadable == []
    return delays.join(candidate.caught_up().all(is_sent), frames)


def is_tone(event: Event, peer: str, hertz: int) -> bool:
    """Whether an event is half a second of ``peer`` in which nothing but its tone is heard."""
    if event["event"] != "tone" or event["peer"] != peer or event["share"] < 0.9:
        return False
    return bool(abs(event["hertz"] - hertz) <= hearing.RESOLUTION)


def hears(proctor: Actor, peer: str, hertz: int, *, count: int) -> None:
    """Wait until the proctor heard the tone of ``peer``."""
    proctor.wait(lambda event: is_tone(event, peer, hertz), count=count)


def test_every_proctor_decodes_every_candidate(exam: Exam, report: Report) -> None:
    early = exam.proctor("pam")
    candidates = {peer: exam.candidate(peer, CODECS[peer], HERTZ[peer])[0] for peer in ("ann", "bob")}
    late = exam.proctor("quin")
    for proctor in (early, late):
        for peer, candidate in candidates.items():
            offered = proctor.offered(peer, "camera")
            assert offered["codec"].lower() == f"video/{CODECS[peer]}"
            proctor.sees(peer, count=3 * clip.FPS)
            hears(proctor, peer, HERTZ[peer], count=2)
            seen = pictures(proctor, candidate)
            assert seen[0].key
            steps = [b for a, b in pairwise(seen) if b.number != (a.number + 1) % clip.FRAMES]
            assert all(picture.key for picture in steps), "pictures are missing"
            line = delays.describe(seen)
            report(f"{proctor.name} decodes {peer} ({CODECS[peer]} + opus): {line}, hears {HERTZ[peer]} Hz")
            assert delays.percentile([picture.delay for picture in seen], 0.95) < 1.0
        others = {event["peer"] for event in proctor.all(lambda e: e["event"] == "consumer")}
        assert others == set(candidates)
    for candidate in candidates.values():
        assert candidate.all(lambda e: e["event"] == "consumer" or is_told(e, "newPeer", {})) == []


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_a_pause_stops_pictures_and_a_resume_starts_with_a_key_frame(
    exam: Exam, report: Report, codec: clip.VideoCodec
) -> None:
    proctors = [exam.proctor("pam"), exam.proctor("quin")]
    candidate, producers = exam.candidate("ann", codec)
    for proctor in proctors:
        proctor.sees("ann", count=clip.FPS)
    marks = [proctor.mark() for proctor in proctors]
    candidate.request("pauseProducer", producerId=producers["camera"])
    paused = time.monotonic()
    # The candidate sends on, picture and sound, so whatever stops is stopped by the server.
    candidate.wait(is_sent, after=candidate.mark(), count=clip.FPS)
    for proctor, mark in zip(proctors, marks, strict=True):
        proctor.told("consumerPaused", after=mark, consumerId=proctor.offered("ann", "camera")["consumer"])
        proctor.wait(lambda e: is_tone(e, "ann", 440) and e["at"] > paused, after=mark)
    resumed = time.monotonic()
    candidate.request("resumeProducer", producerId=producers["camera"])
    for proctor, mark in zip(proctors, marks, strict=True):
        consumer = proctor.offered("ann", "camera")["consumer"]
        proctor.told("consumerResumed", after=mark, consumerId=consumer)
        proctor.wait(lambda e: is_frame(e, "ann") and e["at"] > resumed, after=mark, count=clip.FPS)
        seen = [picture for picture in pictures(proctor, candidate, after=mark) if picture.sent > paused]
        assert [picture for picture in seen if picture.sent < resumed] == []
        assert seen[0].key
        back = (seen[0].seen - resumed) * 1000
        report(f"{proctor.name} sees ann ({codec}) again {back:.0f} ms after the resume, from a key frame on")


def test_a_late_proctor_gets_a_picture_within_a_second(exam: Exam, report: Report) -> None:
    early = exam.proctor("pam")
    for peer in ("ann", "bob"):
        exam.candidate(peer, CODECS[peer], HERTZ[peer])
    for peer in ("ann", "bob"):
        early.sees(peer, count=clip.FPS)
    late = exam.enter("proctor", "quin")
    began = late.wait(lambda e: e["event"] == "started" and e["do"] == "connect")["at"]
    late.start("watch")
    for peer in ("ann", "bob"):
        waited = late.sees(peer)["at"] - began
        report(f"a late proctor sees {peer} ({CODECS[peer]}) {waited * 1000:.0f} ms after it opened the connection")
        assert waited < 1.0


def test_a_proctor_pauses_only_its_own_view(exam: Exam) -> None:
    pam, quin = exam.proctor("pam"), exam.proctor("quin")
    candidate, _ = exam.candidate("ann")
    for proctor in (pam, quin):
        proctor.sees("ann", count=clip.FPS)
    consumer = pam.offered("ann", "camera")["consumer"]
    pam.request("pauseConsumer", consumerId=consumer)
    paused, mark, other = time.monotonic(), pam.mark(), quin.mark()
    quin.sees("ann", after=other, count=clip.FPS)
    resumed = time.monotonic()
    pam.request("resumeConsumer", consumerId=consumer)
    pam.sees("ann", after=mark, count=clip.FPS)
    seen = [picture for picture in pictures(pam, candidate, after=mark) if picture.sent > paused]
    assert [picture for picture in seen if picture.sent < resumed] == []
    assert seen[0].key
