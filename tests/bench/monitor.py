"""``make bench``: what ``psfu monitor`` costs, on a terminal of its own, reading a stream of a synthetic exam.

Everything is real but the exam: the command, the client, the socket, the screens. The share of a core is the
processor time of the monitor's process during the run; its targets follow `bench.yardstick`. Results go to the terminal
and to ``build/bench/monitor.json``.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import pty
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench.yardstick import slowness  # noqa: E402
from support.crowd import Crowd  # noqa: E402
from support.serve import PSFU, environment  # noqa: E402
from support.stream import line, streaming  # noqa: E402

SECONDS = float(os.environ.get("PSFU_BENCH_SECONDS", "15"))
WARM_UP = 4.0
COLUMNS, ROWS = 160, 50
CASES = ((200, 2.0, 3.0), (1000, 1.0, 5.0), (1000, 2.0, 5.0))
"""Candidates, frames a second, percent of a core it may take."""
TICK = os.sysconf("SC_CLK_TCK")


def processor(pid: int) -> float:
    """Return the processor time of a process, in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def resident(pid: int) -> float:
    """Return the resident memory of a process, in MiB."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def drain(master: int, until: float) -> int:
    """Read what the terminal is sent until a time, answering as terminals do; returns the bytes."""
    count = 0
    while (left := until - time.monotonic()) > 0:
        if select.select([master], [], [], left)[0]:
            try:
                part = os.read(master, 65536)
            except OSError:
                return count  # The other end is closed.
            count += len(part)
            if b"\x1b[?2026$p" in part:
                os.write(master, b"\x1b[?2026;2$y")  # It knows synchronized output, as most do.
    return count


def measure(count: int, rate: float) -> dict[str, float]:
    """Return what a monitor of so many candidates costs at so many frames a second."""
    crowd = Crowd(count)
    lines = [line(crowd.frame()) for _ in range(int((SECONDS + WARM_UP + 8) * rate))]

    def send(write: Callable[[bytes], None]) -> None:
        for each in lines:
            write(each)
            time.sleep(1 / rate)

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "control.sock"
        with streaming(path, send):
            return run(path, rate)


def run(path: Path, rate: float) -> dict[str, float]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    given = environment(TERM="xterm-256color", COLORTERM="truecolor", LANG="C.UTF-8", PSFU_SOCKET=str(path))
    monitor = subprocess.Popen(
        [PSFU, "monitor", "--interval", "0.5"],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=given,
        start_new_session=True,
    )
    os.close(slave)
    try:
        drain(master, time.monotonic() + WARM_UP)
        begun, spent = time.monotonic(), processor(monitor.pid)
        count = drain(master, begun + SECONDS)
        share = (processor(monitor.pid) - spent) / (time.monotonic() - begun)
        result = {"percent": 100 * share, "ms": 1000 * share / rate, "kib": count / 1024 / SECONDS / rate,
                  "mib": resident(monitor.pid)}  # fmt: skip
    finally:
        os.write(master, b"q")
        drain(master, time.monotonic() + 1)
        code = monitor.wait(10)
        os.close(master)
    assert code == 0, f"psfu monitor ended with {code}"
    return result


def main() -> None:
    slow = slowness()
    found = {f"{count} at {rate:g} Hz": measure(count, rate) | {"most": most} for count, rate, most in CASES}
    table = Table(
        title=f"psfu monitor on a terminal of {COLUMNS}×{ROWS}",
        caption=f"a plain loop takes {slow:.2f} times as long as where the targets were set",
    )
    for heading in ("candidates", "% of a core", "target", "ms a frame", "KiB a frame", "MiB resident"):
        table.add_column(heading, justify="right")
    for name, row in found.items():
        target = f"< {row['most']:g} ({row['most'] * slow:.1f} here)"
        table.add_row(name, f"{row['percent']:.1f}", target, f"{row['ms']:.1f}", f"{row['kib']:.1f}",
                      f"{row['mib']:.0f}")  # fmt: skip
    Console().print(table)
    out = ROOT / "build" / "bench" / "monitor.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "slowness": slow}
    out.write_text(json.dumps({"runs": found} | machine) + "\n")


if __name__ == "__main__":
    main()
