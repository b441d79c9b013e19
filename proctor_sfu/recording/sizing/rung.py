"""One measurement: the media of so many candidates through a worker of its own, recorded or not, and what it takes."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, TypeAlias

from proctor_sfu.errors import SizingError
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.mediasoup.listen import ListenInfo
from proctor_sfu.mediasoup.producer import Producer
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.worker import Worker, WorkerSettings
from proctor_sfu.recording.process import RecorderProcess
from proctor_sfu.recording.protocol import Begun, Configure, Disk, Failed, Flow, ToDaemon, TrackReady
from proctor_sfu.recording.sizing.load import SHAPES, SRTP, Sender, count, parameters
from proctor_sfu.recording.taking import Recording
from proctor_sfu.rooms.codecs import room_codecs
from proctor_sfu.rooms.peer import Published
from proctor_sfu.rooms.roles import Source

AGAIN: Final = 0.05
"""Seconds between two looks at what the worker got."""
PATIENCE: Final = 5.0
"""Seconds without another packet after which those that are missing are lost."""
MEMORY: Final = 256 << 20
_LISTEN: Final = ListenInfo(ip="127.0.0.1", recv_buffer_size=4 << 20)
"""With room for what a sender that came late sends at once."""
_PAGE: Final = os.sysconf("SC_PAGE_SIZE")

Producers: TypeAlias = Mapping[Source, Producer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What is sent."""

    candidates: int
    sources: tuple[Source, ...]
    seconds: float
    """Measured; it is sent for a little longer."""
    settle: float = 2.0
    """Seconds before anything is measured."""

    @property
    def duration(self) -> float:
        """Seconds for which it is sent."""
        return self.settle + self.seconds + 1

    @property
    def rate(self) -> float:
        """Packets a second of a candidate."""
        return sum(SHAPES[source].rate for source in self.sources)

    @property
    def packets(self) -> int:
        """Packets of all candidates."""
        return self.candidates * sum(count(source, self.duration) for source in self.sources)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """What so many candidates took."""

    candidates: int
    recorded: bool
    rate: float
    """Packets a second of a candidate."""
    worker: float
    """Cores."""
    recorder: float
    """Cores."""
    memory: int
    """Bytes, resident, of all that records, beyond what it has when it records nothing."""
    written: float
    """Bytes a second on the disk."""
    busy: float
    """Part of the time the disk was worked on."""
    lost: int
    """Packets that were sent and are not on the disk, or did not reach the worker if nothing is recorded."""
    late: float
    """Seconds by which a packet was sent too late, at worst."""


class Keeper(Protocol):
    """Who records, or does not."""

    recorded: bool
    written: float
    busy: float

    async def open(self, stack: AsyncExitStack) -> None:
        """Begin, and end with ``stack``."""

    async def add(self, name: str, router: Router, producers: Producers) -> None:
        """Record a candidate."""

    def pids(self) -> list[int]:
        """Return the processes that record."""

    async def missing(self, expected: int) -> int:
        """Return how many packets of all that were ``expected`` are missing, when no more are to come."""


async def measure(binary: WorkerBinary, load: Load, keeper: Keeper) -> Rung:
    """Measure. Raises what worker and recorder raise, and `SizingError`."""
    async with AsyncExitStack() as stack:
        worker = await stack.enter_async_context(Worker(WorkerSettings(path=binary.path, schema=binary.schema)))
        router = await worker.create_router(media_codecs=room_codecs())
        await keeper.open(stack)
        empty = sum(_memory(pid) for pid in keeper.pids())
        ports: list[int] = []
        sent: list[Producer] = []
        for number in range(load.candidates):
            port, producers = await _candidate(router, f"cand-{number:04}", load)
            await keeper.add(f"cand-{number:04}", router, producers)
            ports.append(port)
            sent += producers.values()
        sender = await Sender.open(ports, load.sources, load.duration)
        stack.push_async_callback(sender.close)
        await sender.send()
        await asyncio.sleep(load.settle)  # All there is flows now.
        before = _cpu([worker.pid]), _cpu(keeper.pids())
        await asyncio.sleep(load.seconds)  # What is used in that time is measured.
        after = _cpu([worker.pid]), _cpu(keeper.pids())
        late = await sender.end()
        lost = await (keeper.missing(load.packets) if keeper.recorded else missing(sent, load.packets))
        return Rung(
            candidates=load.candidates, recorded=keeper.recorded, rate=load.rate,
            worker=(after[0] - before[0]) / load.seconds, recorder=(after[1] - before[1]) / load.seconds,
            memory=sum(_memory(pid) for pid in keeper.pids()) - empty, written=keeper.written, busy=keeper.busy,
            lost=lost, late=late,
        )  # fmt: skip


async def missing(producers: Sequence[Producer], expected: int) -> int:
    """Return how many packets do not reach the worker: what was sent last may wait in its sockets for a while."""
    loop = asyncio.get_running_loop()
    seen, since = -1, loop.time()
    while True:
        arrived = sum([stat.packet_count for each in producers for stat in await each.get_stats()])
        if arrived > seen:
            seen, since = arrived, loop.time()
        if arrived >= expected or loop.time() - since > PATIENCE:
            return expected - arrived
        await asyncio.sleep(AGAIN)


async def _candidate(router: Router, name: str, load: Load) -> tuple[int, Producers]:
    transport = await router.create_plain_transport(
        listen_info=_LISTEN, comedia=True, enable_srtp=True, srtp_crypto_suite=SRTP.crypto_suite
    )
    await transport.connect(srtp_parameters=SRTP)
    producers = {
        source: await transport.produce(kind=SHAPES[source].kind, rtp_parameters=parameters(source, name))
        for source in load.sources
    }
    return transport.tuple.local_port, producers


def _cpu(pids: list[int]) -> float:
    """Return the processor time of processes so far, seconds; raises `OSError` for one that is gone.

    /proc has it in hundredths, in which a recorder of a few candidates is idle. The number of a process's clock:
    MAKE_PROCESS_CPUCLOCK of Linux's include/linux/posix-timers_types.h, with CPUCLOCK_SCHED.
    """
    return sum(time.clock_gettime(~pid << 3 | 2) for pid in pids)


def _memory(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


class Nobody:
    """Nothing is recorded."""

    recorded = False
    written = busy = 0.0

    async def open(self, stack: AsyncExitStack) -> None:
        """Nothing to begin."""

    async def add(self, name: str, router: Router, producers: Producers) -> None:
        """Nothing to record."""

    def pids(self) -> list[int]:
        """None."""
        return []

    async def missing(self, expected: int) -> int:
        """None."""
        return 0


class Recorder:
    """The recorder, as the daemon has it, writing to ``directory``."""

    recorded = True

    def __init__(self, directory: Path) -> None:
        self.written = self.busy = 0.0
        self._directory = directory
        self._recordings: dict[str, Recording] = {}
        self._flows: dict[tuple[str, str], int] = {}
        self._flowed = asyncio.Event()
        self._disks: list[Disk] = []
        self._failure: Failed | None = None
        self._process = RecorderProcess(
            Configure(
                directory=str(directory), segment_seconds=600, checkpoint_seconds=10, memory_bytes=MEMORY,
                signing_key=str(directory / "key.pem"), master_key=None,
            ),
            heard=self._heard, came_back=self._died,
        )  # fmt: skip

    async def open(self, stack: AsyncExitStack) -> None:
        """Start it."""
        stack.push_async_callback(self._close)
        await self._process.start()

    async def _close(self) -> None:
        for each in self._recordings.values():
            each.end(final=False, cause="measured")
        await self._process.close()

    async def add(self, name: str, router: Router, producers: Producers) -> None:
        """Record a candidate."""
        recording = f"sizing/{name}/20260101T000000Z"
        made = self._recordings[recording] = Recording(
            recording, "sizing", name, self._directory / recording, send=self._process.send, fields={},
            stall_seconds=PATIENCE,
        )  # fmt: skip
        made.begin("")
        for source, producer in producers.items():
            await made.take(_Place(router), Published(source=source, producer=producer), lambda: True)

    def pids(self) -> list[int]:
        """The one there is."""
        return [self._process.pid] if self._process.pid is not None else []

    async def missing(self, expected: int) -> int:
        """Wait until all are written, or no more are."""
        seen, loop = -1, asyncio.get_running_loop()
        while (written := sum(self._flows.values())) < expected:
            if self._failure is not None:
                raise SizingError(f"it could not be recorded: {self._failure.message}")
            if written > seen:
                seen, since = written, loop.time()
            elif loop.time() - since > PATIENCE:
                break
            self._flowed.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._flowed.wait(), PATIENCE)
        return expected - written

    def _heard(self, message: ToDaemon) -> None:
        match message:
            case Begun() if message.recording in self._recordings:
                self._recordings[message.recording].state = "running"
                self._recordings[message.recording].begun.set_result(None)
            case TrackReady():
                self._recordings[message.recording].takes[Source(message.track)].set_ready()
            case Flow():
                self._flows |= {(each.recording, each.track): each.written for each in message.tracks}
                self._flowed.set()
            case Disk():
                self._disk(message)
            case Failed():
                self._failure = message

    def _disk(self, disk: Disk) -> None:
        """Look at the seconds in which most is written: neither the first nor the last."""
        self._disks.append(disk)
        rates = [after.written - before.written for before, after in zip(self._disks, self._disks[1:], strict=False)]
        full = [n for n, rate in enumerate(rates, 1) if rate > max(rates) / 2]
        self.written = sum(rates[n - 1] for n in full) / len(full) if full else 0.0
        self.busy = sum(self._disks[n].busy for n in full) / len(full) if full else 0.0

    def _died(self) -> None:
        self._failure = Failed(recording="", code="recorder_failed", message="the recorder died")


@dataclass(frozen=True, slots=True)
class _Place:
    """What a take has to know of a room."""

    router: Router

    def media(self) -> Router:
        """Return the router."""
        return self.router
