"""The largest layer there is gets written, also if the worker passed over it when it came."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from proctor_sfu.aio import spawn
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.plain_transport import PlainTransport
from proctor_sfu.recording import watchdog
from proctor_sfu.recording.ledger import Row
from proctor_sfu.rooms.roles import Source
from support import packets
from support.host import simulcast
from support.sender import Endpoint
from support.sitting_recorded import sitting

SSRC = 3001
"""Of the smallest layer; the next ones follow."""
ACTIVE = 2.0
"""Seconds a layer has to have come before the worker would choose it (``StreamMinActiveMs``)."""
_NTP = 2_208_988_800


class Sender:
    """Sends key frames of some layers, all alike, and tells their clock."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.layers = 1
        self._endpoint = endpoint

    async def run(self) -> None:
        """Send until cancelled."""
        began = time.monotonic()
        for number in itertools.count(1):
            for layer in range(self.layers):
                timestamp = 1800 * number
                self._endpoint.send(
                    packets.rtp(96, number, timestamp, SSRC + layer, packets.KEY_FRAME, marker=True)
                )  # fmt: skip
                if number % 10 == 1:
                    at = time.time() + _NTP
                    self._endpoint.send(packets.sender_report(SSRC + layer, at, timestamp, number, 30 * number))
            await asyncio.sleep(max(0.0, began + 0.02 * number - time.monotonic()))  # The pace of the pictures.


@asynccontextmanager
async def sender(transport: PlainTransport) -> AsyncIterator[Sender]:
    async with Endpoint() as endpoint:
        endpoint.towards(transport.tuple)
        made = Sender(endpoint)
        task = spawn(made.run(), name="pictures")
        try:
            yield made
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_larger_layer_that_comes_late_is_asked_for(
    tmp_path: Path, worker_binary: WorkerBinary, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = watchdog.BEHIND
    monkeypatch.setattr(watchdog, "BEHIND", 1_000_000)
    async with sitting(tmp_path, worker_binary) as exam:
        _, transport = await exam.publish(exam.enter("ann"), Source.CAMERA, simulcast(SSRC))
        async with sender(transport) as sends:
            exam.recordings.want("exam", None, [Source.CAMERA])
            recording = await exam.recording("ann", Source.CAMERA)
            take = recording.takes[Source.CAMERA]

            def layer() -> int | None:
                return None if take.consumer.current_layers is None else take.consumer.current_layers.spatial_layer

            await exam.until(lambda: layer() == 0)
            # The worker passes over a layer that comes late only if it is asked at the wrong moment; so it always does.
            await take.consumer.set_preferred_layers(spatial_layer=0)
            sends.layers = 2
            await exam.until(lambda: take.behind > ACTIVE + 1)
            assert layer() == 0
            monkeypatch.setattr(watchdog, "BEHIND", looks)
            await exam.until(lambda: layer() == 1)
            await exam.until(lambda: take.behind == 0)
            assert take.larger is None

            def rows() -> list[Row]:
                """A row comes into the ledger a little later than the layer."""
                found = exam.rows(recording.folder, "layers_changed")
                return [each for each in found if each.fields["spatial"] == 1]

            row, *_ = await exam.until(rows)
            assert row.fields["track"] == "camera"
