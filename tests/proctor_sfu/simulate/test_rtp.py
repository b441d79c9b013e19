"""RTP headers are read whatever they carry, damage yields nothing, and key frames are told from others."""

from __future__ import annotations

import struct

import pytest

from proctor_sfu.simulate import rtp

PAYLOAD = b"payload"


def packet(*, first: int = 0x80, before: bytes = b"", after: bytes = b"", payload: bytes = PAYLOAD) -> bytes:
    return struct.pack("!BBHII", first, 0x80 | 101, 65_535, 2**32 - 1, 4711) + before + payload + after


@pytest.mark.parametrize(
    "data",
    [
        packet(),
        packet(first=0x82, before=b"\0" * 8),
        packet(first=0x90, before=b"\xbe\xde\0\1abcd"),
        packet(first=0x90, before=b"\xbe\xde\0\0"),
        packet(first=0xA0, after=b"\0\0\0\4"),
        packet(first=0xB1, before=b"csrc\x10\0\0\2extended", after=b"\1"),
    ],
    ids=["plain", "two contributors", "extension", "empty extension", "padding", "everything"],
)
def test_the_payload_is_what_is_left(data: bytes) -> None:
    found = rtp.parse(data)
    assert found is not None
    assert found[:6] == (101, True, 65_535, 2**32 - 1, 4711, PAYLOAD)
    assert found.extensions == (b"abcd" if b"abcd" in data else b"")


def test_header_extensions_are_found_by_number() -> None:
    extensions = b"\x10A\x00\x00\x51BC\x32DEF\x00"
    assert [rtp.extension(extensions, number) for number in (1, 5, 3, 2)] == [b"A", b"BC", b"DEF", None]
    for length in range(len(extensions)):
        assert rtp.extension(extensions[:length], 3) == (b"DEF" if length >= 11 else None)


def test_what_is_cut_short_is_no_packet_or_less_payload() -> None:
    data = packet(first=0x90, before=b"\xbe\xde\0\1abcd")
    for length in range(len(data)):
        found = rtp.parse(data[:length])
        assert found is None if length < 20 else found is not None and PAYLOAD.startswith(found.payload)


@pytest.mark.parametrize("first", [0x00, 0x40, 0xC0])
def test_another_version_is_no_packet(first: int) -> None:
    assert rtp.parse(packet(first=first)) is None


def test_padding_longer_than_the_packet_is_no_packet() -> None:
    assert rtp.parse(packet(first=0xA0, after=b"\xff")) is None


KEY, DELTA = 0x00, 0x01


@pytest.mark.parametrize(
    "descriptor",
    [b"\x10", b"\x90\x80\x11", b"\x90\x80\x91\x22", b"\x90\x40\x11", b"\x90\x20\x11", b"\x90\xf0\x91\x22\x33\x44"],
    ids=["short", "7 bit picture id", "15 bit picture id", "tl0picidx", "tid", "everything"],
)
def test_vp8_key_frames(descriptor: bytes) -> None:
    assert rtp.begins_key_frame("vp8", descriptor + bytes([KEY]))
    assert not rtp.begins_key_frame("vp8", descriptor + bytes([DELTA]))
    assert not rtp.begins_key_frame("vp8", bytes([descriptor[0] & ~0x10]) + descriptor[1:] + bytes([KEY]))
    assert not rtp.begins_key_frame("vp8", bytes([descriptor[0] | 1]) + descriptor[1:] + bytes([KEY]))
    for length in range(len(descriptor) + 1):
        assert not rtp.begins_key_frame("vp8", descriptor[:length])


@pytest.mark.parametrize(
    ("payload", "key"),
    [
        (b"\x67\x42", True),
        (b"\x65\x88", True),
        (b"\x41\x9a", False),
        (b"\x78\x00\x02\x67\x42", True),
        (b"\x78\x00\x02\x41\x9a", False),
        (b"\x78\x00\x02\x06\x05\x00\x02\x67\x42", True),
        (b"\x78\x00\x02\x06\x05\x00\x02\x41\x9a", False),
        (b"\x78\xff\xff\x06", False),
        (b"\x7c\x85\x88", True),
        (b"\x7c\x05\x88", False),
        (b"\x7c\x81\x9a", False),
        (b"", False),
        (b"\x78", False),
        (b"\x7c", False),
    ],
)
def test_h264_key_frames(payload: bytes, key: bool) -> None:
    assert rtp.begins_key_frame("h264", payload) is key
