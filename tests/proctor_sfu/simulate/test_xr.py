"""RTCP XR: the server's reference times are found in what it sends, and answered as it reads them."""

from __future__ import annotations

import struct

from proctor_sfu.simulate import xr

RECEIVER_REPORT = struct.pack("!BBHI", 0x80, 201, 1, 77)


def extended(*blocks: bytes) -> bytes:
    body = struct.pack("!I", 77) + b"".join(blocks)
    return struct.pack("!BBH", 0x80, 207, len(body) // 4) + body


def reference(seconds: int, fraction: int) -> bytes:
    return struct.pack("!BBHII", 4, 0, 2, seconds, fraction)


OTHER_BLOCK = struct.pack("!BBHI", 6, 0, 1, 0)


def test_reference_times_are_found_in_compound_packets() -> None:
    data = RECEIVER_REPORT + extended(OTHER_BLOCK, reference(0x11223344, 0x55667788)) + extended(reference(1, 2**31))
    assert xr.reference_times(data) == [0x33445566, 0x18000]
    assert xr.reference_times(RECEIVER_REPORT) == []


def test_what_is_cut_short_yields_no_time_and_no_failure() -> None:
    data = RECEIVER_REPORT + extended(reference(0x11223344, 0x55667788))
    for length in range(len(data)):
        assert xr.reference_times(data[:length]) == []


def test_one_packet_answers_for_all_streams() -> None:
    packet = xr.answer([5, 6], 0x33445566, 0.25)
    assert packet == bytes.fromhex(
        "80cf0008 00000005 05000006 00000005 33445566 00004000 00000006 33445566 00004000".replace(" ", "")
    )
    assert len(packet) == 4 * (int.from_bytes(packet[2:4], "big") + 1)


def test_a_delay_is_never_told_as_none() -> None:
    assert xr.answer([5], 1, 0.0)[-4:] == b"\0\0\0\1"
