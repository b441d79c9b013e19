"""The daemon as a process: what ends it, what it leaves behind, what it tells its manager, and starts that go wrong."""

from __future__ import annotations

import contextlib
import datetime
import http.client
import http.server
import json
import os
import pty
import re
import resource
import signal
import socket
import ssl
import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.signaling.tls import self_signed
from support.deck import is_alive
from support.guests import Guests
from support.serve import LIMIT, PSFU, QUIET, Serve, environment, psfu
from support.started import started

SIGNALS = (signal.SIGTERM, signal.SIGINT)
Start = Callable[..., Serve]


@pytest.fixture
def serve(worker_binary: WorkerBinary, tmp_path: Path) -> Iterator[Start]:
    assert worker_binary.path.exists()
    made: list[Serve] = []

    def start(notify: str | None = None, **options: Any) -> Serve:
        made.append(Serve(tmp_path, notify))
        return made[-1].start(**options)

    yield start
    for each in made:
        each.end()


def gone(pids: list[int]) -> bool:
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def test_it_may_open_as_many_files_as_the_system_lets_it(serve: Start) -> None:
    few, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (512, most))
    try:
        started = serve()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (few, most))
    assert resource.prlimit(started.running.pid, resource.RLIMIT_NOFILE) == (most, most)


# Ending.


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_it_and_nothing_is_left(serve: Start, number: signal.Signals) -> None:
    daemon = serve(config=QUIET.replace("count = 1", "count = 2"))
    workers = daemon.workers()
    assert len(workers) == 2
    assert stat.S_IMODE(daemon.socket.stat().st_mode) == 0o660
    daemon.running.send_signal(number)
    daemon.wait_told("STOPPING=1")
    assert daemon.running.wait(LIMIT) == 0
    assert gone(workers) and not daemon.socket.exists()
    events = [json.loads(line)["event"] for line in daemon.log.read_text().splitlines()]
    assert events == ["token_key_made"] + ["worker_started"] * 2 + ["ready", "stopping", "stopped"]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_second_signal_ends_it_at_once(serve: Start, number: signal.Signals) -> None:
    daemon = serve()
    workers = daemon.workers()
    # A worker that does not end holds up the shutdown, and must not outlive it.
    os.kill(workers[0], signal.SIGSTOP)
    daemon.running.send_signal(number)
    daemon.wait_told("STOPPING=1")
    daemon.running.send_signal(number)
    assert daemon.running.wait(LIMIT) == 128 + number
    assert not daemon.socket.exists()
    text = daemon.log.read_text()
    assert "stopping_at_once" in text and '"stopped"' not in text and "Traceback" not in text
    end = time.monotonic() + LIMIT
    # It was killed, and is nobody's child any more, so there is nothing to wait for.
    while is_alive(workers[0]):
        assert time.monotonic() < end, "it outlived the daemon"
        time.sleep(0.02)


def renewed(folder: Path, certificate: Path, key: Path) -> bytes:
    """Put a new certificate in place, as certbot would; returns it as clients are shown it."""
    made = self_signed(folder, ["localhost"], datetime.datetime.now(datetime.UTC))
    for new, old in zip(made, (certificate, key), strict=True):
        new.replace(old)
    return ssl.PEM_cert_to_DER_cert(certificate.read_text())


def scraped(daemon: Serve, line: str) -> str:
    """Metrics, as soon as they have a line."""
    end = time.monotonic() + LIMIT
    while True:
        connection = http.client.HTTPConnection("psfu", timeout=LIMIT)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.connect(str(daemon.socket))
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        if line in text:
            return text
        assert time.monotonic() < end, text


@pytest.mark.parametrize("way", ["command", "hangup"])
def test_a_renewed_certificate_is_taken_up_and_connections_stay(serve: Start, tmp_path: Path, way: str) -> None:
    certificate, key, secrets = tmp_path / "certificate.pem", tmp_path / "key.pem", tmp_path / "turn"
    first = renewed(tmp_path / "tls", certificate, key)
    secrets.write_text("one\n")
    daemon = serve(
        config=f'{QUIET}[signaling.tls]\ncertificate = "{certificate}"\nkey = "{key}"\n'
        f'[turn]\nurls = ["turn:127.0.0.1:3478"]\nsecret_file = "{secrets}"\n'
    )
    status = json.loads(psfu("status", "--socket", daemon.socket, "--json").stdout)
    port = urlsplit(status["signaling"]["url"]).port
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    with client.wrap_socket(socket.create_connection(("127.0.0.1", port), LIMIT)) as standing:
        assert standing.getpeercert(binary_form=True) == first

        begun = time.time()
        second = renewed(tmp_path / "tls", certificate, key)
        secrets.write_text("two\none\n")
        if way == "hangup":
            daemon.running.send_signal(signal.SIGHUP)
            daemon.wait_logged('"reloaded"')
        else:
            done = psfu("reload", "--socket", daemon.socket, "--json")
            assert (done.returncode, done.stderr) == (0, "") and json.loads(done.stdout)["turn_secrets"] == 2
        with client.wrap_socket(socket.create_connection(("127.0.0.1", port), LIMIT)) as next_one:
            assert next_one.getpeercert(binary_form=True) == second != first

        scraped(daemon, "psfu_config_last_reload_success 1.0")
        key.write_text("no key\n")
        if way == "hangup":
            daemon.running.send_signal(signal.SIGHUP)
            daemon.wait_logged('"not_reloaded"')
        else:
            done = psfu("reload", "--socket", daemon.socket)
            assert done.returncode == 78 and done.stderr.startswith("error: ") and str(key) in done.stderr
        loaded = scraped(daemon, "psfu_config_last_reload_success 0.0")
        [at] = re.findall(r"(?m)^psfu_config_last_reload_success_timestamp_seconds (\S+)$", loaded)
        assert begun < float(at) < time.time(), "what is in use is older than the attempt"
        with client.wrap_socket(socket.create_connection(("127.0.0.1", port), LIMIT)) as last:
            assert last.getpeercert(binary_form=True) == second
        standing.sendall(b"GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert standing.recv(64).startswith(b"HTTP/1.1 404")
    daemon.running.terminate()
    assert daemon.running.wait(LIMIT) == 0


def test_what_happens_at_the_end_is_told_to_webhooks_and_the_end_is_seen_coming(serve: Start, tmp_path: Path) -> None:
    taken: list[dict[str, Any]] = []
    seen: list[int] = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            taken.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            if taken[-1]["kind"] == "peer_left":
                with contextlib.closing(http.client.HTTPConnection("127.0.0.1", metrics, timeout=LIMIT)) as connection:
                    connection.request("GET", "/readyz")
                    seen.append(connection.getresponse().status)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    secret = tmp_path / "secret"
    secret.write_text("correct horse\n")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as receiver:
        threading.Thread(target=receiver.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{receiver.server_port}/"
        daemon = serve(config=f'{QUIET}[metrics]\nport = 0\n[webhooks]\nurls = ["{url}"]\nsecret_file = "{secret}"\n')
        logged = [json.loads(line) for line in daemon.log.read_text().splitlines()]
        [metrics] = [each["port"] for each in logged if each["event"] == "metrics"]
        assert psfu("rooms", "create", "exam-1", "--open", "--socket", daemon.socket).returncode == 0
        status = json.loads(psfu("status", "--socket", daemon.socket, "--json").stdout)
        guests = Guests()
        guests.join(status["signaling"]["url"], "exam-1", "ana")
        daemon.running.terminate()
        assert daemon.running.wait(LIMIT) == 0
        guests.end()
        receiver.shutdown()
    kinds = [each["kind"] for each in taken]
    assert kinds[0] == "room_created" and kinds[-1] == "peer_left", kinds
    assert (taken[-1]["peer"], taken[-1]["details"]["reason"]) == ("ana", "shutdown")
    assert seen == [503]


def test_without_certificate_and_secrets_there_is_nothing_to_reload_and_a_hangup_ends_nothing(serve: Start) -> None:
    daemon = serve()
    daemon.running.send_signal(signal.SIGHUP)
    daemon.wait_logged('"reloaded"')
    done = psfu("reload", "--socket", daemon.socket, "--json")
    assert json.loads(done.stdout) == {"certificate_expires": None, "turn_secrets": 0}


def test_a_terminal_that_goes_away_ends_it(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    command = [PSFU, "serve", "--port", "0", "--workers", "1", "--socket", tmp_path / "control.sock"]
    with started(
        command, stdin=slave, stdout=subprocess.PIPE, stderr=slave, env=environment(), start_new_session=True
    ) as running:
        os.close(slave)
        assert running.stdout is not None and running.stdout.readline().startswith(b"psfu is ready")
        running.send_signal(signal.SIGHUP)
        assert running.wait(LIMIT) == 0
    os.close(master)
    assert not (tmp_path / "control.sock").exists()


def test_a_killed_daemon_is_followed_by_one_at_the_same_place(serve: Start, tmp_path: Path) -> None:
    daemon = serve()
    daemon.running.kill()
    daemon.running.wait()
    assert daemon.socket.is_socket()
    daemon.start()
    assert psfu("status", "--socket", daemon.socket).returncode == 0


# The service manager.


@pytest.mark.parametrize("abstract", [False, True])
def test_the_service_manager_is_told_each_stage(serve: Start, abstract: bool) -> None:
    daemon = serve(f"@psfu-test-{os.getpid()}" if abstract else None)
    ready = daemon.told.index("READY=1")
    assert daemon.told[ready + 1] == "STATUS=1 of 1 workers, 0 rooms, 0 peers"
    daemon.running.terminate()
    daemon.wait_told("STOPPING=1")
    assert daemon.running.wait(LIMIT) == 0
    assert not any("WATCHDOG" in line for line in daemon.told)


def test_the_watchdog_is_fed_only_while_every_worker_answers(serve: Start) -> None:
    daemon = serve(config=QUIET.replace("count = 1", "count = 2"), added={"WATCHDOG_USEC": "2000000"})
    daemon.wait_told("WATCHDOG=1")
    stopped = daemon.workers()[1]
    os.kill(stopped, signal.SIGSTOP)
    try:
        mark = daemon.log.stat().st_size
        daemon.wait_logged('"workers_silent"', after=mark)
        daemon.forget_told()
        mark = daemon.log.stat().st_size
        daemon.wait_logged('"workers_silent"', after=mark)
        assert "WATCHDOG=1" not in daemon.told_meanwhile()
        logged = [json.loads(line) for line in daemon.log.read_bytes()[mark:].splitlines()]
        assert next(each["workers"] for each in logged if each["event"] == "workers_silent") == [stopped]
    finally:
        os.kill(stopped, signal.SIGCONT)
    daemon.wait_told("WATCHDOG=1")
    daemon.running.terminate()
    assert daemon.running.wait(LIMIT) == 0


def test_the_watchdog_of_another_process_is_not_ours(serve: Start) -> None:
    daemon = serve(added={"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"})
    daemon.running.terminate()
    daemon.wait_told("STOPPING=1")
    assert not any("WATCHDOG" in line for line in daemon.told)


def test_journald_gets_priorities(serve: Start) -> None:
    daemon = serve(added={"JOURNAL_STREAM": "{log}"})
    psfu("rooms", "create", "exam-101", "--open", "--socket", daemon.socket)
    lines = daemon.log.read_text().splitlines()
    marks = {json.loads(line[3:])["event"]: line[:3] for line in lines}
    assert marks["ready"] == "<6>" and marks["open_room"] == "<4>"


# Bad starts: one line that names place, key and remedy; the exit code tells the kind; no traceback.


def refused(code: int, *arguments: object, config: Path | None = None, **added: str) -> str:
    """Start a daemon that cannot start; returns its one line of error."""
    file = ("--config", config) if config is not None else ()
    done = psfu("serve", *file, *arguments, **added)
    errors = [line for line in done.stderr.splitlines() if not line.startswith("{")]
    assert done.returncode == code, done.stderr
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert len(errors) == 1 and errors[0].startswith("error: "), done.stderr
    return errors[0].removeprefix("error: ")


@pytest.fixture
def config(worker_binary: WorkerBinary, tmp_path: Path) -> Callable[[str], Path]:
    def write(text: str) -> Path:
        file = tmp_path / "psfu.toml"
        socket_line = "" if "[control]" in text else f'[control]\nsocket = "{tmp_path}/control.sock"\n'
        file.write_text(socket_line + text)
        return file

    return write


def test_malformed_toml(config: Callable[[str], Path]) -> None:
    file = config("[rtc\n")
    assert refused(78, config=file).startswith(f"{file}: not TOML: ")


def test_an_unknown_key(config: Callable[[str], Path]) -> None:
    file = config("[rtc]\nprot = 1\n")
    assert refused(78, config=file) == f"{file}: rtc.prot: no such key; did you mean rtc.port?"


def test_a_missing_file(tmp_path: Path) -> None:
    assert "psfu config init" in refused(78, config=tmp_path / "none.toml")


def test_a_bad_flag() -> None:
    assert refused(78, "--port", "99999") == (
        "command line: signaling.port: 99999: expected a whole number from 0 to 65535"
    )


def test_the_signaling_port_is_taken(config: Callable[[str], Path]) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        file = config(f"[signaling]\nport = {port}\n[workers]\ncount = 1\n")
        assert refused(6, config=file) == (
            f"{file}: signaling.port: 127.0.0.1 port {port}: address already in use; choose another, 0 takes a free one"
        )


def test_the_media_port_is_taken(config: Callable[[str], Path]) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        file = config(f"[rtc]\nport = {port}\n[signaling]\nport = 0\n[workers]\ncount = 1\n")
        assert refused(6, config=file) == (
            f"{file}: rtc.port: 127.0.0.1 port {port}: address in use; choose another, 0 takes free ones"
        )


@pytest.mark.parametrize("host", ["203.0.113.9", "host.invalid"])
def test_the_signaling_address_is_not_of_this_machine(config: Callable[[str], Path], host: str) -> None:
    file = config(f'[signaling]\nport = 0\nhost = "{host}"\n[workers]\ncount = 1\n')
    line = refused(78, config=file)
    assert line.startswith(f"{file}: signaling.host: {host}: ") and line.endswith("; name an address of this machine")


def test_the_media_address_is_not_of_this_machine(config: Callable[[str], Path]) -> None:
    file = config('[rtc]\nlisten_ip = "203.0.113.9"\n[signaling]\nport = 0\n[workers]\ncount = 1\n')
    line = refused(78, config=file)
    assert line.startswith(f"{file}: rtc.listen_ip: 203.0.113.9: ") and line.endswith(
        "; name an address of this machine"
    )


def test_a_second_daemon_at_the_same_socket(serve: Start) -> None:
    first = serve()
    line = refused(6, "--socket", first.socket, config=first.config)
    assert line == (
        f"command line: control.socket: {first.socket}: another daemon answers there"
        f" (psfu status --socket {first.socket})"
    )
    assert psfu("status", "--socket", first.socket).returncode == 0


def test_something_else_is_where_the_socket_should_be(tmp_path: Path) -> None:
    there = tmp_path / "control.sock"
    there.write_text("precious")
    line = refused(78, "--socket", there)
    assert line.startswith(f"command line: control.socket: {there}: something that is no socket is there; remove it")
    assert there.read_text() == "precious"


def test_the_socket_folder_cannot_be_written(config: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o500)
    file = config(f'[control]\nsocket = "{folder}/control.sock"\n')
    program = [str(PSFU), "serve", "--config", str(file)]
    # Root could write there but for this capability.
    unprivileged = ["setpriv", "--bounding-set=-dac_override", *program] if os.getuid() == 0 else program
    done = subprocess.run(unprivileged, capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 78
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"error: {file}: control.socket: {folder}/control.sock: permission denied; choose another")


def test_the_socket_folder_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    line = refused(78, "--socket", tmp_path / "file" / "control.sock")
    assert line.endswith(f"{tmp_path}/file is no folder; choose another place, also by --socket")


def test_the_socket_folder_is_open_for_all(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    line = refused(78, "--socket", tmp_path / "control.sock")
    assert line.endswith(f"{tmp_path}: belongs to somebody else or is writable for all; choose another folder")


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives folders away")
def test_the_socket_folder_is_somebody_elses(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, 12345)
    assert "belongs to somebody else" in refused(78, "--socket", tmp_path / "control.sock")


def test_a_path_too_long_for_a_socket(tmp_path: Path) -> None:
    assert "too long" in refused(78, "--socket", tmp_path / ("x" * 120))


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (None, 0o755, "which is no file"),
        ("#!/bin/sh\n", 0o644, "not executable (chmod +x)"),
        ("#!/bin/sh\nexit 0\n", 0o755, "ended at once (exit code 0)"),
        ("no program", 0o755, "does not work"),
    ],
)
def test_a_wrong_worker_binary(
    config: Callable[[str], Path], tmp_path: Path, content: str | None, mode: int, reason: str
) -> None:
    binary = tmp_path / "worker"
    if content is not None:
        binary.write_text(content)
        binary.chmod(mode)
    file = config(f'[workers]\nbinary = "{binary}"\n')
    line = refused(78, config=file)
    assert line.startswith(f"{file}: workers.binary: ") and str(binary) in line and reason in line
    assert line.endswith("; name a good one, or none to use the installed one")
    line = refused(78, MEDIASOUP_WORKER_BIN=str(binary))
    assert line.startswith("environment: MEDIASOUP_WORKER_BIN: ") and reason in line


def test_a_worker_of_another_version(
    config: Callable[[str], Path], tmp_path: Path, worker_binary: WorkerBinary
) -> None:
    package = tmp_path / "mediasoup"
    binary = package / "worker" / "out" / "Release" / "mediasoup-worker"
    binary.parent.mkdir(parents=True)
    binary.symlink_to(worker_binary.path)
    (package / "package.json").write_text('{"name": "mediasoup", "version": "3.14.0"}')
    file = config(f'[workers]\nbinary = "{binary}"\n')
    line = refused(78, config=file)
    assert line.startswith(
        f"{file}: workers.binary: {binary} is of mediasoup 3.14.0; this psfu drives {worker_binary.version}"
    )
    (package / "package.json").write_text("[]")
    assert "tells no version" in refused(78, config=file)


def test_no_worker_and_none_may_be_fetched(tmp_path: Path) -> None:
    line = refused(78, "--offline", XDG_CACHE_HOME=str(tmp_path))
    assert "--offline forbids fetching one" in line and "psfu mediasoup install" in line
