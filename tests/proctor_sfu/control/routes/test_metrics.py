"""/metrics, /healthz and /readyz of a real daemon: over TCP where it is switched on, on the control socket always."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as parse

from proctor_sfu.mediasoup.install import WorkerBinary
from support.serve import QUIET, Serve, psfu


@pytest.fixture(scope="module")
def daemon(worker_binary: WorkerBinary, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serve]:
    assert worker_binary.path.exists()
    running = Serve(tmp_path_factory.mktemp("psfu"))
    yield running.start(QUIET + "[metrics]\nport = 0\n")
    running.end()


def get(daemon: Serve, path: str, *, tcp: bool, **headers: str) -> tuple[int, str, str]:
    """Status, content type and text."""
    if tcp:
        line = next(each for each in daemon.log.read_text().splitlines() if '"event": "metrics"' in each)
        connection = http.client.HTTPConnection("127.0.0.1", json.loads(line)["port"], timeout=20)
    else:
        connection = http.client.HTTPConnection("psfu", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(daemon.socket))
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, answer.headers["Content-Type"], answer.read().decode()
    connection.close()
    return found


def ready(daemon: Serve) -> dict[str, Any]:
    """What /readyz says once there was a sample."""
    while True:
        status, _, text = get(daemon, "/readyz", tcp=True)
        told: dict[str, Any] = json.loads(text)
        assert status == (200 if told["ready"] else 503)
        if told["checks"]["sampled"]:
            return told


@pytest.mark.parametrize("tcp", [True, False])
def test_a_daemon_that_is_well(daemon: Serve, tcp: bool) -> None:
    assert ready(daemon) == {"ready": True, "checks": {"not_stopping": True, "workers": True, "sampled": True}}
    status, _, text = get(daemon, "/healthz", tcp=tcp)
    assert status == 200 and json.loads(text)["ok"]
    status, kind, text = get(daemon, "/metrics", tcp=tcp)
    assert status == 200 and kind.startswith("text/plain")
    found = {family.name: family.samples for family in parse(text)}
    assert found["psfu_ready"][0].value == 1 and found["psfu_workers"][0].value == 1
    assert found["psfu_worker_cpu_seconds"][0].value > 0
    assert found["psfu_udp_receive_buffer_errors"][0].value >= 0
    _, kind, text = get(daemon, "/metrics", tcp=tcp, Accept="application/openmetrics-text; version=1.0.0")
    assert kind.startswith("application/openmetrics-text") and text.endswith("# EOF\n")


@pytest.mark.parametrize(("path", "status", "code"), [
    ("/metrics?candidates=yes", 400, "bad_data"), ("/metrics?room=nowhere", 404, "room_not_found"),
])  # fmt: skip
def test_questions_that_make_no_sense(daemon: Serve, path: str, status: int, code: str) -> None:
    ready(daemon)
    found, _, text = get(daemon, path, tcp=True)
    assert (found, json.loads(text)["error"]["code"]) == (status, code)


def test_what_was_asked_in_vain_is_nothing_but_these_paths(daemon: Serve) -> None:
    assert get(daemon, "/v1/rooms", tcp=True)[0] == 404
    assert get(daemon, "/v1/rooms", tcp=False)[0] == 200


def test_a_room_and_its_candidates(daemon: Serve) -> None:
    assert psfu("rooms", "create", "exam-1", "--open", "--socket", daemon.socket).returncode == 0
    while (found := get(daemon, "/metrics?room=exam-1&candidates=1", tcp=True))[0] != 200:
        pass
    assert 'psfu_room_candidates{room="exam-1"} 0.0' in found[2]


def test_a_worker_that_hangs_is_seen_and_does_not_stop_the_sampler(daemon: Serve) -> None:
    [worker] = daemon.workers()
    os.kill(worker, signal.SIGSTOP)
    try:
        while "psfu_worker_answer_seconds" in get(daemon, "/metrics", tcp=True)[2]:
            pass
        assert get(daemon, "/healthz", tcp=True)[0] == 200
        assert ready(daemon)["ready"]
    finally:
        os.kill(worker, signal.SIGCONT)
    while "psfu_worker_answer_seconds" not in get(daemon, "/metrics", tcp=True)[2]:
        pass


def test_a_port_that_is_taken_is_told_with_its_key(tmp_path: Path, worker_binary: WorkerBinary) -> None:
    assert worker_binary.path.exists()
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        file = tmp_path / "psfu.toml"
        file.write_text(f"{QUIET}[metrics]\nport = {taken.getsockname()[1]}\n[state]\ndirectory = '{tmp_path}/state'\n")
        done = psfu("serve", "--config", file, "--socket", tmp_path / "control.sock")
    assert done.returncode == 6
    assert f"{file}: metrics.port: 127.0.0.1 port {taken}" not in done.stderr
    assert "metrics.port" in done.stderr and "address already in use" in done.stderr
