"""Frames out of packets: whatever the order, whatever is missing, at every place where a number begins anew."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proctor_sfu.recording.frames import PATIENCE_US, Frame, Stream, Unwrapper
from proctor_sfu.recording.payload import begins_key_frame, parse_rtp, vp9_size
from proctor_sfu.simulate import clip
from support import payloads


@pytest.fixture(scope="module", params=["vp8", "h264"])
def played(request: pytest.FixtureRequest) -> clip.Clip:
    return clip.load(clip.make(request.param, 440))


def split(played: clip.Clip, count: int = 45) -> list[tuple[int, list[bytes]]]:
    of = payloads.vp8 if played.codec == "vp8" else payloads.h264
    return [(4500 * n, of(frame.data)) for n, frame in enumerate(played.video[:count])]


def collect(codec: str, arriving: list[tuple[int, bytes]]) -> tuple[Stream, list[Frame]]:
    stream = Stream(codec)
    frames = [frame for at_us, packet in arriving for frame in stream.push(packet, at_us)]
    return stream, [*frames, *stream.end()]


def in_time(found: list[bytes]) -> list[tuple[int, bytes]]:
    return [(10_000 * n, packet) for n, packet in enumerate(found)]


def units(data: bytes) -> list[bytes]:
    """The units of an H264 picture, however their start codes are written."""
    return [unit for unit in data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if unit]


def test_frames_come_back_as_they_were(played: clip.Clip) -> None:
    stream, frames = collect(played.codec, in_time(list(payloads.stream(split(played)))))
    assert [frame.timestamp for frame in frames] == [4500 * n for n in range(45)]
    for frame, sent in zip(frames, played.video, strict=False):
        assert frame.key == sent.key
        if played.codec == "h264":
            assert sorted(units(frame.data)) == sorted(units(sent.data))
        else:
            assert frame.data == sent.data
            assert frame.size == ((640, 360) if sent.key else None)
    assert (stream.frames, stream.dropped, stream.lost) == (45, 0, 0)


def test_numbers_that_begin_anew_go_on(played: clip.Clip) -> None:
    shifted = [(timestamp + 2**32 - 9000, parts) for timestamp, parts in split(played)]
    found = list(payloads.stream(shifted, sequence=2**16 - 20))
    _, frames = collect(played.codec, in_time(found))
    assert [frame.timestamp - frames[0].timestamp for frame in frames] == [4500 * n for n in range(45)]


def test_packets_in_another_order_and_twice(played: clip.Clip) -> None:
    found = in_time(list(payloads.stream(split(played))))
    shaken = sorted(found + found[::7], key=lambda each: each[0] + random.Random(each[0]).randrange(200_000))
    arriving = [(at_us, packet) for (_, packet), at_us in zip(shaken, range(0, 10**9, 10_000), strict=False)]
    stream, frames = collect(played.codec, arriving)
    assert [frame.timestamp for frame in frames] == [4500 * n for n in range(45)]
    assert stream.lost == 0


def test_what_misses_a_packet_is_left_out_up_to_the_next_key_frame(played: clip.Clip) -> None:
    sent = split(played)
    boundaries = [0]
    for _, parts in sent:
        boundaries.append(boundaries[-1] + len(parts))
    found = list(payloads.stream(sent))
    for picture in (3, 12, 20):
        for missing in {boundaries[picture], boundaries[picture + 1] - 1}:
            arriving = in_time(found[:missing] + found[missing + 1 :])
            stream, frames = collect(played.codec, arriving)
            numbers = [frame.timestamp // 4500 for frame in frames]
            # The last packet of a picture that is gone makes the next one doubtful, too: it may have begun there.
            following = next(n for n in range(picture + 1, 45) if played.video[n].key)
            if (played.codec, picture, missing) == ("h264", 20, boundaries[20]):
                following = 20  # Only parameter sets are missing, which had come before.
            assert numbers == [*range(picture), *range(following, 45)], (picture, missing)
            assert stream.lost == 1
            assert frames[picture].key


def test_a_repaired_packet_is_waited_for(played: clip.Clip) -> None:
    found = list(payloads.stream(split(played)))
    arriving = in_time(found[:5] + found[6:60])
    late = (arriving[4][0] + PATIENCE_US - 20_000, found[5])
    arriving = sorted([*arriving, late], key=lambda each: each[0])
    stream, frames = collect(played.codec, arriving)
    assert stream.lost == 0
    assert [frame.timestamp for frame in frames] == [4500 * n for n in range(len(frames))]


def test_nothing_comes_before_a_key_frame(played: clip.Clip) -> None:
    sent = split(played)
    skipped = sum(len(parts) for _, parts in sent[:5])
    _, frames = collect(played.codec, in_time(list(payloads.stream(sent))[skipped:]))
    assert frames[0].key
    assert frames[0].timestamp == 4500 * 20


def test_padding_takes_a_number_and_makes_no_frame(played: clip.Clip) -> None:
    found = list(payloads.stream(split(played)))
    padding = b"\xa0" + found[3][1:12] + bytes(99) + b"\x64"
    numbered = [*found[:3], padding, *found[3:]]
    renumbered = [packet[:2] + n.to_bytes(2, "big") + packet[4:] for n, packet in enumerate(numbered)]
    stream, frames = collect(played.codec, in_time(renumbered))
    assert (len(frames), stream.lost) == (45, 0)


def test_sound_is_a_frame_each() -> None:
    sound = [(960 * n, [bytes((0xFC, n))]) for n in range(10)]
    stream, frames = collect("opus", in_time([*payloads.stream(sound)][:4] + [*payloads.stream(sound)][6:]))
    assert [frame.data for frame in frames] == [bytes((0xFC, n)) for n in (0, 1, 2, 3, 6, 7, 8, 9)]
    assert (stream.lost, stream.dropped) == (2, 0)


@pytest.mark.parametrize("layers", [1, 3])
def test_vp9_layers_are_joined(layers: int) -> None:
    key = b"\x82\x49\x83\x42\x00\x27\xf0\x16\x70" + bytes(2000)
    pictures = [
        [(key if n % 10 == 0 else b"\x86") + bytes((n, layer)) * 700 for layer in range(layers)] for n in range(20)
    ]
    sent = [(3000 * n, payloads.vp9(each, key=n % 10 == 0, size=(640, 360))) for n, each in enumerate(pictures)]
    stream, frames = collect("vp9", in_time(list(payloads.stream(sent))))
    assert (len(frames), stream.dropped) == (20, 0)
    assert [frame.key for frame in frames] == [n % 10 == 0 for n in range(20)]
    assert frames[0].size == (640, 360)
    for frame, picture in zip(frames, pictures, strict=True):
        joined = b"".join(picture)
        assert frame.data[: len(joined)] == joined
        if layers > 1:
            index = frame.data[len(joined) :]
            assert index[0] == index[-1]
            width = (index[0] >> 3 & 3) + 1
            sizes = [int.from_bytes(index[1 + n * width : 1 + (n + 1) * width], "little") for n in range(layers)]
            assert sizes == [len(part) for part in picture]


def test_the_size_of_a_vp9_key_frame() -> None:
    # Frame marker 2, profile 0, key frame, shown; sync code; colour space 1, studio range; 640 × 360.
    bits = "10000010" + f"{0x498342:024b}" + "0010" + f"{639:016b}" + f"{359:016b}"
    padded = bits.ljust(-(-len(bits) // 8) * 8, "0")
    assert vp9_size(int(padded, 2).to_bytes(len(padded) // 8, "big")) == (640, 360)
    assert vp9_size(b"\x86\x00") is None
    assert vp9_size(b"") is None


def test_a_number_is_counted_on_in_both_directions() -> None:
    unwrapper = Unwrapper(16)
    assert [unwrapper.take(value) for value in (65530, 2, 65535, 3)] == [65530, 65538, 65535, 65539]


@given(st.binary(max_size=80), st.sampled_from(["vp8", "vp9", "h264", "opus"]))
@settings(max_examples=300)
def test_any_packet_is_taken_without_an_exception(data: bytes, codec: str) -> None:
    stream = Stream(codec)
    for packet in (data, payloads.packet(1, 0, data), payloads.packet(2, 0, data, marker=False)):
        list(stream.push(packet, 0))
        if (rtp := parse_rtp(packet)) is not None:
            begins_key_frame(codec, rtp.payload)
    list(stream.end())
