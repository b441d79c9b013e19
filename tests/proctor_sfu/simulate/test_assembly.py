"""Pictures are put together from packets in any order; what is missing is asked for, and given up in the end."""

from __future__ import annotations

import random

import pytest

from proctor_sfu.simulate.assembly import KEY_SPACING, NACK_SPACING, PATIENCE, Assembler, Picture
from proctor_sfu.simulate.rtp import Packet

STEP = 0.05
"""Seconds between two pictures."""
PER_PICTURE = 3
KEY_EVERY = 10


def stream(pictures: int, *, first: int = 1000) -> list[Packet]:
    """Packets of VP8 pictures, three each, every tenth a key frame."""
    packets = []
    for number in range(pictures):
        for part in range(PER_PICTURE):
            start = b"\x10" + bytes([0 if number % KEY_EVERY == 0 else 1]) if part == 0 else b"\x00"
            sequence = first + number * PER_PICTURE + part & 0xFFFF
            body = start + b"%d.%d" % (number, part)
            packets.append(Packet(96, part == PER_PICTURE - 1, sequence, number * 4500, 7, body))
    return packets


def play(assembler: Assembler, packets: list[Packet], *, begin: float = 0.0) -> list[Picture]:
    """Let packets arrive at the pace of their pictures."""
    return [picture for packet in packets for picture in assembler.add(packet, begin + packet.timestamp / 4500 * STEP)]


def test_pictures_in_order() -> None:
    assembler = Assembler("vp8")
    pictures = play(assembler, stream(20))
    assert [picture.key for picture in pictures] == [number % KEY_EVERY == 0 for number in range(20)]
    assert pictures[3].payloads == (b"\x10\x013.0", b"\x003.1", b"\x003.2")
    assert (assembler.pictures, assembler.packets, assembler.lost, assembler.repaired) == (20, 60, 0, 0)


@pytest.mark.parametrize("seed", range(20))
def test_nearby_packets_may_come_in_any_order_and_twice(seed: int) -> None:
    rng = random.Random(seed)
    packets = stream(40, first=65_500)
    jumbled = packets[:1]
    rest = packets[1:] + rng.sample(packets[1:], 30)
    jumbled += sorted(rest, key=lambda each: each.timestamp / 4500 * PER_PICTURE + rng.uniform(0, 8))
    assembler = Assembler("vp8")
    pictures = [picture for packet in jumbled for picture in assembler.add(packet, 0.0)]
    assert [picture.payloads for picture in pictures] == [
        tuple(each.payload for each in packets[index : index + PER_PICTURE])
        for index in range(0, len(packets), PER_PICTURE)
    ]
    assert (assembler.packets, assembler.lost, assembler.given_up) == (120, 0, 0)


def test_what_is_missing_is_asked_for_again_and_again_until_it_comes() -> None:
    assembler = Assembler("vp8")
    packets = stream(4)
    missing = packets.pop(4)
    play(assembler, packets)
    assert assembler.nacks(1.0) == [missing.sequence]
    assert assembler.nacks(1.0 + NACK_SPACING / 2) == []
    assert assembler.nacks(1.0 + NACK_SPACING) == [missing.sequence]
    assert (assembler.pictures, assembler.lost) == (1, 1)
    assert len(assembler.add(missing, 0.3)) == 3
    assert assembler.nacks(9.0) == []
    assert (assembler.pictures, assembler.lost, assembler.repaired) == (4, 0, 1)


def test_after_a_picture_is_given_up_nothing_counts_until_a_key_frame() -> None:
    assembler = Assembler("vp8")
    packets = stream(3 * KEY_EVERY)
    del packets[PER_PICTURE * 2 + 1]
    pictures = play(assembler, packets)
    assert (assembler.given_up, assembler.lost) == (1, 1)
    assert [picture.key for picture in pictures[:4]] == [True, False, True, False]
    assert len(pictures) == 2 + 2 * KEY_EVERY, "two before the hole, and everything from the second key frame on"


def test_a_picture_is_given_up_only_when_what_is_missing_is_late() -> None:
    assembler = Assembler("vp8")
    packets = stream(2)
    missing = packets.pop(1)
    play(assembler, packets[:2])
    assert assembler.add(packets[2], PATIENCE) == []
    assert len(assembler.add(missing, PATIENCE)) == 1


def test_a_key_frame_is_asked_for_while_nothing_can_be_decoded() -> None:
    assembler = Assembler("vp8")
    assert not assembler.wants_key_frame(0.0), "nothing arrives, so there is nobody to ask"
    packets = stream(KEY_EVERY + 1)
    play(assembler, packets[PER_PICTURE:-PER_PICTURE])
    assert assembler.pictures == 0
    assert assembler.wants_key_frame(1.0)
    assert not assembler.wants_key_frame(1.0 + KEY_SPACING / 2)
    assert assembler.wants_key_frame(1.0 + KEY_SPACING)
    assert [picture.key for picture in play(assembler, packets[-PER_PICTURE:])] == [True]
    assert not assembler.wants_key_frame(9.0)


def test_a_lost_marker_does_not_join_two_pictures() -> None:
    assembler = Assembler("vp8")
    packets = stream(3)
    packets[PER_PICTURE - 1] = packets[PER_PICTURE - 1]._replace(marker=False)
    assert [len(picture.payloads) for picture in play(assembler, packets)] == [PER_PICTURE] * 3


def test_padding_is_no_picture() -> None:
    assembler = Assembler("vp8")
    play(assembler, stream(1))
    padding = Packet(96, True, 1000 + PER_PICTURE, 4400, 7, b"")
    assert assembler.add(padding, 0.0) == []
    assert assembler.pictures == 1


def test_another_stream_behind_the_same_number_begins_again() -> None:
    assembler = Assembler("vp8")
    play(assembler, stream(5))
    pictures = play(assembler, stream(5, first=30_000), begin=1.0)
    assert pictures[0].key
    assert (len(pictures), assembler.lost, assembler.given_up) == (5, 0, 0)


def test_a_burst_of_loss_across_the_wrap_of_sequence_numbers() -> None:
    assembler = Assembler("vp8")
    packets = stream(40, first=65_530)
    lost = packets[PER_PICTURE : 4 * PER_PICTURE]
    play(assembler, [each for each in packets if each not in lost])
    assert assembler.lost == len(lost)
    assert assembler.pictures == 1 + 40 - KEY_EVERY
