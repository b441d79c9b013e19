"""The measuring tool for sound: the tone of a clip is heard, and noise is not taken for one."""

from __future__ import annotations

import av
import numpy as np
import pytest

from end_to_end import hearing
from proctor_sfu.simulate import clip, formats


@pytest.mark.parametrize("hertz", [440, 880])
def test_the_tone_of_a_clip_is_heard(hertz: int) -> None:
    encoded = clip.load(clip.make("vp8", hertz))
    assert len(encoded.audio) >= formats.SECONDS * 50
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = formats.AUDIO_CLOCK, "stereo"
    ear = hearing.Ear()
    heard = [
        tone
        for packet in encoded.audio
        for frame in decoder.decode(av.Packet(packet.data))
        if (tone := ear.add(frame)) is not None
    ]
    assert len(heard) >= 2 * (formats.SECONDS - 1)
    assert all(abs(tone.hertz - hertz) <= hearing.RESOLUTION and tone.share > 0.9 for tone in heard)


def test_noise_is_no_tone() -> None:
    noise = np.random.default_rng(1).integers(-12_000, 12_000, 2 * hearing.WINDOW, np.int16)
    frame = av.AudioFrame.from_ndarray(noise[np.newaxis], format="s16", layout="stereo")
    tone = hearing.Ear().add(frame)
    assert tone is not None
    assert tone.share < 0.1
