"""When a track needs a key frame."""

from __future__ import annotations

import itertools
from typing import Any, cast

import pytest

from proctor_sfu.recording.track import SEEKABLE, SPREAD, Format, Track


def track(kind: str = "video") -> Track:
    form = Format(
        kind=kind, codec="vp8" if kind == "video" else "opus", ssrc=1, payload_type=101, clock_rate=90_000, channels=1,
        parameters={},
    )  # fmt: skip
    return Track(cast(Any, None), "exam/ann/20260101T090000Z", "camera", form, cast(Any, None))


def test_a_key_frame_is_asked_for_until_one_comes() -> None:
    video = track()
    assert [video.needs_key_frame(0.5 * n, 0.0) for n in range(4)] == [True] * 4
    video.wants_key = False
    assert [video.needs_key_frame(2.0 + 0.5 * n, 0.0) for n in range(4)] == [False] * 4


@pytest.mark.parametrize("luck", [0.0, 0.5, 1.0])
def test_an_export_can_begin_at_least_every_half_a_minute(luck: float) -> None:
    video = track()
    assert video.needs_key_frame(1.0, luck)
    video.wants_key = False
    asked = [1.0] + [n / 2 for n in range(3, 241) if video.needs_key_frame(n / 2, luck)]
    apart = {after - before for before, after in itertools.pairwise(asked)}
    assert apart == {SEEKABLE * (1 - SPREAD * luck)}


def test_many_who_began_together_do_not_send_one_together() -> None:
    many = [track() for _ in range(100)]
    for number, each in enumerate(many):
        assert each.needs_key_frame(1.0, number / 100)
        each.wants_key = False
    together = [sum(each.needs_key_frame(n / 2, 0.0) for each in many) for n in range(3, 63)]
    assert sum(together) == 100
    assert max(together) <= 10


def test_a_segment_that_is_due_waits_for_one_and_sound_never_does() -> None:
    video, sound = track(), track("audio")
    video.wants_key = False
    # The first one came before anybody looked.
    assert not video.needs_key_frame(1.0, 0.0)
    video.rotating_since = 1
    assert video.needs_key_frame(1.5, 0.0)
    sound.rotating_since = 1
    assert not any(sound.needs_key_frame(float(n), 0.0) for n in range(100))
