"""The pace of a simulated camera, and of its timestamps."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from proctor_sfu.simulate import track
from proctor_sfu.simulate.clip import EncodedFrame
from proctor_sfu.simulate.track import ClipTrack

FRAMES = tuple(EncodedFrame(data=bytes([number]), key=number == 0) for number in range(4))


@pytest.mark.parametrize(("late", "jump"), [(0.4, 1), (0.52, 11), (3.07, 62)])
async def test_timestamps_tell_when_a_picture_was_due_also_behind_a_stall(
    monkeypatch: pytest.MonkeyPatch, late: float, jump: int
) -> None:
    """Twenty pictures a second; up to half a second late all of them are sent, behind that one at once and on."""
    clock = SimpleNamespace(now=100.0)
    monkeypatch.setattr(track, "time", SimpleNamespace(monotonic=lambda: clock.now))
    told: list[tuple[int, float]] = []
    camera = ClipTrack(FRAMES, kind="video", clock=90_000, step=4500, sent=lambda at, key, due: told.append((at, due)))
    first = await camera.recv()
    clock.now += 0.05 + late
    second = await camera.recv()
    assert (second.pts - first.pts) / 4500 == jump
    assert [number for number, _ in told] == [0, 1], "none of the clip is left out"
    assert told[1][1] - told[0][1] == pytest.approx(jump * 0.05), "what is told agrees with the timestamps"
    assert clock.now - told[1][1] < (0.05 if jump > 1 else 0.5)
