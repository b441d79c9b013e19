"""Finding, fetching and building the worker: four routes, and everything that can be wrong with them."""

from __future__ import annotations

import io
import json
import multiprocessing
import shutil
import subprocess
import sys
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.errors import WorkerBuildError, WorkerMissingError, WorkerUnusableError, WorkerVersionError
from proctor_sfu.mediasoup import build as building
from proctor_sfu.mediasoup import install as installing
from proctor_sfu.mediasoup.gate import gate
from proctor_sfu.mediasoup.install import VERSION, WorkerBinary, default_cache, install, locate


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MEDIASOUP_WORKER_BIN", "PSFU_MEDIASOUP_SCHEMA"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def made(worker_binary: WorkerBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Replace fetch and compile, which take minutes, by copies of the real binary; counts how often it is built."""
    built: list[str] = []

    def fetch(version: str, folder: Path, progress: Any) -> Path:
        package = folder / "package"
        shutil.copytree(worker_binary.schema, package / "worker" / "fbs")
        repository = {"repository": {"url": "git+http://127.0.0.1:9/none.git"}}
        (package / "package.json").write_text(json.dumps(repository))
        return package

    def compiled(package: Path, progress: Any) -> Path:
        built.append(str(package))
        return worker_binary.path

    monkeypatch.setattr(installing, "fetch_package", fetch)
    monkeypatch.setattr(installing, "build", compiled)
    monkeypatch.delenv("MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL", raising=False)
    return built


def test_the_binary_of_this_test_run_is_in_the_cache_and_passes_the_gate(worker_binary: WorkerBinary) -> None:
    assert worker_binary.source in ("cache", "built", "prebuilt")
    found = locate()
    assert found is not None
    assert (found.path, found.sha256) == (worker_binary.path, worker_binary.sha256)
    gate(worker_binary.path, worker_binary.schema, VERSION)


def test_an_install_leaves_the_entry_and_nothing_else(made: list[str], tmp_path: Path) -> None:
    steps: list[str] = []
    binary = install(cache=tmp_path, progress=lambda what, fraction: steps.append(what))
    assert binary.source == "built"
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", VERSION]
    manifest = json.loads((tmp_path / VERSION / "manifest.json").read_text())
    assert manifest["files"]["mediasoup-worker"] == binary.sha256
    assert any("no prebuilt worker" in step for step in steps), "the reason for moving on is told"
    again = install(cache=tmp_path)
    assert (again.source, again.sha256) == ("cache", binary.sha256)
    assert len(made) == 1


def damage_binary(entry: Path) -> None:
    data = bytearray((entry / "mediasoup-worker").read_bytes())
    data[1000] ^= 1
    (entry / "mediasoup-worker").write_bytes(data)


DAMAGES = {
    "flipped bit": damage_binary,
    "truncated": lambda entry: (entry / "mediasoup-worker").write_bytes(b"\x7fELF"),
    "binary gone": lambda entry: (entry / "mediasoup-worker").unlink(),
    "schema changed": lambda entry: (entry / "fbs" / "worker.fbs").write_text("namespace X;"),
    "schema added": lambda entry: (entry / "fbs" / "more.fbs").write_text("namespace X;"),
    "schema gone": lambda entry: shutil.rmtree(entry / "fbs"),
    "no manifest": lambda entry: (entry / "manifest.json").unlink(),
    "half a manifest": lambda entry: (entry / "manifest.json").write_text('{"version": "3.2'),
    "foreign manifest": lambda entry: (entry / "manifest.json").write_text("[1, 2]"),
}


@pytest.mark.parametrize("what", sorted(DAMAGES))
def test_a_damaged_cache_is_noticed_and_made_again(made: list[str], tmp_path: Path, what: str) -> None:
    first = install(cache=tmp_path)
    DAMAGES[what](tmp_path / VERSION)
    assert locate(cache=tmp_path) is None
    second = install(cache=tmp_path)
    assert second.sha256 == first.sha256
    assert locate(cache=tmp_path) is not None
    assert len(made) == 2


def test_leftovers_of_a_killed_install_are_cleared(made: list[str], tmp_path: Path) -> None:
    (tmp_path / ".making-old" / "package").mkdir(parents=True)
    install(cache=tmp_path)
    assert not (tmp_path / ".making-old").exists()


def test_force_makes_a_new_one(made: list[str], tmp_path: Path) -> None:
    install(cache=tmp_path)
    assert install(cache=tmp_path, force=True).source == "built"
    assert len(made) == 2


def _install_into(cache: Path, results: Any) -> None:
    results.put((install(cache=cache).source, (cache / VERSION / "manifest.json").exists()))


def test_two_installs_at_once_make_one(made: list[str], tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    processes = [context.Process(target=_install_into, args=(tmp_path, results)) for _ in range(2)]
    for process in processes:
        process.start()
    sources = sorted(results.get(timeout=60) for _ in processes)
    for process in processes:
        process.join()
    assert sources == [("built", True), ("cache", True)]


def test_offline_fails_at_once_and_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(WorkerMissingError, match=f"no mediasoup-worker {VERSION} in .*--offline"):
        install(cache=tmp_path / "empty", offline=True)
    assert not (tmp_path / "empty").exists()


def test_a_failed_build_leaves_the_old_entry(made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(cache=tmp_path)

    def fail(package: Path, progress: Any) -> Path:
        raise WorkerBuildError("no compiler")

    monkeypatch.setattr(installing, "build", fail)
    with pytest.raises(WorkerBuildError, match="no compiler"):
        install(cache=tmp_path, force=True)
    assert locate(cache=tmp_path) is not None
    assert sorted(path.name for path in tmp_path.iterdir()) == [".lock", VERSION]


def test_a_built_binary_that_does_not_work_is_not_taken(
    made: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    monkeypatch.setattr(installing, "build", lambda package, progress: broken)
    with pytest.raises(WorkerUnusableError, match="does not work"):
        install(cache=tmp_path / "cache")
    assert locate(cache=tmp_path / "cache") is None


def test_an_unwritable_cache_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkerBuildError, match="cannot write to the cache"):
        install(cache=tmp_path / "file" / "cache")


# Route 1.


def test_the_named_binary_comes_first_and_is_used_as_it_is(
    worker_binary: WorkerBinary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(worker_binary.schema, tmp_path / "fbs")
    named = shutil.copy2(worker_binary.path, tmp_path / "my-worker")
    found = install(worker_bin=Path(named), cache=tmp_path / "none")
    assert (found.source, found.path, found.schema) == ("configured", tmp_path / "my-worker", tmp_path / "fbs")
    monkeypatch.setenv("MEDIASOUP_WORKER_BIN", str(worker_binary.path))
    monkeypatch.setenv("PSFU_MEDIASOUP_SCHEMA", str(worker_binary.schema))
    found = install(worker_bin=Path(named), cache=tmp_path / "none")
    assert (found.source, found.path) == ("environment", worker_binary.path)


def test_a_named_binary_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkerMissingError, match="no file"):
        locate(worker_bin=tmp_path / "gone")
    (tmp_path / "plain").write_text("")
    with pytest.raises(WorkerUnusableError, match="not executable"):
        locate(worker_bin=tmp_path / "plain")


def test_a_named_binary_without_schema(worker_binary: WorkerBinary, tmp_path: Path) -> None:
    named = shutil.copy2(worker_binary.path, tmp_path / "my-worker")
    with pytest.raises(WorkerMissingError, match="PSFU_MEDIASOUP_SCHEMA"):
        locate(worker_bin=Path(named), cache=tmp_path / "none")


@pytest.mark.parametrize("version", [VERSION, "3.19.0"])
def test_a_binary_in_the_layout_of_the_npm_package(worker_binary: WorkerBinary, tmp_path: Path, version: str) -> None:
    out = tmp_path / "mediasoup" / "worker" / "out" / "Release"
    out.mkdir(parents=True)
    shutil.copytree(worker_binary.schema, tmp_path / "mediasoup" / "worker" / "fbs")
    (tmp_path / "mediasoup" / "package.json").write_text(json.dumps({"version": version}))
    named = Path(shutil.copy2(worker_binary.path, out / "mediasoup-worker"))
    if version == VERSION:
        found = locate(worker_bin=named)
        assert found is not None
        assert found.schema == tmp_path / "mediasoup" / "worker" / "fbs"
    else:
        with pytest.raises(WorkerVersionError, match=f"of mediasoup 3.19.0; this psfu drives {VERSION}"):
            locate(worker_bin=named)


# Route 3.


@pytest.fixture
def release_page(worker_binary: WorkerBinary) -> Iterator[tuple[str, dict[str, bytes]]]:
    """A local server in the place of upstream's release page, which cannot be reached here."""
    files: dict[str, bytes] = {}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = files.get(self.path.rsplit("/", 1)[-1])
            self.send_response(200 if content is not None else 404)
            self.end_headers()
            self.wfile.write(content or b"")

        def log_message(self, *args: Any) -> None:
            """Keep the test output clean."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", files
        server.shutdown()
        thread.join()


def archive(content: bytes) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        info = tarfile.TarInfo("mediasoup-worker")
        info.size, info.mode = len(content), 0o755
        tar.addfile(info, io.BytesIO(content))
    return data.getvalue()


@pytest.mark.parametrize("what", ["works", "does not run", "no archive", "absent"])
def test_the_prebuilt_worker_is_taken_if_it_works_here(
    made: list[str], worker_binary: WorkerBinary, release_page: tuple[str, dict[str, bytes]], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, what: str,
) -> None:  # fmt: skip
    url, files = release_page
    monkeypatch.setenv("MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL", url)
    name = installing.prebuilt_url(tmp_path).rsplit("/", 1)[-1]
    contents = {
        "works": archive(worker_binary.path.read_bytes()),
        "does not run": archive(b"#!/bin/sh\nexit 1\n"),
        "no archive": b"<html>",
    }
    if what in contents:
        files[name] = contents[what]
    binary = install(cache=tmp_path)
    assert (binary.source, len(made)) == (("prebuilt", 0) if what == "works" else ("built", 1))
    assert locate(cache=tmp_path) is not None


# Route 4; the real build is what the fixture `worker_binary` does with an empty cache.


def test_missing_debian_packages_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building, "DEBIAN_PACKAGES", {"g++": "g++", "no-such-module": "libnothing-dev"})
    with pytest.raises(WorkerBuildError, match="apt-get install libnothing-dev"):
        building.build(tmp_path, lambda what, fraction: None)


def test_a_changed_source_is_not_mended_blindly(tmp_path: Path) -> None:
    source = tmp_path / "src" / "RTC" / "DtlsTransport.cpp"
    source.parent.mkdir(parents=True)
    (tmp_path / "subprojects").mkdir()
    source.write_text("int main() {}")
    with pytest.raises(WorkerBuildError, match="the line to mend occurs 0 times"):
        building.prepare(tmp_path)


def test_a_step_that_fails_gives_its_reason(tmp_path: Path) -> None:
    with pytest.raises(WorkerBuildError, match="error: no such header"):
        building._run(["sh", "-c", "echo a; echo 'error: no such header'; exit 1"], tmp_path, lambda line: None)


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("STATE_DIRECTORY", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert default_cache() == Path("/x/psfu/mediasoup")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/psfu:/var/lib/other")
    assert default_cache() == Path("/var/lib/psfu/mediasoup")


def test_the_example_in_the_documentation_runs(worker_binary: WorkerBinary) -> None:
    from proctor_sfu.mediasoup import worker

    assert worker.__doc__ is not None
    example = worker.__doc__.split("::\n", 1)[1]
    lines = [line for line in example.splitlines() if line.strip()]
    assert len(lines) <= 25
    program = "\n".join(line.removeprefix("    ") for line in lines)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert "send VP8 with SSRC 1234 to port" in done.stdout
    assert "'payload type': 100" in done.stdout
    assert done.stderr == ""
