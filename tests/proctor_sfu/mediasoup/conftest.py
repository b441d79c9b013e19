"""A real worker with a router and a WebRtcServer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

import pytest

from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings
from support.host import LOOPBACK, OPUS, VP8, Bench

if TYPE_CHECKING:
    from proctor_sfu.mediasoup.install import WorkerBinary


@pytest.fixture
def settings(worker_binary: WorkerBinary) -> WorkerSettings:
    return WorkerSettings(path=worker_binary.path, schema=worker_binary.schema)


@pytest.fixture
async def bench(settings: WorkerSettings) -> AsyncIterator[Bench]:
    async with Worker(settings) as worker:
        router = await worker.create_router(media_codecs=[VP8, OPUS])
        server = await worker.create_webrtc_server(listen_infos=[LOOPBACK, ListenInfo(ip="127.0.0.1", protocol="tcp")])
        yield Bench(worker=worker, router=router, server=server)
