"""Counting pictures: by timestamps of a real worker's trace, a few sources at a time."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings
from proctor_sfu.quality import pictures as module
from proctor_sfu.quality.pictures import Count, Counted, Pictures
from support.host import OPUS, VP8, video


def counted(*timestamps: int) -> Count:
    count = Count()
    for each in timestamps:
        count.add(each)
    return count


def test_pictures_a_second_by_the_clock_of_the_stream() -> None:
    assert counted(0, 0, 0, 4500, 4500, 9000, 13500).rate(90_000) == 20
    assert counted(*range(0, 60_000, 6000)).rate(90_000) == 15


def test_packets_that_come_late_and_clocks_that_wrap() -> None:
    assert counted(9000, 4500, 13500, 9000, 18000).rate(90_000) == 20
    end = (1 << 32) - 4500
    assert counted(end, 0, 4500, 9000).rate(90_000) == 20


def test_too_few_to_tell() -> None:
    assert counted().rate(90_000) is None
    assert counted(0, 4500).rate(90_000) is None


def of_sizes(*sizes: int, layers: tuple[int, ...] = (0,)) -> Count:
    """Pictures of so many bytes, in two packets each."""
    count = Count()
    for number, size in enumerate(sizes):
        for part in (size // 2, size - size // 2):
            count.add(number * 4500, part, layers[number % len(layers)])
    return count


def test_pictures_that_are_alike() -> None:
    assert of_sizes(*[3615] * 12).spread() == 0
    # What Chromium makes of a camera that sees the same picture again and again, in three temporal layers.
    alike = (2509, 2340, 2340, 2343, 2485, 2328, 2327, 2327, 2446, 2357, 2357, 2356)
    spread = of_sizes(*alike, layers=(0, 2, 1, 2)).spread()
    assert spread is not None and spread < 2.5


def test_pictures_that_differ() -> None:
    differing = (5202, 4678, 2987, 3057, 5344, 3177, 2813, 4551, 5091, 3676, 3206, 3474)
    spread = of_sizes(*differing, layers=(0, 2, 1, 2)).spread()
    assert spread is not None and spread > 20


def test_pictures_seen_in_part_do_not_count() -> None:
    assert of_sizes(10, *[3615] * 10, 99).spread() == 0
    assert of_sizes(3615, 3615, 3615, 3615, 3615).spread() is None
    assert Count().spread() is None


@pytest.fixture
async def router(worker_binary: WorkerBinary) -> AsyncIterator[Router]:
    settings = WorkerSettings(path=worker_binary.path, schema=worker_binary.schema, version=worker_binary.version)
    worker = await Worker(settings).start()
    yield await worker.create_router(media_codecs=(VP8, OPUS))
    worker.close()
    await worker.wait_closed()


async def producers(router: Router, count: int) -> list[Producer]:
    found = []
    for number in range(count):
        transport = await router.create_direct_transport()
        parameters = replace(video(1000 + 10 * number), mid="0")
        found.append(await transport.produce(kind="video", rtp_parameters=parameters))
    return found


def send(producer: Producer, sequence: int, timestamp: int) -> None:
    ssrc = producer.rtp_parameters.encodings[0].ssrc or 0
    header = struct.pack("!BBHII", 0x80, 96, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    producer.send(header + b"\x10\x00\x00\x00" + b"x" * 200)


class Sources:
    """Producers with pictures at a rate of their own."""

    def __init__(self, rates: dict[Producer, int]) -> None:
        self._rates = rates
        self._pictures = 0

    def tick(self) -> None:
        """The next picture of each, in two packets."""
        self._pictures += 1
        for producer, fps in self._rates.items():
            for part in range(2):
                send(producer, 2 * self._pictures + part, self._pictures * (90_000 // fps))


async def test_every_source_has_its_turn(router: Router, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_ONCE", 2)
    every = await producers(router, 5)
    rates = dict(zip(every, (10, 15, 20, 25, 30), strict=True))
    found: dict[str, float] = {}
    pictures, sources = Pictures(lambda key, counted: found.update({key: counted.fps})), Sources(rates)
    async with asyncio.timeout(20):
        while len(found) < 5:
            pictures.turn(every)
            assert sum(each.listener_count("trace") for each in every) <= 2
            sources.tick()
            await asyncio.sleep(0.005)
    assert found == {each.id: float(fps) for each, fps in rates.items()}
    pictures.close()
    assert all(each.listener_count("trace") == 0 for each in every)


async def test_one_that_sends_nothing_is_told_after_a_while(router: Router, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    [silent] = await producers(router, 1)
    done = asyncio.get_running_loop().create_future()
    Pictures(lambda key, counted: done.set_result((key, counted))).turn([silent])
    async with asyncio.timeout(20):
        assert await done == (silent.id, Counted(0.0, None))


async def test_who_is_paused_closed_or_traced_by_somebody_else_is_left_alone(router: Router) -> None:
    paused, closed, traced = await producers(router, 3)
    await paused.pause()
    closed.close()
    traced.on("trace", lambda event: None)
    pictures = Pictures(lambda key, fps: None)
    pictures.turn([paused, closed, traced])
    assert pictures._counting == {} and traced.listener_count("trace") == 1


async def test_one_that_closes_while_it_is_counted_is_no_failure(router: Router) -> None:
    [producer] = await producers(router, 1)
    found: list[str] = []
    pictures = Pictures(lambda key, fps: found.append(key))
    pictures.turn([producer])
    producer.close()
    pictures.close()
    await asyncio.sleep(0)
    assert found == []
