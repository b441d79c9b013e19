"""What a real browser sends is recorded in its room's codec, in the largest layer, and plays without transcoding."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest

from end_to_end.browser import face
from end_to_end.browser.chromium import Chromium, until
from end_to_end.browser.people import Candidate
from end_to_end.daemon import Daemon
from end_to_end.exam import Report
from proctor_sfu.recording.folder import journals
from support.deck import rows


@pytest.mark.parametrize(("codec", "container"), [("vp8", "webm"), ("vp9", "webm"), ("h264", "mp4")])
def test_what_a_browser_sends_is_recorded_and_plays(
    browser: Chromium,
    daemon: Daemon,
    tmp_path: Path,
    report: Report,
    request: pytest.FixtureRequest,
    codec: str,
    container: str,
) -> None:
    room = f"recorded-{codec}"
    daemon.psfu("rooms", "create", room, "--open", "--codec", codec, "--record", "camera,microphone")
    request.addfinalizer(lambda: close(daemon, room))
    Candidate.opens(browser, room, "ann").join()
    (recording,) = wait(lambda: daemon.psfu("recordings", "list", "--room", room), "it is recorded")
    folder = Path(recording["folder"])
    wait(lambda: largest(folder), "the largest layer")
    before = size(daemon, recording["id"])
    wait(lambda: largest(folder) and size(daemon, recording["id"]) > before + 300_000, "more of it")
    daemon.psfu("rooms", "close", room, "--yes")
    wait(lambda: daemon.psfu("recordings", "get", recording["id"])["state"] == "finished", "it is signed")
    (end,) = rows(folder, "recording_finished")
    assert end.fields["by"]["kind"] == "process", "whoever closed the room"
    (verified,) = daemon.psfu("recordings", "verify", str(folder))
    # Chromium may stop its largest layer while it learns what the way carries, until another one is asked for: that
    # time is told. No packet is missing then, which the export has to confirm.
    gaps = [(row.fields["track"], row.fields["cause"]) for row in rows(folder, "gap")]
    assert (verified["state"], verified["findings"], verified["gaps"]) == ("ok", [], len(gaps))
    assert set(gaps) <= {("camera", "no-packets")}

    target = tmp_path / f"ann.{container}"
    (exported,) = daemon.psfu("recordings", "export", str(folder), "--to", str(target))
    assert {each["track"]: each["codec"] for each in exported["tracks"]} == {"camera": codec, "microphone": "opus"}
    assert all(each["lost"] == 0 for each in exported["tracks"])
    pictures = decoded(target)
    # Not what came last: while the room was closed Chromium may have stopped it again.
    whole = [each for each in pictures if (each.width, each.height) == (face.WIDTH, face.HEIGHT)]
    assert whole and close_to(corner(whole[-1]), face.ANN.wall)
    report(
        f"Chromium's {codec} as recorded: {len(pictures)} pictures in {exported['duration_s']:.1f} s,"
        f" {pictures[0].width} to {whole[-1].width} wide, nothing lost"
    )
    # Less the headers of RTP, which weigh something with sound.
    for path in journals(folder):
        other = tmp_path / f"{path.stem}.{container if path.name.startswith('camera') else 'opus'}"
        subprocess.run(["janus-pp-rec", str(path), str(other)], check=True, capture_output=True)
        assert other.stat().st_size > 0.6 * path.stat().st_size


def wait(check: Callable[[], Any], what: str) -> Any:
    return until(check, lambda: f"it did not come: {what}")


def largest(folder: Path) -> bool:
    """Whether the largest layer is what is recorded now."""
    return [row.fields["spatial"] for row in rows(folder, "layers_changed")][-1:] == [2]


def close(daemon: Daemon, room: str) -> None:
    """Close a room if a test that failed left it open."""
    if any(each["id"] == room for each in daemon.psfu("rooms", "list")):
        daemon.psfu("rooms", "close", room, "--yes")


def size(daemon: Daemon, recording: str) -> int:
    return int(daemon.psfu("recordings", "get", recording)["bytes"])


def decoded(path: Path) -> list[Any]:
    """Return all pictures of a file; raises what the decoder does not like."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        video.codec_context.options = {"err_detect": "explode"}
        found = list(container.decode(video))
    assert len(found) > 3 * face.FPS
    return found


def corner(picture: Any) -> tuple[float, ...]:
    """Return the colour of a picture's top left corner."""
    pixels = picture.to_ndarray(format="rgb24")[: picture.height // 12, : picture.width // 12]
    return tuple(pixels.reshape(-1, 3).mean(axis=0))


def close_to(found: tuple[float, ...], wall: face.Rgb) -> bool:
    return all(abs(one - other) < 25 for one, other in zip(found, wall, strict=True))
