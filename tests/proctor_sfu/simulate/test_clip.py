"""Clips decode to the numbers burnt into them, whatever the codec and the size, and cost the bits they should."""

from __future__ import annotations

import av
import pytest

from proctor_sfu.simulate import clip, formats, timecode

FORMS = [*formats.LAYERS, formats.SCREEN, formats.LIGHT.camera, formats.LIGHT.screen]


@pytest.mark.parametrize("codec", ["vp8", "h264"])
@pytest.mark.parametrize("form", FORMS, ids=lambda form: f"{form.height} lines")
def test_a_clip_decodes_to_its_frame_numbers(codec: clip.VideoCodec, form: formats.Format) -> None:
    encoded = clip.load(clip.make(codec, 440, form))
    assert (encoded.codec, encoded.format) == (codec, form)
    assert [frame.key for frame in encoded.video] == [number % form.fps == 0 for number in range(form.frames)]
    decoder = av.CodecContext.create(codec, "r")
    decoder.thread_count = 1
    numbers = [
        timecode.read(timecode.luma_of(frame))
        for data in [*(av.Packet(frame.data) for frame in encoded.video), None]
        for frame in decoder.decode(data)
    ]
    assert numbers == list(range(form.frames))


def test_a_camera_costs_what_a_camera_costs() -> None:
    encoded = clip.load(clip.make("vp8", 440))
    bits = 8 * sum(len(frame.data) for frame in encoded.video) / formats.SECONDS
    assert bits == pytest.approx(formats.CAMERA.bitrate, rel=0.2)
    assert len(encoded.audio) >= formats.SECONDS * formats.AUDIO_CLOCK // formats.AUDIO_PACKET


def test_what_is_light_fits_into_few_packets() -> None:
    light = formats.LIGHT
    camera, screen = (clip.load(clip.make("vp8", 440, form, light.packet)) for form in (light.camera, light.screen))
    pictures = [len(frame.data) for frame in camera.video + screen.video]
    packets = sum(-(-size // 1200) for size in pictures) + len(camera.audio)
    assert packets / formats.SECONDS < 20
    assert len(camera.audio) == pytest.approx(formats.SECONDS * light.sounds, abs=1)


def test_a_clip_is_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    path = clip.make("vp8", 440)
    monkeypatch.setattr(clip, "_encode", None)
    assert clip.make("vp8", 440) == path
