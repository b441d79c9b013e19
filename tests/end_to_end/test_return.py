"""A server that is killed in a full exam: 500 candidates come back by themselves, and not all in one second.

The candidates are stays of the real page (`tests/support/stays.ts`) with everything it does to log in and to come back,
at a real daemon; only their cameras are missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Final
from urllib.parse import urlsplit

from end_to_end.daemon import running
from proctor_sfu.control.client import Client
from proctor_sfu.mediasoup.install import WorkerBinary
from support.ports import free_port
from support.started import started

COUNT: Final = 500
MOST_IN_A_SECOND: Final = COUNT // 2
"""Who waits for up to six seconds each time tries every three on average, so that about a third come in any second."""
_WEB: Final = Path(__file__).parents[2] / "proctor_sfu" / "web"
_STAYS: Final = Path(__file__).parents[1] / "support" / "stays.ts"


def test_a_full_exam_comes_back_over_several_seconds(
    worker_binary: WorkerBinary, tmp_path: Path, report: Callable[[str], None]
) -> None:
    assert worker_binary.path.exists()
    with running(tmp_path, {"signaling": {"port": free_port()}}) as daemon:
        daemon.psfu("rooms", "create", "exam")
        control = Client(daemon.socket).tokens
        tokens = [
            control.create(room="exam", subject=f"seat-{number}", role="candidate").token for number in range(COUNT)
        ]
        with stays(tmp_path, urlsplit(daemon.url).netloc, tokens) as lines:
            entered(lines)
            killed = time.time()
            daemon.kill()
            daemon.start()
            back = entered(lines)
        assert min(back) > killed
        seconds = Counter(int(at - killed) for at in back)
        spread = " ".join(str(seconds[second]) for second in range(max(seconds) + 1))
        report(f"{COUNT} candidates of a daemon that was killed are back, second by second: {spread}")
        report(f"at most {busiest(back)} of them within a second")
        assert busiest(back) <= MOST_IN_A_SECOND
        (room,) = daemon.psfu("rooms", "list")
        assert room["candidates"] == COUNT


@contextmanager
def stays(folder: Path, host: str, tokens: list[str]) -> Iterator[IO[str]]:
    """Let candidates come with these tokens, all at once; yields what they tell."""
    script = folder / "stays.js"
    # As CommonJS, since node looks up packages in NODE_PATH for nothing else.
    bundle = ["--bundle", "--platform=node", "--format=cjs", "--external:websocket", f"--outfile={script}"]
    environment = os.environ | {"NODE_PATH": str(_WEB / "node_modules")}
    subprocess.run(
        [_WEB / "node_modules" / ".bin" / "esbuild", _STAYS, *bundle, "--log-level=warning"], check=True, timeout=60,
        env=environment,
    )  # fmt: skip
    with started(["node", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True) as node:
        assert node.stdin is not None and node.stdout is not None
        node.stdin.write(json.dumps({"host": host, "tokens": tokens}) + "\n")
        node.stdin.flush()
        yield node.stdout
        node.stdin.close()
        assert node.wait(30) == 0


def entered(lines: IO[str]) -> list[float]:
    """Wait until everybody is in; returns when each began to come in, in Unix time."""
    found: dict[int, float] = {}
    while len(found) < COUNT:
        line = lines.readline()
        assert line, f"the stays ended with {len(found)} candidates in"
        told = json.loads(line)
        assert told["who"] not in found, f"candidate {told['who']} lost its place"
        found[told["who"]] = told["at"] / 1000
    return list(found.values())


def busiest(times: list[float]) -> int:
    """Return the most that fall into any second, wherever it begins."""
    ordered = sorted(times)
    return max(sum(begin <= each < begin + 1 for each in ordered[at:]) for at, begin in enumerate(ordered))
