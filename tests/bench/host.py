"""``make bench``: psfu's host of mediasoup-worker beside the official Node host, on the same binary, in one run.

Both run the same workloads in processes of their own, in turn. Every figure is the median of its rounds; a ratio is
this host divided by the Node host. Results go to the terminal and to ``build/bench/host.json``.
"""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from proctor_sfu.mediasoup.install import VERSION, install
from support.node import node_host

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
ROUNDS = int(os.environ.get("PSFU_BENCH_ROUNDS", "5"))
SIZES = {"warm": 300, "consumers": 3000, "stats": 10000, "transports": 500, "candidates": 50, "proctors": 15}
ROWS = {
    "consume": ("consumers made per second (pipelined)", "≥ 3.0"),
    "stats": ("transport stats per second (pipelined)", "≥ 3.0"),
    "transports": ("WebRtcTransports per second (pipelined)", "≥ 1.5"),
    "join": ("seconds to answer a proctor: 50 candidates × 3 sources", "< 1"),
    "memory": ("resident memory of the host, bytes", "≤ 0.6"),
}


def run(command: list[str], binary: Path) -> dict[str, float]:
    environment = os.environ | {"MEDIASOUP_WORKER_BIN": str(binary)}
    done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    binary = install()
    sizes = json.dumps(SIZES)
    ours = [sys.executable, str(HERE / "host_psfu.py"), str(binary.path), str(binary.schema), sizes]
    theirs = ["node", str(HERE / "host_node.mjs"), str(node_host()), sizes]
    rounds: dict[str, list[dict[str, float]]] = {"psfu": [], "node": []}
    for index in range(ROUNDS):
        print(f"round {index + 1} of {ROUNDS}", file=sys.stderr)
        rounds["psfu"].append(run(ours, binary.path))
        rounds["node"].append(run(theirs, binary.path))
    medians = {
        host: {row: statistics.median(each[row] for each in done) for row in ROWS} for host, done in rounds.items()
    }
    ratios = {row: medians["psfu"][row] / medians["node"][row] for row in ROWS}
    table = Table(title=f"mediasoup {VERSION}: this host and the official Node host, median of {ROUNDS} rounds")
    for heading in ("", "psfu", "node", "ratio", "target"):
        table.add_column(heading, justify="right" if heading else "left")
    for row, (title, target) in ROWS.items():
        mine, other = (medians[host][row] for host in ("psfu", "node"))
        digits = 4 if row == "join" else 0
        table.add_row(title, f"{mine:,.{digits}f}", f"{other:,.{digits}f}", f"{ratios[row]:.2f}", target)
    Console().print(table)
    out = ROOT / "build" / "bench" / "host.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "mediasoup": VERSION}
    document = {"ratios": ratios, "medians": medians, "rounds": rounds, "sizes": SIZES, "machine": machine}
    out.write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
