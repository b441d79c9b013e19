"""One long-lived process of the official Node host that carries out scripts."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from conformance.host import node_api
from conformance.script import Case
from support.node import node_host

_TIMEOUT = 60.0


class NodeHost:
    """``with NodeHost(binary, settings) as host:`` …"""

    def __init__(self, binary: Path, settings: dict[str, Any]) -> None:
        folder = node_host()
        self._process = subprocess.Popen(
            ["node", str(Path(__file__).with_name("host.mjs"))],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env=os.environ | {"MEDIASOUP_WORKER_BIN": str(binary)},
        )  # fmt: skip
        hello = self._exchange({"node": str(folder), "api": node_api(), "worker": settings})
        self.version: str = hello["version"]
        self.supported: dict[str, Any] = hello["supported"]

    def run(self, case: Case) -> dict[str, Any]:
        """Carry out a case."""
        answer: dict[str, Any] = self._exchange({"do": "run", "steps": [step.document() for step in case]})
        return answer

    def negotiate(self, rounds: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Return what the ortc functions make of each of these codecs, senders and receivers."""
        answer: list[dict[str, Any]] = self._exchange({"do": "negotiate", "rounds": rounds})
        return answer

    def h264(self, pairs: list[tuple[dict[str, Any], dict[str, Any]]]) -> list[dict[str, str] | None]:
        """Return the level of the answer to each pair of local and remote parameters; None for other profiles."""
        answer: list[dict[str, str] | None] = self._exchange({"do": "h264", "pairs": pairs})
        return answer

    def scalability(self, modes: list[str | None]) -> list[dict[str, Any]]:
        """Return what each scalability mode says."""
        answer: list[dict[str, Any]] = self._exchange({"do": "scalability", "modes": modes})
        return answer

    def _exchange(self, document: dict[str, Any]) -> Any:
        assert self._process.stdin is not None and self._process.stdout is not None
        watchdog = threading.Timer(_TIMEOUT, self._process.kill)
        watchdog.start()
        try:
            self._process.stdin.write(json.dumps(document) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        finally:
            watchdog.cancel()
        if not line:
            raise RuntimeError(f"the Node host ended with {self._process.wait()}")
        return json.loads(line)

    def __enter__(self) -> NodeHost:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
