"""``make bench``: what it costs the daemon to watch 200 candidates with 3 sources each, all of it really sent.

The load is ``psfu simulate --light`` in processes of its own, which give way to the daemon and its workers, since the
clients of an exam run elsewhere: candidates that have joined like any other, each with a DTLS transport, three sources
over SRTP, and RTCP with extended reports, all counted by the worker. Only the packets are few, some 18 a second from
each candidate. What it costs to watch a source does not depend on how many packets the worker counted, but for pictures
a second: eight sources at a time are traced packet by packet, which is some 30 messages a second here and up to 200
with cameras of 600 kb/s.

Processor time is that of the daemon alone, all of it, while one monitor follows every frame and the history is kept;
its target follows `bench.yardstick`. Memory is what a process grows by that does nothing but this. Signaling is a
request of a client on a WebSocket of its own, first while nobody looks, then while a monitor follows. Results go to the
terminal and to ``build/bench/quality.json``.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench.yardstick import slowness  # noqa: E402
from proctor_sfu.control.client import Client  # noqa: E402
from proctor_sfu.mediasoup.install import install  # noqa: E402
from proctor_sfu.simulate.protoo import Protoo  # noqa: E402
from support.serve import PSFU, Serve, environment  # noqa: E402

CANDIDATES = int(os.environ.get("PSFU_BENCH_CANDIDATES", "200"))
SECONDS = 20.0
CONFIG = '[signaling]\nport = 0\n[workers]\ncount = 2\n[log]\nformat = "json"\nlevel = "warning"\n'
TICK = os.sysconf("SC_CLK_TCK")


def processor(pid: int) -> float:
    """Processor time a process used so far, seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


FOLLOW = """
import sys
from pathlib import Path
from proctor_sfu.control.client import Client
for frame in Client(Path(sys.argv[1])).quality.stream():
    print(frame.seq, flush=True)
"""


class Monitor(threading.Thread):
    """Counts the frames that a process of its own follows, as `psfu monitor` does."""

    def __init__(self, socket: Path) -> None:
        super().__init__(daemon=True)
        self.frames = 0
        self.process = subprocess.Popen(
            [sys.executable, "-c", FOLLOW, socket], stdout=subprocess.PIPE, env=environment(), text=True
        )

    def run(self) -> None:
        assert self.process.stdout is not None
        for _ in self.process.stdout:
            self.frames += 1


def calls(socket: Path, seconds: float) -> list[float]:
    """How long a control call took, again and again, milliseconds."""
    client, took, end = Client(socket), [], time.perf_counter() + seconds
    while time.perf_counter() < end:
        began = time.perf_counter()
        client.daemon.status()
        took.append(1000 * (time.perf_counter() - began))
        time.sleep(0.02)
    return took


async def signaling(url: str, seconds: float) -> list[float]:
    """How long a request on a WebSocket took, again and again, milliseconds."""

    async def asked(method: str, data: Any) -> Any:
        return {}

    protoo = await Protoo.connect(url, asked, lambda method, data: None)
    try:
        await protoo.request("authenticate", {"roomId": "bench-signaling", "peerId": "guest", "role": "candidate"})
        took, end = [], time.perf_counter() + seconds
        while time.perf_counter() < end:
            began = time.perf_counter()
            await protoo.request("ping")
            took.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.02)
        return took
    finally:
        await protoo.close()


def flowing(client: Client) -> int:
    """How many sources flow."""
    frame = client.quality.snapshot()
    return sum(len(each.sources) for each in frame.candidates if each.state in ("live", "degraded"))


def measured(daemon: Serve) -> dict[str, float]:
    """Start the load, wait until all of it is there, and measure."""
    load = [
        "nice", "-n", "19", PSFU, "simulate", "--light", "--candidates", str(CANDIDATES), "--proctors", "0",
        "--duration", "600", "--ramp", "40", "--room", "bench", "--socket", daemon.socket,
    ]  # fmt: skip
    client = Client(daemon.socket)
    url = client.daemon.status().signaling.url
    client.rooms.create("bench-signaling", open_to_all=True)
    monitor = None
    simulate = subprocess.Popen(load, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    try:
        end = time.monotonic() + 180
        while (sources := flowing(client)) < 3 * CANDIDATES:
            if simulate.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"only {sources} sources flow; {simulate.poll()}")
            time.sleep(2)
        time.sleep(12)  # Until windows and medians are as full as they get, and nobody looks any more.
        unwatched = asyncio.run(signaling(url, SECONDS))
        monitor = Monitor(daemon.socket)
        monitor.start()
        time.sleep(3)  # Until frames are about everything again.
        pid = daemon.running.pid
        before, began, frames = processor(pid), time.perf_counter(), monitor.frames
        time.sleep(SECONDS)
        spent, passed, frames = processor(pid) - before, time.perf_counter() - began, monitor.frames - frames
        took = calls(daemon.socket, SECONDS)
        watched = asyncio.run(signaling(url, SECONDS))
        samples = client.quality.snapshot().daemon
        return {
            "cpu": 100 * spent / passed, "p99": percentile(took), "calls": len(took),
            "frames": frames / passed, "sample_ms": samples.sample_ms or 0.0,
            "lag_ms": samples.loop_lag_ms or 0.0, "unwatched_p50": statistics.median(unwatched),
            "unwatched_p99": percentile(unwatched), "watched_p50": statistics.median(watched),
            "watched_p99": percentile(watched),
        }  # fmt: skip
    finally:
        if monitor is not None:
            monitor.process.terminate()
            monitor.process.wait()
        simulate.terminate()
        simulate.communicate(timeout=60)


def percentile(values: list[float]) -> float:
    """The 99th."""
    return statistics.quantiles(values, n=100)[98]


def memory() -> dict[str, float]:
    """Run the part of it that has no network in a process of its own."""
    done = subprocess.run(
        [sys.executable, Path(__file__).with_name("quality_memory.py"), str(CANDIDATES)],
        check=True, stdout=subprocess.PIPE, text=True, env=environment(PYTHONPATH=str(ROOT / "tests")),
    )  # fmt: skip
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    install()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Serve(Path(folder)).start(CONFIG)
        try:
            results = measured(daemon)
        finally:
            daemon.running.terminate()
            daemon.running.wait()
    results |= memory()
    slow = slowness()
    share = 5 * slow
    rows: list[tuple[str, str, str, bool]] = [
        (
            "daemon, all it does, share of a core",
            f"{results['cpu']:.1f} %",
            f"< 5 % ({share:.1f} % here)",
            results["cpu"] < share,
        ),
        ("control call, p99", f"{results['p99']:.1f} ms", "< 20 ms", results["p99"] < 20),
        (
            "signaling request, median",
            f"{results['watched_p50']:.2f} ms",
            f"< {results['unwatched_p50'] + 1:.2f} ms",
            results["watched_p50"] < results["unwatched_p50"] + 1,
        ),
        (
            "signaling request, p99",
            f"{results['watched_p99']:.1f} ms",
            f"< {results['unwatched_p99'] + 10:.1f} ms",
            results["watched_p99"] < results["unwatched_p99"] + 10,
        ),
        ("more memory", f"{results['mebibytes']:.0f} MiB", "< 40 MB", results["mebibytes"] * 1.048576 < 40),
        ("frames a second to the monitor", f"{results['frames']:.2f}", "1", abs(results["frames"] - 1) < 0.1),
        ("asking all workers", f"{results['sample_ms']:.1f} ms", "", True),
        ("history, for three hours", f"{results['history_bytes'] * 10_800 / 1e6:.0f} MB", "", True),
    ]
    table = Table(
        title=f"quality: {CANDIDATES} candidates, 3 sources each, sampled, streamed and kept every second",
        caption=f"a plain loop takes {slow:.2f} times as long as where the target of 5 % was set",
    )
    for heading in ("", "measured", "target", ""):
        table.add_column(heading, justify="left" if not heading else "right")
    for title, value, target, good in rows:
        table.add_row(title, value, target, "" if not target else "ok" if good else "MISSED")
    Console().print(table)
    out = ROOT / "build" / "bench" / "quality.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    machine: dict[str, Any] = {"python": platform.python_version(), "cores": os.cpu_count(), "slowness": slow}
    out.write_text(json.dumps({"results": results, "machine": machine}, indent=1) + "\n")
    if not all(good for *_, good in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
