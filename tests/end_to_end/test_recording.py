"""Recordings of real media: complete, in sync, verifiable, exportable while they run, and readable by other tools."""

from __future__ import annotations

import itertools
import json
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import av
import pytest

from end_to_end import beep
from end_to_end.actors import is_sent
from end_to_end.asking import LIMIT, until
from end_to_end.daemon import Daemon
from end_to_end.exam import Exam, Report
from proctor_sfu.recording.folder import journals
from proctor_sfu.simulate import clip, timecode
from proctor_sfu.simulate.formats import CAMERA, LAYERS
from support.deck import rows

_SUFFIXES: Final = {"vp8": ".webm", "h264": ".mp4", "opus": ".opus"}
SYNC: Final = 0.040
"""Seconds sound and picture may be apart, as promised."""


@pytest.fixture
def recorded(exam: Exam) -> Iterator[Exam]:
    """An exam that is recorded."""
    exam.daemon.psfu("recordings", "start", exam.room)
    yield exam
    assert exam.daemon.tracebacks() == []


def recording(exam: Exam, peer: str, *sources: str) -> dict[str, Any]:
    """Wait until a candidate is recorded with all it sends, camera and microphone if not told; return the recording."""
    wanted = dict.fromkeys(sources or ("camera", "microphone"), "flows")

    def flows() -> dict[str, Any] | None:
        found = exam.daemon.psfu("recordings", "list", "--room", exam.room, "--candidate", peer)
        return next((each for each in found if states(each) == wanted), None)

    found: dict[str, Any] = until(flows)
    return found


def finish(exam: Exam, name: str) -> Path:
    """Stop to record a room and wait until the recording is signed; return its folder."""
    exam.daemon.psfu("recordings", "stop", exam.room)
    done = until(lambda: (got := exam.daemon.psfu("recordings", "get", name))["state"] == "finished" and got)
    return Path(done["folder"])


def numbers(path: Path) -> list[tuple[int | None, float]]:
    """Return number and time of every picture of a file."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.thread_type = "NONE"
        return [
            (timecode.read(timecode.luma_of(frame)), float(frame.pts * frame.time_base))
            for frame in container.decode(video)
        ]


def nearest(events: list[dict[str, Any]], number: int, about: float) -> float:
    """Return when picture ``number`` was due; of several, the one nearest to ``about``."""
    return float(min((e["at"] for e in events if e["number"] == number), key=lambda at: abs(at - about)))


def probe(path: Path) -> dict[str, Any]:
    """Return what ffprobe says of a file, each packet counted."""
    entries = "packet=stream_index,flags:stream=codec_name,nb_read_packets:format=duration"
    command = ["ffprobe", "-v", "error", "-of", "json", "-show_entries", entries, "-count_packets", str(path)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)  # type: ignore[no-any-return]


def by_others(folder: Path, target: Path) -> dict[str, Path]:
    """Return what janus-pp-rec makes of each journal, by track; mjr2pcap has to read it too."""
    codecs = {row.fields["file"]: row.fields["codec"] for row in rows(folder, "segment_opened")}
    made: dict[str, Path] = {}
    for path in journals(folder):
        track = path.name.partition("-")[0]
        assert track not in made, "a track has one journal"
        made[track] = target / f"{path.stem}{_SUFFIXES[codecs[path.name]]}"
        subprocess.run(["janus-pp-rec", str(path), str(made[track])], check=True, capture_output=True)
        subprocess.run(["mjr2pcap", str(path), str(target / f"{path.stem}.pcap")], check=True, capture_output=True)
    return made


def complete(seen: list[int | None]) -> None:
    """Pictures follow one another, but for jumps to a key frame that was asked for."""
    for before, after in itertools.pairwise(seen):
        assert before is not None and after is not None
        assert after == (before + 1) % CAMERA.frames or after % CAMERA.fps == 0, (before, after)


def test_a_recording_is_complete_in_sync_and_readable_by_others(recorded: Exam, report: Report, tmp_path: Path) -> None:
    ann = recorded.enter("candidate", "ann")
    ann.do("publish_beeps", path=str(clip.make("vp8", 440)))
    name = recording(recorded, "ann")["id"]
    began = ann.mark()
    ann.wait(is_sent, after=began, count=6 * CAMERA.fps)

    # While it goes on.
    live = tmp_path / "live.webm"
    asked = time.monotonic()
    recorded.daemon.psfu("recordings", "export", name, "--last", "3s", "--to", str(live))
    took = time.monotonic() - asked
    seen = [number for number, _ in numbers(live)]
    complete(seen)
    assert len(seen) >= 2 * CAMERA.fps
    newest = nearest(ann.all(is_sent), seen[-1] or 0, asked)
    report(f"`psfu recordings export --last 3s` of a running one took {took:.1f} s and ends {asked - newest:.1f} s ago")
    assert asked - newest < 2.0

    ann.wait(is_sent, after=began, count=9 * CAMERA.fps)
    folder = finish(recorded, name)
    (verified,) = recorded.daemon.psfu("recordings", "verify", str(folder))
    assert (verified["state"], verified["findings"], verified["trusted"]) == ("ok", [], True)

    whole = tmp_path / "whole.webm"
    (exported,) = recorded.daemon.psfu("recordings", "export", str(folder), "--to", str(whole))
    pictures = numbers(whole)
    complete([number for number, _ in pictures])
    assert all(track["lost"] == 0 and track["dropped"] == 0 for track in exported["tracks"])

    # Where on the candidate's clock the file's time 0 is, as its pictures tell and as its beeps tell.
    sent, beeps = ann.all(is_sent), ann.all(lambda e: e["event"] == "beep")
    first = nearest(sent, pictures[0][0] or 0, exported["begin_us"] / 1e6 - time.time() + time.monotonic())
    by_picture = [nearest(sent, number or 0, first + at) - at for number, at in pictures]
    heard = list(beep.beginnings(whole))
    by_sound = [min((e["at"] for e in beeps), key=lambda due, at=at: abs(due - first - at)) - at for at in heard]
    assert len(heard) >= 8
    apart = statistics.median(by_picture) - statistics.median(by_sound)
    spread = max(abs(each - statistics.median(by_picture)) for each in by_picture)
    # The candidate has the clock of this machine, and says so: aiortc reports when it sent its last frame.
    clocks = {row.fields["track"]: row.fields["offset_ms"] for row in rows(folder, "clock_offset")}
    assert set(clocks) == {"camera", "microphone"}
    assert all(abs(offset) < 1000 for offset in clocks.values()), clocks
    report(f"the ledger has the candidate's clock {max(clocks.values(), key=abs):+d} ms from the server's")
    report(f"a recording's sound and picture are {1000 * apart:+.0f} ms apart; pictures within {1000 * spread:.0f} ms")
    assert abs(apart) < SYNC
    assert spread < SYNC

    # What others say of it.
    read = by_others(folder, tmp_path)
    for track, target in read.items():
        theirs = probe(target)
        (own,) = (each for each in exported["tracks"] if each["track"] == track)
        assert int(theirs["streams"][0]["nb_read_packets"]) == own["frames"]
        assert float(theirs["format"]["duration"]) == pytest.approx(exported["duration_s"], abs=0.3)
    assert [number for number, _ in numbers(read["camera"])] == [number for number, _ in pictures]
    said = probe(whole)
    keys = sum("K" in each["flags"] for each in said["packets"] if each["stream_index"] == 0)
    assert keys == sum(number is not None and number % CAMERA.fps == 0 for number, _ in pictures)
    assert float(said["format"]["duration"]) == pytest.approx(exported["duration_s"], abs=0.1)
    report(
        f"janus-pp-rec, mjr2pcap and ffprobe agree: {len(pictures)} pictures, {keys} key frames,"
        f" {exported['duration_s']:.1f} s"
    )


def test_h264_is_exported_to_mp4_and_a_pause_is_a_gap(recorded: Exam, tmp_path: Path) -> None:
    bob, producers = recorded.candidate("bob", "h264", 880)
    name = recording(recorded, "bob")["id"]
    bob.wait(is_sent, after=bob.mark(), count=2 * CAMERA.fps)
    bob.request("pauseProducer", producerId=producers["camera"])
    bob.wait(is_sent, after=bob.mark(), count=3 * CAMERA.fps)
    paused = {"camera": "paused", "microphone": "flows"}
    until(lambda: states(recorded.daemon.psfu("recordings", "get", name)) == paused)
    bob.request("resumeProducer", producerId=producers["camera"])
    bob.wait(is_sent, after=bob.mark(), count=2 * CAMERA.fps)
    folder = finish(recorded, name)
    (gap,) = [row.fields for row in rows(folder, "gap")]
    assert (gap["track"], gap["cause"]) == ("camera", "producer-paused")
    # Who started it, and who stopped it.
    for event in ("recording_begun", "sources_set", "recording_finished"):
        assert [(row.fields["by"]["kind"], row.fields["by"]["uid"]) for row in rows(folder, event)] == [
            ("process", os.getuid())
        ], event
    target = tmp_path / "bob.mp4"
    recorded.daemon.psfu("recordings", "export", str(folder), "--to", str(target))
    seen = numbers(target)
    longest = max(after - before for (_, before), (_, after) in itertools.pairwise(seen))
    # Pictures are due at their times; the gap is between packets that came, which may be late on a busy machine.
    assert longest == pytest.approx((gap["to_us"] - gap["from_us"]) / 1e6, abs=0.5)
    said = probe(target)
    assert said["streams"][0]["codec_name"] == "h264"
    theirs = by_others(folder, tmp_path)
    assert set(theirs) == {"camera", "microphone"}
    # Of H.264 janus-pp-rec now and then leaves out the last picture, or makes one that cannot be decoded.
    played = [number for number, _ in numbers(theirs["camera"])]
    assert played == [number for number, _ in seen][: len(played)] and len(seen) - len(played) <= 1


def test_the_largest_layer_is_recorded(recorded: Exam, tmp_path: Path) -> None:
    cat = recorded.enter("candidate", "cat")
    cat.do("publish_layers", paths=[str(clip.make("vp8", 440, form)) for form in LAYERS])
    name = recording(recorded, "cat", "camera")["id"]
    folder = Path(recorded.daemon.psfu("recordings", "get", name)["folder"])
    top = until(lambda: [row for row in rows(folder, "layers_changed") if row.fields["spatial"] == 2])
    assert top[0].fields["track"] == "camera"
    before = recorded.daemon.psfu("recordings", "get", name)["bytes"]
    until(lambda: recorded.daemon.psfu("recordings", "get", name)["bytes"] > before + 300_000)
    finish(recorded, name)
    target = tmp_path / "cat.webm"
    recorded.daemon.psfu("recordings", "export", str(folder), "--to", str(target))
    with av.open(str(target)) as container:
        widths = [frame.width for frame in container.decode(video=0)]
    # Once it came it stays, unless the ledger has another change.
    largest = widths[widths.index(LAYERS[-1].width) :]
    changes = [row.fields["spatial"] for row in rows(folder, "layers_changed")]
    assert len(largest) > 2 * LAYERS[-1].fps
    assert set(largest) == {LAYERS[-1].width} or changes[changes.index(2) + 1 :]


def test_a_killed_worker_is_a_gap_in_the_same_recording(recorded: Exam, report: Report, tmp_path: Path) -> None:
    dan, _ = recorded.candidate("dan")
    before = recording(recorded, "dan")
    dan.wait(is_sent, after=dan.mark(), count=2 * CAMERA.fps)
    mark = dan.mark()
    os.kill(recorded.daemon.psfu("rooms", "get", recorded.room)["worker"], signal.SIGKILL)
    dan.told("workerDied", after=mark)
    dan.enter(recorded.daemon.url, recorded.room, "dan")
    dan.do("publish", path=str(clip.make("vp8", 440)))
    assert recording(recorded, "dan")["id"] == before["id"]
    dan.wait(is_sent, after=dan.mark(), count=2 * CAMERA.fps)
    recorded.daemon.psfu("recordings", "hold", before["id"], "--reason", "an appeal")
    # A ledger has a row a little later than what the row tells of.
    shown = until(lambda: (got := recorded.daemon.psfu("recordings", "get", before["id"]))["gaps"] == 2 and got)
    assert (shown["state"], shown["held"]) == ("running", True)
    folder = finish(recorded, before["id"])
    gaps = {row.fields["track"]: row.fields for row in rows(folder, "gap")}
    assert {gap["cause"] for gap in gaps.values()} == {"worker-died"}
    assert set(gaps) == {"camera", "microphone"}
    lost = (gaps["camera"]["to_us"] - gaps["camera"]["from_us"]) / 1e6
    report(f"a killed worker is a gap of {lost:.1f} s in the recording, named in its ledger")
    (verified,) = recorded.daemon.psfu("recordings", "verify", str(folder))
    assert (verified["state"], verified["gaps"]) == ("ok", 2)


def test_a_killed_recorder_costs_next_to_nothing(recorded: Exam, report: Report, tmp_path: Path) -> None:
    eve, _ = recorded.candidate("eve")
    name = recording(recorded, "eve")["id"]
    eve.wait(is_sent, after=eve.mark(), count=CAMERA.fps)
    os.kill(recorder_of(recorded.daemon), signal.SIGKILL)
    eve.wait(is_sent, after=eve.mark(), count=3 * CAMERA.fps)
    folder = finish(recorded, name)
    gaps = [row.fields for row in rows(folder, "gap")]
    assert {gap["cause"] for gap in gaps} == {"recorder-died"}
    lost = sum(gap["packets"] for gap in gaps)
    total = sum(row.fields["packets"] for row in rows(folder, "segment_closed"))
    report(f"a killed recorder cost {lost} of {lost + total} packets")
    assert lost < 0.2 * total
    (verified,) = recorded.daemon.psfu("recordings", "verify", str(folder))
    assert verified["state"] == "ok"


def test_what_stops_is_an_event_with_its_cause(recorded: Exam) -> None:
    fay, _ = recorded.candidate("fay")
    name = recording(recorded, "fay")["id"]
    folder = Path(recorded.daemon.psfu("recordings", "get", name)["folder"])
    following = Following(recorded.daemon)
    try:
        os.kill(fay.pid, signal.SIGSTOP)
        stopped = time.time()
        stalled = following.wait("recording_stalled", peer="fay", source="camera")
        told = datetime.fromisoformat(stalled["at"]).timestamp() - stopped
        assert stalled["cause"] == "candidate-connection"
        assert told < 3.0 + 1.0 + 1.5  # The promise, the second between two looks, and what the machine needs.
        # Sound and picture did not end with the same packet, so that one may be told a look later.
        until(lambda: {*states(recorded.daemon.psfu("recordings", "get", name)).values()} == {"stalled"})
        os.kill(fay.pid, signal.SIGCONT)
        following.wait("recording_flows", peer="fay", source="camera")
    finally:
        os.kill(fay.pid, signal.SIGCONT)
        following.end()
    gap = until(lambda: [row.fields for row in rows(folder, "gap") if row.fields["track"] == "camera"])[0]
    assert gap["cause"] == "candidate-connection"


def states(shown: dict[str, Any]) -> dict[str, str]:
    """Return the states of the tracks of a recording."""
    return {each["track"]: each["state"] for each in shown["tracks"]}


def recorder_of(daemon: Daemon) -> int:
    """Return the process id of the daemon's recorder."""
    name = b"proctor_sfu.recording.recorder"
    (found,) = (pid for pid in daemon.children() if name in Path(f"/proc/{pid}/cmdline").read_bytes())
    return found


class Following:
    """``psfu events -f``."""

    def __init__(self, daemon: Daemon) -> None:
        from end_to_end.daemon import PSFU

        command = [str(PSFU), "events", "-f", "--json", "--socket", str(daemon.socket)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL)

    def wait(self, kind: str, **members: Any) -> dict[str, Any]:
        """Wait for an event."""
        assert self._process.stdout is not None
        end = time.monotonic() + LIMIT
        for line in self._process.stdout:
            told = json.loads(line)
            event: dict[str, Any] = {**told, **told["details"]}
            if event["kind"] == kind and all(event.get(name) == value for name, value in members.items()):
                return event
            assert time.monotonic() < end
        raise AssertionError(f"no {kind}")

    def end(self) -> None:
        """End it."""
        self._process.terminate()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
