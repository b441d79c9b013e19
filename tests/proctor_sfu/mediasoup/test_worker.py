"""The worker process: start, end, death, and what is left behind: nothing."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from proctor_sfu.errors import InvalidArgumentError, NotFoundError, SchemaError, WorkerClosedError, WorkerStartError
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings
from support.host import LOOPBACK, VP8, Bench, video


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


def children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


async def test_it_starts_answers_and_ends(settings: WorkerSettings) -> None:
    async with Worker(settings) as worker:
        assert (await worker.dump()).pid == worker.pid
        assert (await worker.get_resource_usage()).ru_maxrss > 1000
        await worker.update_settings(log_level="warn", log_tags=["ice", "dtls"])
        assert not worker.closed
        assert not worker.subprocess_closed
    assert (worker.closed, worker.died, worker.subprocess_closed) == (True, False, True)


async def test_nothing_is_left_of_two_hundred_workers(settings: WorkerSettings) -> None:
    async with Worker(settings):
        pass
    before, family = descriptors(), children()
    for _ in range(50):
        four = [Worker(settings) for _ in range(4)]
        await asyncio.gather(*(worker.start() for worker in four))
        await four[0].create_router(media_codecs=[VP8])
        for index, worker in enumerate(four):
            if index == 3:
                os.kill(worker.pid, signal.SIGKILL)
            else:
                worker.close()
        await asyncio.gather(*(worker.wait_closed() for worker in four))
    # Streams close in the turn of the loop after the one that saw the process end.
    await asyncio.sleep(0)
    assert (descriptors(), children()) == (before, family)


async def test_a_killed_worker_fails_what_is_pending_and_says_died_once(bench: Bench) -> None:
    deaths: list[Exception] = []
    bench.worker.on("died", deaths.append)
    transport = await bench.router.create_webrtc_transport(webrtc_server=bench.server)
    producer = await transport.produce(kind="video", rtp_parameters=video())
    os.kill(bench.worker.pid, signal.SIGSTOP)
    pending = [bench.worker.dump(), bench.router.dump(), transport.get_stats(), producer.pause()]
    consume = transport.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
    os.kill(bench.worker.pid, signal.SIGKILL)
    results = await asyncio.gather(*pending, consume, return_exceptions=True)
    assert [type(result) for result in results] == [WorkerClosedError] * 5
    await bench.worker.wait_closed()
    await asyncio.sleep(0)
    assert len(deaths) == 1
    assert "SIGKILL" in str(deaths[0])
    assert (bench.worker.died, bench.router.closed, transport.closed, producer.closed) == (True,) * 4
    with pytest.raises(WorkerClosedError):
        await bench.worker.dump()
    with pytest.raises(WorkerClosedError):
        await bench.router.create_plain_transport(listen_info=LOOPBACK)


async def test_what_closes_while_it_is_asked_for_is_told_to_who_asked_and_no_error_of_the_worker(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "psfu.mediasoup.worker")
    transport = await bench.router.create_webrtc_transport(webrtc_server=bench.server)
    producer = await transport.produce(kind="video", rtp_parameters=video())
    consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
    producer.close()
    with pytest.raises(NotFoundError, match="not found"):
        await consumer.get_stats()
    await bench.worker.dump()
    told = [record for record in caplog.records if consumer.id in record.getMessage()]
    assert [record.levelname for record in told] == ["DEBUG"]


async def test_a_worker_that_hangs_is_killed_when_it_does_not_end(
    settings: WorkerSettings, caplog: pytest.LogCaptureFixture
) -> None:
    worker = await Worker(settings).start()
    os.kill(worker.pid, signal.SIGSTOP)
    worker.close()
    await worker.wait_closed()
    assert worker.subprocess_closed
    assert "does not end" in caplog.text


def script(folder: Path, text: str) -> Path:
    path = folder / "worker.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


async def test_a_missing_binary_is_an_error(settings: WorkerSettings, tmp_path: Path) -> None:
    before = descriptors()
    with pytest.raises(WorkerStartError, match="No such file"):
        await Worker(replace(settings, path=tmp_path / "gone")).start()
    assert descriptors() == before


@pytest.mark.parametrize(
    ("text", "patience", "words"),
    [("exit 3", 20, "exit code 3"), ("kill -SEGV $$", 20, "killed by SIGSEGV"), ("sleep 60", 0.5, "did not report")],
)
async def test_a_binary_that_is_no_worker_is_an_error(
    settings: WorkerSettings, tmp_path: Path, text: str, patience: float, words: str
) -> None:
    # No real worker behaves like this, so a shell script stands in for it.
    family = children()
    broken = replace(settings, path=script(tmp_path, text), start_timeout=patience)
    with pytest.raises(WorkerStartError, match=words):
        await Worker(broken).start()
    assert children() == family


async def test_settings_the_worker_refuses_are_an_error(settings: WorkerSettings) -> None:
    with pytest.raises(InvalidArgumentError, match="refuses its settings"):
        await Worker(replace(settings, rtc_min_port=2000, rtc_max_port=1000)).start()


async def test_a_directory_without_schema_is_an_error(settings: WorkerSettings, tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match=r"no \.fbs files"):
        await Worker(replace(settings, schema=tmp_path)).start()


async def test_an_abandoned_request_leaves_nothing_in_the_worker(bench: Bench) -> None:
    transport = await bench.router.create_webrtc_transport(webrtc_server=bench.server)
    producer = await transport.produce(kind="video", rtp_parameters=video())
    consume = transport.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
    consume.cancel()
    await bench.router.dump()
    assert (await transport.dump()).consumer_ids == ()


async def test_a_result_is_seen_before_the_notifications_that_follow_it(bench: Bench) -> None:
    transport = await bench.router.create_webrtc_transport(webrtc_server=bench.server)
    producer = await transport.produce(kind="video", rtp_parameters=video())
    pausing = producer.pause()
    consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=bench.router.rtp_capabilities)
    resumed = consumer.wait("producerresume")
    await producer.resume()
    async with asyncio.timeout(5):
        await resumed
    assert pausing.done()
    assert not consumer.producer_paused
