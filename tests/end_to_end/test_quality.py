"""Numbers about real media: they come, they are true, and they tell who is in trouble."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from end_to_end.exam import Exam
from proctor_sfu.control.api import quality as api
from proctor_sfu.control.client import Client
from proctor_sfu.quality.archive import Archive
from proctor_sfu.simulate import clip

LIMIT: Final = 30.0
"""Seconds after which a test stops waiting for a frame."""


def frames(exam: Exam) -> Iterator[api.Frame]:
    """Frames as a monitor gets them, for a while."""
    end = time.monotonic() + LIMIT
    with closing(Client(exam.daemon.socket).quality.stream(room=exam.room)) as stream:
        for frame in stream:
            yield frame
            if time.monotonic() > end:
                return


def until(exam: Exam, match: Callable[[api.Frame], bool]) -> api.Frame:
    """Wait for a frame that matches."""
    frame = None
    for frame in frames(exam):
        if match(frame):
            return frame
    raise AssertionError(f"no such frame within {LIMIT:g} s; the last one: {frame}")


def test_a_frame_tells_of_everybody(exam: Exam) -> None:
    exam.proctor("pam")
    exam.candidate("ann")

    def settled(frame: api.Frame) -> bool:
        sources = [source for each in frame.candidates for source in each.sources]
        return len(sources) == 2 and all(each.loss is not None for each in sources) and bool(frame.proctors[0].rtt_ms)

    frame = until(exam, settled)
    [ann], [pam] = frame.candidates, frame.proctors
    assert (ann.state, ann.level, ann.reasons, ann.path) == ("live", "ok", (), "udp")
    assert ann.health is not None and ann.health > 80
    assert ann.watchers == ("pam",)
    camera, microphone = sorted(ann.sources, key=lambda each: each.source)
    assert (camera.source, microphone.source) == ("camera", "microphone")
    assert camera.fps == clip.FPS
    # aiortc answers no RTCP XR, and its receiver of media has no estimate: not known, which is not zero.
    assert (camera.rtt_ms, camera.rtt_from, pam.available_bitrate) == (None, None, None)
    assert pam.loss is not None and pam.loss < 1
    [room] = frame.rooms
    assert (room.candidates, room.live, room.proctors, room.level) == (1, 1, 1, "ok")
    worker = next(each for each in frame.workers if each.pid == room.worker)
    assert worker.packets_in and worker.packets_out and worker.cpu is not None and worker.memory
    assert frame.daemon.full


def test_every_second_is_kept(exam: Exam) -> None:
    exam.candidate("ann")
    last = until(exam, lambda frame: any(each.state == "live" for each in frame.candidates))
    path = Client(exam.daemon.socket).daemon.status().history
    assert path is not None
    until(exam, lambda frame: frame.seq >= last.seq + 3)
    with Archive(Path(path)) as archive:
        kept = [each.frame for each in archive.frames() if last.seq <= each.frame.seq < last.seq + 2]
        events = archive.events(room=exam.room)
    assert [each.seq for each in kept] == [last.seq, last.seq + 1]
    [ann] = [each for each in kept[0].candidates if each.room == exam.room]
    assert ann == last.candidates[0]
    states = [(each.peer, each.details["state"]) for each in events if each.kind == "peer_state_changed"]
    assert ("ann", "live") in states
