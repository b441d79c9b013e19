"""The journal's layout: written and read back, split anywhere, cut anywhere, damaged anywhere."""

from __future__ import annotations

import dataclasses
import json
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.recording import journal
from proctor_sfu.recording.journal import Header, Parser, encode_packet

HEADER = Header(
    kind="video", codec="h264", started_us=1_700_000_000_123_456, recording="exam-101/ann/20260101T090000Z",
    track="camera", segment=3, ssrc=0xDEADBEEF, payload_type=101, clock_rate=90_000,
    parameters={"packetization-mode": 1, "profile-level-id": "42e01f"},
)  # fmt: skip
PACKETS = [
    (0, bytes(range(12))),
    (5, b"\x80" + bytes(30)),
    (40, b"MEET" * 4),
    (2**32 - 1, bytes(1500)),
    (90, b"MJR00002MEET\0\0\0\0\0\x0c"),
]
WHOLE = HEADER.encode() + b"".join(encode_packet(ms, data) for ms, data in PACKETS)
STARTS = [len(HEADER.encode())]
for _, each in PACKETS:
    STARTS.append(STARTS[-1] + journal.PACKET.size + len(each))


def parse(data: bytes) -> tuple[Parser, list[tuple[int, bytes]]]:
    parser = Parser()
    return parser, [(ms, packet) for _, ms, packet in parser.feed(data)]


def test_it_reads_what_it_wrote() -> None:
    parser, packets = parse(WHOLE)
    assert parser.header == HEADER
    assert packets == PACKETS
    assert (parser.offset, parser.pending, parser.damage) == (len(WHOLE), 0, None)


def test_the_layout_is_that_of_janus() -> None:
    assert WHOLE[:8] == b"MJR00002"
    (length,) = struct.unpack_from(">H", WHOLE, 8)
    members = json.loads(WHOLE[10 : 10 + length])
    assert (members["t"], members["c"]) == ("v", "h264")
    assert members["s"] == members["u"] == HEADER.started_us
    assert members["f"] == "packetization-mode=1;profile-level-id=42e01f"
    assert WHOLE[10 + length :][:10] == b"MEET" + struct.pack(">IH", 0, 12)


def test_offsets_are_where_packets_begin() -> None:
    assert [packet.offset for packet in Parser().feed(WHOLE)] == STARTS[:-1]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 16, 1000])
def test_pieces_of_one_size(size: int) -> None:
    parser = Parser()
    found = [packet for at in range(0, len(WHOLE), size) for packet in parser.feed(WHOLE[at : at + size])]
    assert [(ms, data) for _, ms, data in found] == PACKETS
    assert [offset for offset, _, _ in found] == STARTS[:-1]


def test_split_in_two_anywhere() -> None:
    for at in range(len(WHOLE) + 1):
        parser = Parser()
        found = parser.feed(WHOLE[:at]) + parser.feed(WHOLE[at:])
        assert [(ms, data) for _, ms, data in found] == PACKETS, at
        assert parser.damage is None


def test_cut_anywhere_leaves_the_whole_packets_and_a_torn_tail() -> None:
    for at in range(len(WHOLE) + 1):
        parser, packets = parse(WHOLE[:at])
        whole = [start for start in [0, *STARTS] if start <= at][-1]
        assert (parser.offset, parser.pending, parser.damage) == (whole, at - whole, None), at
        assert packets == PACKETS[: max(0, STARTS.index(whole) if whole else 0)]


def test_a_flipped_byte_never_makes_an_exception_or_a_longer_packet() -> None:
    for at in range(len(WHOLE)):
        damaged = bytearray(WHOLE)
        damaged[at] ^= 0xFF
        parser, packets = parse(bytes(damaged))
        assert parser.offset + parser.pending <= len(WHOLE)
        assert all(len(data) <= journal.LONGEST_PACKET for _, data in packets)
        if parser.damage is not None:
            # What is wrong is found at or before the byte itself, or where its packet should have ended.
            first = max([start for start in STARTS if start <= at], default=0)
            assert parser.damage.offset >= min(first, at)


def test_a_damaged_mark_is_named() -> None:
    for start in STARTS[:-1]:
        damaged = bytearray(WHOLE)
        damaged[start] = 0
        parser, packets = parse(bytes(damaged))
        assert parser.damage is not None
        assert parser.damage.offset == start
        assert len(packets) == STARTS.index(start)
        assert parser.feed(WHOLE[start:]) == []


@pytest.mark.parametrize(
    "data", [b"x", b"MJR00001", b"MJR00002\xff\xff", b"MJR00002\0\x02{}", b"MJR00002\0\x02[]", b"MJR00002\0\x01{"]
)
def test_what_is_no_journal(data: bytes) -> None:
    parser, packets = parse(data)
    assert parser.damage is not None
    assert packets == []


@pytest.mark.parametrize(
    "member", ["started_us", "recording", "track", "segment", "ssrc", "payload_type", "clock_rate", "channels"]
)
def test_a_header_with_a_wrong_member_is_no_header(member: str) -> None:
    wrong = None if isinstance(getattr(HEADER, member), str) else "1"
    parser, _ = parse(dataclasses.replace(HEADER, **{member: wrong}).encode())
    assert parser.damage is not None
    assert parser.header is None


def test_a_header_longer_than_tools_read_is_refused() -> None:
    with pytest.raises(ValueError, match="header"):
        dataclasses.replace(HEADER, parameters={"x": "y" * journal.LONGEST_HEADER}).encode()


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.binary(min_size=12, max_size=100)), max_size=20),
    st.lists(st.integers(1, 200), min_size=1, max_size=20),
)
def test_any_packets_in_any_pieces(packets: list[tuple[int, bytes]], sizes: list[int]) -> None:
    data = HEADER.encode() + b"".join(encode_packet(ms, packet) for ms, packet in packets)
    parser, found, at = Parser(), [], 0
    while at < len(data):
        size = sizes[at % len(sizes)]
        found += parser.feed(data[at : at + size])
        at += size
    assert [(ms, packet) for _, ms, packet in found] == packets


@given(st.binary(max_size=400))
def test_any_bytes_are_read_without_an_exception(data: bytes) -> None:
    parser, packets = parse(data)
    assert packets == [] or parser.header is not None
