"""``make bench``: fully recorded candidates per core, beside one ``ffmpeg -c copy`` per candidate, in one run.

Every candidate sends camera, screen and microphone, encrypted, through a real worker. Processor time is that of the
worker and of all that records. Results go to the terminal and to ``build/bench/recording.json``.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import statistics
import tempfile
from collections.abc import Iterable
from contextlib import AsyncExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.yardstick import slowness
from proctor_sfu.mediasoup.install import install
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.rtp import RtpParameters
from proctor_sfu.recording.sizing import measuring
from proctor_sfu.recording.sizing.load import SHAPES
from proctor_sfu.recording.sizing.rung import Keeper, Load, Nobody, Producers, Recorder, Rung, measure
from proctor_sfu.recording.sizing.table import LATE
from proctor_sfu.recording.tap import LOOPBACK, plain_capabilities

ROOT = Path(__file__).parents[2]
LADDER = tuple(map(int, os.environ.get("PSFU_BENCH_RECORDED", "50,100,200").split(",")))
FEW = 20
"""Candidates ffmpeg records: each process takes tens of megabytes."""
ROUNDS = int(os.environ.get("PSFU_BENCH_ROUNDS", "3"))
SECONDS = 8.0
ANALYSIS = 9.0
"""Seconds ffmpeg takes to find out what it gets, which are not held against it."""
TARGET = 200
"""On the machine of `bench.yardstick`."""
PORTS = range(61_000, 65_000, 2)
"""For ffmpeg, which takes them late: neither the kernel nor a worker gives these to anybody else."""


class Ffmpeg:
    """One process for each candidate, which copies what an SDP file speaks of into a Matroska file."""

    recorded = True

    def __init__(self, directory: Path) -> None:
        self.written = self.busy = 0.0
        self._directory = directory
        self._processes: dict[asyncio.subprocess.Process, Path] = {}
        """Each with what it says."""
        self._ports = (port for port in PORTS if is_free(port) and is_free(port + 1))

    async def open(self, stack: AsyncExitStack) -> None:
        self._directory.mkdir()
        stack.push_async_callback(self._close)

    async def add(self, name: str, router: Router, producers: Producers) -> None:
        sections, consumers = [], []
        for producer in producers.values():
            port = next(self._ports)
            transport = await router.create_plain_transport(listen_info=LOOPBACK, rtcp_mux=False, comedia=False)
            await transport.connect(ip="127.0.0.1", port=port, rtcp_port=port + 1)
            capabilities = plain_capabilities(router.rtp_capabilities)
            consumer = await transport.consume(producer_id=producer.id, rtp_capabilities=capabilities, paused=True)
            consumers.append(consumer)
            sections.append(section(consumer.kind, port, consumer.rtp_parameters))
        sdp = self._directory / f"{name}.sdp"
        sdp.write_text("v=0\no=- 0 0 IN IP4 127.0.0.1\ns=-\nc=IN IP4 127.0.0.1\nt=0 0\n" + "".join(sections))
        options = ["-nostdin", "-loglevel", "error", "-protocol_whitelist", "file,udp,rtp"]
        # Nothing is sent before the last one is there.
        options += ["-listen_timeout", "120"]
        copy = ["-i", str(sdp), "-map", "0", "-c", "copy", str(sdp.with_suffix(".mkv"))]
        with sdp.with_suffix(".log").open("wb") as log:
            process = await asyncio.create_subprocess_exec("ffmpeg", *options, *copy, stderr=log)
        self._processes[process] = sdp.with_suffix(".log")
        for consumer in consumers:
            await consumer.resume()

    def pids(self) -> list[int]:
        for each, log in self._processes.items():
            assert each.returncode is None, f"an ffmpeg ended with {each.returncode}: {log.read_text()[-2000:]}"
        return [each.pid for each in self._processes]

    async def missing(self, expected: int) -> int:
        """What ffmpeg lost it does not say."""
        sizes = [each.stat().st_size for each in self._directory.glob("*.mkv")]
        assert len(sizes) == len(self._processes) and min(sizes) > 500_000, "ffmpeg did not write everything"
        return 0

    async def _close(self) -> None:
        for each in self._processes:
            with suppress(ProcessLookupError):
                each.kill()  # It heeds no other signal while it waits for a packet.
            await each.wait()


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        try:
            made.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def section(kind: str, port: int, parameters: RtpParameters) -> str:
    codec = parameters.codecs[0]
    name = (
        codec.mime_type.partition("/")[2] + f"/{codec.clock_rate}" + (f"/{codec.channels}" if kind == "audio" else "")
    )
    return f"m={kind} {port} RTP/AVP {codec.payload_type}\na=rtpmap:{codec.payload_type} {name}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What is shown of one way to record."""

    who: str
    candidates: int
    per_core: float
    """Recorded candidates."""
    worker: float
    recorder: float
    """Percent of a core for each candidate."""
    memory: float
    """Bytes for each track."""
    written: float
    """Bytes a second."""
    lost: int
    late: float
    """Seconds a packet was sent too late, at worst; those rounds count in which that is little, if there are any."""


def row(who: str, rungs: list[Rung]) -> Row:
    rungs = [each for each in rungs if each.late < LATE] or rungs

    def median(values: Iterable[float]) -> float:
        return statistics.median(values)

    count = rungs[0].candidates
    return Row(
        who=who, candidates=count, per_core=median(count / (each.worker + each.recorder) for each in rungs),
        worker=median(100 * each.worker / count for each in rungs),
        recorder=median(100 * each.recorder / count for each in rungs),
        memory=median(each.memory / count / len(SHAPES) for each in rungs),
        written=median(each.written for each in rungs), lost=sum(each.lost for each in rungs),
        late=max(each.late for each in rungs),
    )  # fmt: skip


def main() -> None:
    binary = install()
    directory = Path(tempfile.mkdtemp(prefix="psfu-bench-", dir=os.environ.get("PSFU_BENCH_DIRECTORY")))
    rungs: dict[tuple[str, int], list[Rung]] = {}

    def run(who: str, count: int, keeper: Keeper, settle: float = 2.0) -> None:
        load = Load(candidates=count, sources=tuple(SHAPES), seconds=SECONDS, settle=settle)
        rungs.setdefault((who, count), []).append(asyncio.run(measure(binary, load, keeper)))

    try:
        for number in range(ROUNDS):
            for count in LADDER:
                run("nobody", count, Nobody())
                run("psfu", count, Recorder(directory / f"psfu-{number}-{count}"))
                shutil.rmtree(directory / f"psfu-{number}-{count}")
            run("ffmpeg", FEW, Ffmpeg(directory / f"ffmpeg-{number}"), ANALYSIS)
            shutil.rmtree(directory / f"ffmpeg-{number}")
    finally:
        shutil.rmtree(directory)
    rows = [row(who, found) for (who, _), found in rungs.items()]
    slow = slowness()
    show(rows, slow)
    write(rows, rungs, slow)


def show(rows: list[Row], slow: float) -> None:
    table = Table(
        title=f"recorded candidates (camera, screen, microphone; 305 packets/s), median of {ROUNDS} rounds",
        caption=f"a plain loop takes {slow:.2f} times as long as where the target of {TARGET} was set",
    )
    for heading in (
        "recorded by", "candidates", "per core", "target", "worker %", "recorder %", "memory/track", "to disk", "lost",
        "late",
    ):  # fmt: skip
        table.add_column(heading, justify="left" if heading == "recorded by" else "right")
    for each in rows:
        target = f">= {TARGET} ({TARGET / slow:.0f} here)" if each.who == "psfu" else ""
        table.add_row(
            each.who, str(each.candidates), f"{each.per_core:.0f}" if each.late < LATE else "too busy", target,
            f"{each.worker:.3f}", f"{each.recorder:.3f}", f"{each.memory / 1e6:.2f} MB",
            f"{each.written / 1e6:.1f} MB/s",
            str(each.lost) if each.who != "ffmpeg" else "?", f"{each.late:.2f} s",
        )  # fmt: skip
    Console(width=120).print(table)


def write(rows: list[Row], rungs: dict[tuple[str, int], list[Rung]], slow: float) -> None:
    out = ROOT / "build" / "bench" / "recording.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    document: dict[str, Any] = {
        "rows": [asdict(each) for each in rows], "target": TARGET, "slowness": slow,
        "rounds": {f"{who} {count}": [asdict(each) for each in found] for (who, count), found in rungs.items()},
        "machine": asdict(measuring.machine(ROOT)) | {"directory": ""},
    }  # fmt: skip
    out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
