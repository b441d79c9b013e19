"""A real measurement, of very few."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from proctor_sfu import __version__
from proctor_sfu.aio import spawn
from proctor_sfu.errors import SizingError
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings
from proctor_sfu.recording.sizing import measuring, rung
from proctor_sfu.recording.sizing.rung import Load, Recorder
from support.host import LOOPBACK, OPUS, audio
from support.packets import rtp
from support.sender import Endpoint


def test_a_ladder(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    found = measuring.table(
        worker_binary, tmp_path / "recordings", (5,), seconds=1.0,
        progress=lambda what, part: told.append((what, part)),
    )  # fmt: skip
    assert [(each.candidates, each.recorded) for each in found.rungs] == [(5, False), (5, True)]
    for each in found.rungs:
        assert (each.lost, each.rate) == (0, 305)
        assert 0 < each.worker < 1
        assert (each.recorder > 0) == (each.written > 0) == each.recorded
    biggest = found.rungs[-1]
    # Five candidates of 2.3 Mb/s, within what a second's measurement can be wrong.
    assert 0.7 < biggest.written / (5 * 291_000) < 1.3
    assert found.machine == measuring.machine(tmp_path / "recordings") and found.machine.version == __version__
    assert found.disk_speed > 1e6
    assert told[-1] == ("5 candidates, recorded", 0.5)
    assert list((tmp_path / "recordings").iterdir()) == []


async def test_what_is_lost_is_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("proctor_sfu.recording.sizing.rung.PATIENCE", 0.1)
    recorder = Recorder(tmp_path)
    assert await recorder.missing(17) == 17


async def test_what_the_worker_gets_late_is_not_lost(
    worker_binary: WorkerBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Worker(WorkerSettings(path=worker_binary.path, schema=worker_binary.schema)) as worker:
        router = await worker.create_router(media_codecs=[OPUS])
        transport = await router.create_plain_transport(listen_info=LOOPBACK, comedia=True)
        producer = await transport.produce(kind="audio", rtp_parameters=audio())
        async with Endpoint() as microphone:
            microphone.towards(transport.tuple)
            known = producer.wait("score")
            microphone.send(rtp(111, 0, 0, 2222, b"sound"))
            await known
            looking = spawn(rung.missing([producer], 2), name="missing")
            await asyncio.sleep(0)
            await producer.get_stats()  # It has looked once, and there was one packet.
            microphone.send(rtp(111, 1, 960, 2222, b"sound"))
            assert await looking == 0
            monkeypatch.setattr(rung, "PATIENCE", 0.1)
            assert await rung.missing([producer], 3) == 1


def test_a_machine_that_loses_packets_is_not_measured(
    worker_binary: WorkerBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Load, "packets", property(lambda load: 10**9))
    monkeypatch.setattr("proctor_sfu.recording.sizing.rung.PATIENCE", 0.5)
    with pytest.raises(SizingError, match="of 1 candidates"):
        measuring.table(worker_binary, tmp_path / "recordings", (1, 2), seconds=0.5)
    assert list((tmp_path / "recordings").iterdir()) == []
