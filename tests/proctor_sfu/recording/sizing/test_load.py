"""Synthetic candidates send what they say, encrypted, on time, to all ports."""

from __future__ import annotations

import base64
import socket
from collections import Counter

import pytest
from pylibsrtp import Policy, Session

from proctor_sfu.recording.payload import begins_key_frame, parse_rtp
from proctor_sfu.recording.sizing.load import SHAPES, SRTP, Sender, Spray, count, packets
from proctor_sfu.rooms.roles import Source


def opened(found: list[bytes]) -> list[bytes]:
    session = Session(
        Policy(
            key=base64.b64decode(SRTP.key_base64),
            ssrc_type=Policy.SSRC_ANY_INBOUND,
            srtp_profile=Policy.SRTP_PROFILE_AEAD_AES_256_GCM,
        )
    )
    return [session.unprotect(each) for each in found]


def test_what_a_candidate_sends_is_what_the_figures_are_of() -> None:
    rates = {source: (round(shape.bitrate / 1000), shape.rate) for source, shape in SHAPES.items()}
    assert rates == {Source.CAMERA: (640, 75), Source.SCREEN: (1570, 180), Source.MICROPHONE: (94, 50)}


def test_packets_are_rtp_in_order_of_time() -> None:
    planned = packets(tuple(SHAPES), 4.0)
    times = [at for at, _ in planned]
    assert times == sorted(times) and times[-1] < 4.0
    found = opened([packet for _, packet in planned])
    assert all(parse_rtp(each) is not None for each in found)
    assert Counter(map(ssrc, found)) == {SHAPES[source].ssrc: count(source, 4.0) for source in SHAPES}
    for shape in SHAPES.values():
        numbers = [int.from_bytes(each[2:4], "big") for each in found if ssrc(each) == shape.ssrc]
        assert numbers == list(range(len(numbers)))
    cameras = [each for each in found if ssrc(each) == SHAPES[Source.CAMERA].ssrc]
    keys = [each for each in cameras if begins_key_frame("vp8", each[12:])]
    assert [int.from_bytes(each[4:8], "big") for each in keys] == [0, 2 * 90_000], "every other second"


def ssrc(packet: bytes) -> int:
    return int.from_bytes(packet[8:12], "big")


@pytest.mark.parametrize("ports", [1, 3, 50])
def test_one_call_sends_to_all(ports: int) -> None:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(ports)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
        each.settimeout(5)
    spray = Spray([each.getsockname()[1] for each in sockets])
    for message in (b"first", b"the second"):
        spray.send(message)
        assert {each.recv(100) for each in sockets} == {message}
    for each in (*sockets, spray):
        each.close()


async def test_the_process_sends_everything_once() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        receiver.settimeout(5)
        sender = await Sender.open([receiver.getsockname()[1]], [Source.MICROPHONE], 0.5)
        await sender.send()
        assert await sender.end() < 5
        await sender.close()
        found = opened([receiver.recv(2048) for _ in range(25)])
        assert len(set(found)) == 25
        receiver.setblocking(False)
        with pytest.raises(BlockingIOError):
            receiver.recv(2048)


async def test_one_that_is_not_wanted_any_more_ends() -> None:
    sender = await Sender.open([9], [Source.MICROPHONE], 1.0)
    await sender.close()
    await sender.close()
