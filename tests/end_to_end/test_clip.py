"""The measuring tools themselves: a time code survives both codecs, and damage is noticed instead of misread."""

from __future__ import annotations

import av
import numpy as np
import pytest

from end_to_end import clip, hearing, timecode


def blank() -> timecode.Luma:
    return np.full((clip.HEIGHT, clip.WIDTH), 128, np.uint8)


def test_every_number_is_read_back() -> None:
    luma = blank()
    for number in range(1 << timecode.NUMBER_BITS):
        timecode.draw(luma, number)
        assert timecode.read(luma) == number


def test_a_picture_without_a_code_yields_nothing() -> None:
    assert timecode.read(blank()) is None
    assert timecode.read(np.zeros((clip.HEIGHT, clip.WIDTH), np.uint8)) is None


def test_a_flipped_block_yields_nothing() -> None:
    size = clip.WIDTH // timecode.BITS
    for index in range(timecode.BITS):
        luma = blank()
        timecode.draw(luma, 1234)
        columns = slice(index * size, (index + 1) * size)
        luma[: 2 * timecode.ROW, columns] = luma[: 2 * timecode.ROW, columns][::-1].copy()
        assert timecode.read(luma) is None


def test_a_number_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        timecode.draw(blank(), 1 << timecode.NUMBER_BITS)


@pytest.mark.parametrize("codec", ["vp8", "h264"])
def test_a_clip_decodes_to_its_frame_numbers(codec: clip.VideoCodec) -> None:
    encoded = clip.load(clip.make(codec, 440))
    assert [frame.key for frame in encoded.video] == [number % clip.FPS == 0 for number in range(clip.FRAMES)]
    decoder = av.CodecContext.create(codec, "r")
    decoder.thread_count = 1
    numbers = [
        timecode.read(timecode.luma_of(frame))
        for data in [*(av.Packet(frame.data) for frame in encoded.video), None]
        for frame in decoder.decode(data)
    ]
    assert numbers == list(range(clip.FRAMES))


@pytest.mark.parametrize("hertz", [440, 880])
def test_the_tone_of_a_clip_is_heard(hertz: int) -> None:
    encoded = clip.load(clip.make("vp8", hertz))
    assert len(encoded.audio) >= clip.SECONDS * 50
    decoder = av.CodecContext.create("libopus", "r")
    decoder.sample_rate, decoder.layout = clip.AUDIO_CLOCK, "stereo"
    ear = hearing.Ear()
    heard = [
        tone
        for packet in encoded.audio
        for frame in decoder.decode(av.Packet(packet.data))
        if (tone := ear.add(frame)) is not None
    ]
    assert len(heard) >= 2 * (clip.SECONDS - 1)
    assert all(abs(tone.hertz - hertz) <= hearing.RESOLUTION and tone.share > 0.9 for tone in heard)


def test_noise_is_no_tone() -> None:
    noise = np.random.default_rng(1).integers(-12_000, 12_000, 2 * hearing.WINDOW, np.int16)
    frame = av.AudioFrame.from_ndarray(noise[np.newaxis], format="s16", layout="stereo")
    tone = hearing.Ear().add(frame)
    assert tone is not None
    assert tone.share < 0.1
