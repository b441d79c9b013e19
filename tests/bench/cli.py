"""``make bench``: how long commands take, from their start to their end, at a real daemon.

Every figure is the median of its runs. Results go to the terminal and to ``build/bench/cli.json``.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from proctor_sfu.mediasoup.install import install  # noqa: E402
from support.serve import PSFU, Serve, environment  # noqa: E402

RUNS = int(os.environ.get("PSFU_BENCH_RUNS", "15"))
TARGET = 0.3
"""Seconds."""
COMMANDS = ("--help", "rooms list", "rooms list --json", "candidates list", "status", "rooms get none")


def seconds(command: str, socket: Path) -> float:
    began = time.perf_counter()
    subprocess.run(
        [PSFU, *command.split()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False,
        env=environment(PSFU_SOCKET=str(socket)),
    )  # fmt: skip
    return time.perf_counter() - began


def main() -> None:
    install()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Serve(Path(folder)).start()
        try:
            seconds("--help", daemon.socket)  # Compiles what was never imported.
            runs = {command: [seconds(command, daemon.socket) for _ in range(RUNS)] for command in COMMANDS}
        finally:
            daemon.running.terminate()
            daemon.running.wait()
    medians = {command: statistics.median(each) for command, each in runs.items()}
    table = Table(title=f"psfu commands, median of {RUNS} runs")
    for heading in ("command", "median", "slowest", "target"):
        table.add_column(heading, justify="left" if heading == "command" else "right")
    for command, each in runs.items():
        table.add_row(f"psfu {command}", f"{medians[command]:.3f} s", f"{max(each):.3f} s", f"< {TARGET} s")
    Console().print(table)
    out = ROOT / "build" / "bench" / "cli.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count()}
    out.write_text(
        json.dumps({"medians": medians, "runs": runs, "target": TARGET, "machine": machine}, indent=1) + "\n"
    )


if __name__ == "__main__":
    main()
