"""Numbers about real media: they come, they are true, and they tell who is in trouble."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from end_to_end import asking
from end_to_end.actors import is_told
from end_to_end.exam import Exam, Report
from proctor_sfu.control.api import quality as api
from proctor_sfu.control.client import Client
from proctor_sfu.quality.archive import Archive
from proctor_sfu.simulate import clip

LIMIT: Final = 30.0
"""Seconds after which a test stops waiting for a frame."""


def frames(exam: Exam, limit: float) -> Iterator[api.Frame]:
    """Frames as a monitor gets them, for a while."""
    end = time.monotonic() + limit
    with closing(Client(exam.daemon.socket).quality.stream(room=exam.room)) as stream:
        for frame in stream:
            yield frame
            if time.monotonic() > end:
                return


def until(exam: Exam, match: Callable[[api.Frame], bool], *, limit: float = LIMIT) -> api.Frame:
    """Wait for a frame that matches."""
    frame = None
    for frame in frames(exam, limit):
        if match(frame):
            return frame
    raise AssertionError(f"no such frame within {limit:g} s; the last one: {frame}")


def test_a_frame_tells_of_everybody(exam: Exam) -> None:
    exam.proctor("pam")
    exam.candidate("ann")

    def settled(frame: api.Frame) -> bool:
        """Everything is known and well, and for a while the machine let the candidate send each picture when due."""
        sources = [source for each in frame.candidates for source in each.sources]
        known = len(sources) == 2 and all(each.loss is not None for each in sources) and bool(frame.proctors[0].rtt_ms)
        if not known or not frame.daemon.full:
            return False
        ann, pam = frame.candidates[0], frame.proctors[0]
        well = ann.level == "ok" and (ann.health or 0) > 80 and pam.loss is not None and pam.loss < 1
        return well and any(each.fps == clip.FPS for each in sources)

    frame = until(exam, settled)
    [ann], [pam] = frame.candidates, frame.proctors
    assert (ann.state, ann.level, ann.reasons, ann.path) == ("live", "ok", (), "udp")
    assert ann.watchers == ("pam",)
    camera, microphone = sorted(ann.sources, key=lambda each: each.source)
    assert (camera.source, microphone.source) == ("camera", "microphone")
    assert camera.fps == clip.FPS
    # aiortc answers no RTCP XR, and its receiver of media has no estimate: not known, which is not zero.
    assert (camera.rtt_ms, camera.rtt_from, pam.available_bitrate) == (None, None, None)
    [room] = frame.rooms
    assert (room.candidates, room.live, room.proctors, room.level) == (1, 1, 1, "ok")
    worker = next(each for each in frame.workers if each.pid == room.worker)
    assert worker.packets_in and worker.packets_out and worker.cpu is not None and worker.memory


def test_every_second_is_kept(exam: Exam) -> None:
    exam.candidate("ann")
    last = until(exam, lambda frame: any(each.state == "live" for each in frame.candidates))
    path = Client(exam.daemon.socket).daemon.status().history
    assert path is not None

    def kept_by_now() -> list[api.Frame]:
        """Whoever follows has a frame before the disk has it."""
        with Archive(Path(path)) as archive:
            found = [each.frame for each in archive.frames() if each.frame.seq >= last.seq]
        return found if len(found) > 2 else []

    kept = asking.until(kept_by_now)
    with Archive(Path(path)) as archive:
        events = archive.events(room=exam.room)
    assert [each.seq for each in kept] == [last.seq + number for number in range(len(kept))]
    [ann] = [each for each in kept[0].candidates if each.room == exam.room]
    assert ann == last.candidates[0]
    states = [(each.peer, each.details["state"]) for each in events if each.kind == "peer_state_changed"]
    assert ("ann", "live") in states


def candidate(frame: api.Frame, name: str = "ann") -> api.Candidate:
    return next(each for each in frame.candidates if each.id == name)


def live(frame: api.Frame) -> bool:
    return any(each.id == "ann" and each.state == "live" and len(each.sources) == 2 for each in frame.candidates)


def well(frame: api.Frame) -> bool:
    """A candidate that the machine held up comes to be live before it is well."""
    return live(frame) and candidate(frame).level == "ok"


def source(frame: api.Frame, name: str, whose: str = "ann") -> api.Source:
    return next(each for each in candidate(frame, whose).sources if each.source == name)


def test_of_what_is_paused_nothing_is_known_and_nothing_is_wrong(exam: Exam) -> None:
    pam = exam.enter("proctor", "pam")
    pam.do("watch", auto=False)
    ann = exam.enter("impaired", "ann")
    ann.do("impair", up={}, down={})
    producers = ann.do("publish", path=str(clip.make("vp8", 440)))
    tiles = [{"peerId": "ann", "source": each, "width": 320, "height": 180} for each in ("camera", "microphone")]
    pam.request("watch", views=tiles)
    both = (2, 0)
    until(
        exam,
        lambda frame: live(frame) and frame.proctors[0].loss is not None
        and (frame.proctors[0].consumers, frame.proctors[0].paused_consumers) == both,
    )  # fmt: skip

    # The candidate pauses its camera, as its page does: it says so and sends nothing.
    ann.request("pauseProducer", producerId=producers["camera"])
    ann.do("mute", kind="video", muted=True)
    frame = until(
        exam,
        lambda frame: well(frame) and frame.proctors[0].level == "ok"
        and source(frame, "camera").paused and source(frame, "camera").loss is None,
    )  # fmt: skip
    camera = source(frame, "camera")
    assert (camera.paused, camera.level, camera.reasons, camera.health) == (True, "none", (), None)
    assert (camera.fps, camera.jitter_ms, camera.score, camera.layer, camera.silent_s) == (None,) * 5
    assert (camera.bitrate, camera.gap_s) == (0, 0)
    assert (candidate(frame).level, candidate(frame).reasons, candidate(frame).gap_s) == ("ok", (), 0)
    [shown] = frame.proctors
    assert (shown.level, shown.loss is not None) == ("ok", True), "sound still comes"

    # The proctor pages on, so that the server pauses what it sent.
    pam.request("watch", views=[])
    [shown] = until(exam, lambda frame: frame.proctors[0].paused_consumers == 2).proctors
    [shown] = until(exam, lambda frame: (frame.proctors[0].loss, frame.proctors[0].level) == (None, "ok")).proctors
    assert (shown.state, shown.level, shown.rtt_ms, shown.consumers) == ("live", "ok", None, 2)
    assert candidate(until(exam, live)).watchers == ()


def test_a_dead_camera_a_pulled_plug_and_a_frozen_picture_are_told_apart(exam: Exam, report: Report) -> None:
    # It takes its encoder a while to find out that nothing moves; checked at the end.
    still = exam.enter("impaired", "still")
    still.do("impair", up={}, down={})
    still.do("publish_still")
    pam = exam.proctor("pam")
    ann = exam.enter("impaired", "ann")
    ann.do("impair", up={}, down={})
    ann.do("publish", path=str(clip.make("vp8", 440)))
    until(exam, well)

    began, mark = time.monotonic(), pam.mark()
    ann.do("mute", kind="video", muted=True)
    degraded = {"peerId": "ann", "state": "degraded", "light": "amber"}
    # What the machine does to the sound meanwhile may be a reason too.
    told = pam.wait(lambda e: is_told(e, "peerState", degraded) and "no_media" in e["data"]["reasons"], after=mark)
    report(f"pam knows {told['at'] - began:.1f} s after ann's camera died")
    assert told["at"] - began < 5.5
    frame = until(
        exam, lambda frame: source(frame, "camera").level == "warn" and source(frame, "microphone").level == "ok"
    )
    camera = source(frame, "camera")
    # The worker still calls it perfect; that is why nobody asks it.
    assert ("no_media" in camera.reasons, camera.score, camera.fps) == (True, None, 0.0)
    ann.do("mute", kind="video", muted=False)
    pam.told("peerState", after=mark, peerId="ann", state="live", light="green")

    began, mark = time.monotonic(), pam.mark()
    ann.do("dark", dark=True)
    told = pam.told("peerState", after=mark, peerId="ann", state="reconnecting", reasons=["transport"])
    report(f"pam knows {told['at'] - began:.1f} s after ann's plug was pulled")
    # The worker itself would say so after 30 seconds.
    assert told["at"] - began < 12
    ann.do("dark", dark=False)
    pam.told("peerState", after=mark, peerId="ann", state="live")
    gap = candidate(until(exam, live)).gap_s
    assert gap is not None and gap > 6
    kinds = [(each.kind, each.details.get("level")) for each in Client(exam.daemon.socket).events.list(peer="ann")[0]]
    assert ("level_changed", "warn") in kinds and ("level_changed", "bad") in kinds

    # A level is better after five good seconds, so that ann may come after the picture that stands still.
    frame = until(
        exam, lambda frame: "frozen" in candidate(frame, "still").reasons and candidate(frame).level == "ok", limit=90
    )
    camera, microphone = source(frame, "camera", "still"), source(frame, "microphone", "still")
    assert (camera.level, candidate(frame, "still").state) == ("warn", "degraded")
    assert (microphone.reasons, microphone.level) == (("silence",), "ok")
