"""Feedback on congestion says of every packet of a transport whether and when it came, as its readers read it."""

from __future__ import annotations

import random
import struct

import pytest

from proctor_sfu.simulate.twcc import MOST, Arrivals

SSRC, MEDIA = 0x11223344, 0x55667788
TICK = 0.000_25


def read(packet: bytes) -> tuple[int, list[float | None], int]:
    """Read a feedback: its first number, when each packet came (None: it did not) and which feedback it is."""
    first, kind, words = struct.unpack_from("!BBH", packet)
    assert (first & 0xDF, kind, 4 * (words + 1)) == (0x8F, 205, len(packet))
    body = packet[4 : len(packet) - packet[-1] if first & 0x20 else None]
    sender, media, base, count, stamp = struct.unpack_from("!IIHHI", body)
    assert (sender, media) == (SSRC, MEDIA)
    position, symbols = 16, list[int]()
    while len(symbols) < count:
        chunk = int.from_bytes(body[position : position + 2], "big")
        position += 2
        if chunk & 0x8000:
            assert chunk & 0x4000
            symbols += [chunk >> 12 - 2 * index & 3 for index in range(7)]
        else:
            symbols += [chunk >> 13] * (chunk & 0x1FFF)
    assert not any(symbols[count:])
    time, times = (stamp >> 8) * 0.064, list[float | None]()
    for symbol in symbols[:count]:
        assert symbol in (0, 1, 2)
        if symbol == 0:
            times.append(None)
            continue
        size = symbol
        time += int.from_bytes(body[position : position + size], "big", signed=symbol == 2) * TICK
        position += size
        times.append(time)
    assert position == len(body)
    return base, times, stamp & 0xFF


def close(times: list[float | None], expected: list[float | None]) -> bool:
    return len(times) == len(expected) and all(
        (found is None) == (wanted is None) and (found is None or wanted is None or abs(found - wanted) <= TICK)
        for found, wanted in zip(times, expected, strict=True)
    )


def test_nothing_came() -> None:
    assert Arrivals(SSRC).feedback(MEDIA) == []


def test_one_packet() -> None:
    arrivals = Arrivals(SSRC)
    arrivals.take(7, 100.0)
    [packet] = arrivals.feedback(MEDIA)
    base, times, number = read(packet)
    assert (base, number) == (7, 0)
    assert close(times, [100.0])
    assert arrivals.feedback(MEDIA) == []


@pytest.mark.parametrize("seed", range(30))
def test_everything_is_told_once_in_order_across_the_wrap(seed: int) -> None:
    rng = random.Random(seed)
    arrivals = Arrivals(SSRC)
    came: dict[int, float] = {}
    now, told = 50.0, list[float | None]()
    numbers = list(range(65_000, 67_000))
    sent = [number for number in numbers if rng.random() > rng.choice((0.0, 0.02, 0.5)) or number == numbers[0]]
    for position, number in enumerate(sent):
        now += rng.choice((0.0, 0.0001, 0.001, 0.05, 0.3))
        arrivals.take(number & 0xFFFF, now)
        came[number] = now
        if rng.random() < 0.02 or position == len(sent) - 1:
            for packet in arrivals.feedback(MEDIA):
                base, times, _ = read(packet)
                assert base == numbers[len(told)] & 0xFFFF
                assert len(times) <= MOST
                told += times
    assert close(told, [came.get(number) for number in range(65_000, sent[-1] + 1)])


def test_packets_out_of_order_have_their_own_times() -> None:
    arrivals = Arrivals(SSRC)
    for number, at in ((10, 1.0), (12, 1.01), (11, 1.02)):
        arrivals.take(number, at)
    [packet] = arrivals.feedback(MEDIA)
    assert close(read(packet)[1], [1.0, 1.02, 1.01])


def test_what_was_told_of_as_lost_stays_lost() -> None:
    arrivals = Arrivals(SSRC)
    arrivals.take(10, 1.0)
    arrivals.take(12, 1.01)
    assert len(arrivals.feedback(MEDIA)) == 1
    arrivals.take(11, 1.05)
    assert arrivals.feedback(MEDIA) == []
    arrivals.take(13, 1.06)
    [packet] = arrivals.feedback(MEDIA)
    assert read(packet)[0] == 13
    assert read(packet)[2] == 1
