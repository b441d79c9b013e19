"""Exports are decoded: every picture by its number, every gap where it was, sound and picture together."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import pytest

from proctor_sfu.errors import ExportError
from proctor_sfu.recording.export import Exporter, Span
from proctor_sfu.recording.folder import journals
from proctor_sfu.simulate import clip, timecode
from proctor_sfu.simulate.formats import LAYERS
from support import payloads
from support.recorded import START_US, Tape

STEP = 50_000
"""Microseconds between pictures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """A decoded picture."""

    number: int | None
    at: float
    width: int


def shots(path: Path, stream: int = 0) -> list[Shot]:
    with av.open(str(path)) as container:
        video = container.streams.video[stream]
        video.thread_type = "NONE"
        return [
            Shot(
                number=timecode.read(timecode.luma_of(frame)), at=float(frame.pts * frame.time_base), width=frame.width
            )
            for frame in container.decode(video)
        ]


def sound(path: Path) -> list[tuple[float, Any]]:
    with av.open(str(path)) as container:
        return [
            (float(packet.pts * packet.time_base), packet.size) for packet in container.demux(audio=0) if packet.size
        ]


def pictures(
    played: clip.Clip, first: int = 0, count: int = 60, *, origin: int = 90_000, ssrc: int = 1111
) -> tuple[list[bytes], list[int]]:
    """Packets of pictures and when they arrive, a picture's packets all at once 30 ms after it was taken."""
    split = payloads.vp8 if played.codec == "vp8" else payloads.h264
    sent = [(origin + 4500 * n, split(frame.data)) for n, frame in enumerate(played.video[first : first + count])]
    sequence = sum(len(split(frame.data)) for frame in played.video[:first])
    found = list(payloads.stream(sent, sequence=sequence, ssrc=ssrc))
    arrivals = [STEP * n + 30_000 for n, (_, parts) in enumerate(sent) for _ in parts]
    return found, arrivals


def record(tape: Tape, played: clip.Clip, **options: Any) -> None:
    found, arrivals = pictures(played)
    tape.journal("camera", packets=found, arrivals=arrivals, codec=played.codec, **options)


def record_sound(tape: Tape, played: clip.Clip, count: int = 150, **options: Any) -> None:
    sent = [(5000 + 960 * n, [frame.data]) for n, frame in enumerate(played.audio[:count])]
    arrivals = [20_000 * n + 30_000 for n in range(count)]
    tape.journal(
        "microphone", packets=list(payloads.stream(sent, ssrc=2222)), arrivals=arrivals, codec="opus", ssrc=2222,
        **options,
    )  # fmt: skip


@pytest.fixture(scope="module")
def vp8() -> clip.Clip:
    return clip.load(clip.make("vp8", 440))


@pytest.fixture(scope="module")
def h264() -> clip.Clip:
    return clip.load(clip.make("h264", 440))


def export(folder: Path, target: Path, span: Span | None = None, tracks: list[str] | None = None) -> Any:
    parts: list[float] = []
    exporter = Exporter(folder, progress=parts.append)
    chosen = tracks or exporter.tracks
    kind = {".webm": "webm", ".mkv": "matroska", ".mp4": "mp4"}[target.suffix]
    done = exporter.export(target, kind, chosen, span or Span())  # type: ignore[arg-type]
    assert parts == sorted(parts)
    assert parts[-1] == 1.0
    return done


@pytest.mark.parametrize("suffix", [".webm", ".mkv"])
def test_every_picture_and_all_sound_is_there(tmp_path: Path, vp8: clip.Clip, suffix: str) -> None:
    tape = Tape(tmp_path / "recordings")
    record(tape, vp8)
    record_sound(tape, vp8)
    target = tmp_path / f"out{suffix}"
    done = export(tape.finish(), target)
    found = shots(target)
    assert [shot.number for shot in found] == list(range(60))
    assert [shot.at - found[0].at for shot in found] == pytest.approx([n * 0.05 for n in range(60)], abs=0.0011)
    assert len(sound(target)) == 150
    assert {(track.track, track.codec, track.frames, track.dropped) for track in done.tracks} == {
        ("camera", "vp8", 60, 0),
        ("microphone", "opus", 150, 0),
    }
    with av.open(str(target)) as container:
        assert [stream.metadata["title"] for stream in container.streams] == ["camera", "microphone"]


@pytest.mark.parametrize("suffix", [".mkv", ".mp4"])
def test_h264_goes_into_matroska_and_mp4(tmp_path: Path, h264: clip.Clip, suffix: str) -> None:
    tape = Tape(tmp_path / "recordings")
    record(tape, h264)
    record_sound(tape, h264)
    target = tmp_path / f"out{suffix}"
    export(tape.finish(), target)
    assert [shot.number for shot in shots(target)] == list(range(60))


def test_webm_takes_no_h264_and_mp4_no_vp8(tmp_path: Path, vp8: clip.Clip, h264: clip.Clip) -> None:
    for name, played, target in (("a", vp8, "out.mp4"), ("b", h264, "out.webm")):
        tape = Tape(tmp_path / name)
        record(tape, played)
        folder = tape.finish()
        with pytest.raises(ExportError, match="cannot hold"):
            export(folder, tmp_path / target)
        assert Exporter(folder).container(["camera"]) == ("webm" if name == "a" else "matroska")
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == []


def test_reports_put_sound_and_picture_together(tmp_path: Path, vp8: clip.Clip) -> None:
    # What was captured together arrives with 30 ms of delay as sound, and with 130 ms as picture.
    tape = Tape(tmp_path / "recordings")
    found, arrivals = pictures(vp8)
    late = [at + 100_000 for at in arrivals]
    tape.journal("camera", packets=found, arrivals=late, clock=(90_000 + 4500 * 20, START_US + STEP * 20))
    record_sound(tape, vp8, clock=(5000 + 960 * 50, START_US + 20_000 * 50))
    target = tmp_path / "out.webm"
    done = export(tape.finish(), target)
    assert shots(target)[0].at == pytest.approx(0.0, abs=0.002)
    assert sound(target)[0][0] == pytest.approx(0.0, abs=0.002)
    assert done.begin_us == pytest.approx(START_US, abs=2000)


def test_without_reports_arrivals_have_to_do(tmp_path: Path, vp8: clip.Clip) -> None:
    tape = Tape(tmp_path / "recordings")
    record(tape, vp8)
    record_sound(tape, vp8)
    target = tmp_path / "out.webm"
    export(tape.finish(), target)
    assert shots(target)[0].at == pytest.approx(sound(target)[0][0], abs=0.005)


def test_a_gap_stays_a_gap(tmp_path: Path, vp8: clip.Clip) -> None:
    tape = Tape(tmp_path / "recordings")
    found, arrivals = pictures(vp8, 0, 20)
    tape.journal("camera", 1, packets=found, arrivals=arrivals, clock=(90_000, START_US))
    # Another stream, seven seconds later, as after a worker died.
    again, arrivals = pictures(vp8, 40, 20, origin=777_000, ssrc=9999)
    later = START_US + 8_000_000
    tape.row("gap", track="camera", from_us=START_US + 980_000, to_us=later + 30_000, cause="worker-died")
    tape.journal("camera", 2, packets=again, arrivals=arrivals, start_us=later, clock=(777_000, later), ssrc=9999)
    target = tmp_path / "out.webm"
    export(tape.finish(), target)
    seen = shots(target)
    assert [shot.number for shot in seen] == [*range(20), *range(40, 60)]
    assert seen[20].at - seen[19].at == pytest.approx(7.05, abs=0.005)


def test_segments_of_one_stream_join_without_a_seam(tmp_path: Path, vp8: clip.Clip) -> None:
    tape = Tape(tmp_path / "recordings")
    for segment in range(3):
        found, arrivals = pictures(vp8, 20 * segment, 20, origin=90_000 + 4500 * 20 * segment)
        begun = START_US + STEP * 20 * segment
        tape.journal("camera", segment + 1, packets=found, arrivals=arrivals, start_us=begun)
    target = tmp_path / "out.webm"
    export(tape.finish(), target)
    seen = shots(target)
    assert [shot.number for shot in seen] == list(range(60))
    assert [shot.at - seen[0].at for shot in seen] == pytest.approx([n * 0.05 for n in range(60)], abs=0.002)


def test_another_resolution_survives(tmp_path: Path, vp8: clip.Clip) -> None:
    small = clip.load(clip.make("vp8", 440, LAYERS[1]))
    tape = Tape(tmp_path / "recordings")
    sent = [(4500 * n, payloads.vp8(frame.data)) for n, frame in enumerate(vp8.video[:20])]
    sent += [(4500 * (20 + n), payloads.vp8(frame.data)) for n, frame in enumerate(small.video[:20])]
    sent += [(4500 * (40 + n), payloads.vp8(frame.data)) for n, frame in enumerate(vp8.video[20:40])]
    arrivals = [STEP * n for n, (_, parts) in enumerate(sent) for _ in parts]
    tape.journal("camera", packets=list(payloads.stream(sent)), arrivals=arrivals)
    target = tmp_path / "out.webm"
    export(tape.finish(), target)
    seen = shots(target)
    assert [shot.width for shot in seen] == [640] * 20 + [320] * 20 + [640] * 20
    assert [shot.number for shot in seen] == [*range(20), *range(20), *range(20, 40)]


def test_a_lost_packet_costs_its_picture_and_those_built_upon_it(tmp_path: Path, vp8: clip.Clip) -> None:
    found, arrivals = pictures(vp8)
    lost = sum(len(payloads.vp8(frame.data)) for frame in vp8.video[:5])
    tape = Tape(tmp_path / "recordings")
    tape.journal("camera", packets=found[:lost] + found[lost + 1 :], arrivals=arrivals[:lost] + arrivals[lost + 1 :])
    target = tmp_path / "out.webm"
    done = export(tape.finish(), target)
    assert [shot.number for shot in shots(target)] == [*range(5), *range(20, 60)]
    (track,) = done.tracks
    assert (track.lost, track.frames) == (1, 45)
    assert track.dropped >= 14


def test_the_last_seconds_begin_at_a_key_frame(tmp_path: Path, vp8: clip.Clip) -> None:
    tape = Tape(tmp_path / "recordings")
    record(tape, vp8)
    record_sound(tape, vp8)
    folder = tape.finish()
    target = tmp_path / "out.webm"
    end = Exporter(folder).ended_us
    export(folder, target, Span(begin_us=end - 700_000))
    seen = shots(target)
    assert seen[0].number == 40
    assert seen[-1].number == 59
    assert len(sound(target)) == pytest.approx(35, abs=2)


def test_a_part_in_the_middle(tmp_path: Path, vp8: clip.Clip) -> None:
    tape = Tape(tmp_path / "recordings")
    record(tape, vp8, clock=(90_000, START_US))
    target = tmp_path / "out.webm"
    export(tape.finish(), target, Span(begin_us=START_US + 1_100_000, end_us=START_US + 1_500_000))
    assert [shot.number for shot in shots(target)] == list(range(20, 31))


def test_a_part_without_anything_is_refused(tmp_path: Path, vp8: clip.Clip) -> None:
    tape = Tape(tmp_path / "recordings")
    record(tape, vp8)
    folder = tape.finish()
    target = tmp_path / "out.webm"
    with pytest.raises(ExportError, match="nothing"):
        export(folder, target, Span(begin_us=START_US + 900_000_000))
    assert not target.exists()
    assert list(tmp_path.glob(".*")) == []


def test_it_works_while_the_journal_grows(tmp_path: Path, vp8: clip.Clip) -> None:
    tape = Tape(tmp_path / "recordings")
    record(tape, vp8, closed=False, checkpoints=[50])
    path = journals(tape.folder)[0]
    whole = path.read_bytes()
    target = tmp_path / "out.webm"
    for size in (len(whole), len(whole) - 333, len(whole) // 2):
        path.write_bytes(whole[:size])
        export(tape.folder, target)
        seen = [shot.number for shot in shots(target)]
        assert seen == list(range(len(seen)))
        assert len(seen) > 20
    tape.stop()


def test_one_track_alone(tmp_path: Path, vp8: clip.Clip) -> None:
    tape = Tape(tmp_path / "recordings")
    record(tape, vp8)
    record_sound(tape, vp8)
    folder = tape.finish()
    export(folder, tmp_path / "m.webm", tracks=["microphone"])
    assert len(sound(tmp_path / "m.webm")) == 150
    export(folder, tmp_path / "c.webm", tracks=["camera"])
    with av.open(str(tmp_path / "c.webm")) as container:
        assert len(container.streams) == 1
