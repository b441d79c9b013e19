"""Finds, fetches or builds the mediasoup-worker binary: four routes, tried in this order.

1. ``MEDIASOUP_WORKER_BIN`` (upstream's own variable) or a configured path, used as it is.
2. The cache: the binary, its ``.fbs`` files and a manifest with the SHA-256 of each. Anything that does not match is
   as good as absent.
3. Upstream's prebuilt binary for this platform.
4. A build from the npm package, see `build`.

What routes 3 and 4 make passes `gate` and then replaces the cache entry in one rename; a lock makes installs queue.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import tarfile
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from proctor_sfu.errors import (
    WorkerBuildError,
    WorkerMissingError,
    WorkerUnusableError,
    WorkerVersionError,
)
from proctor_sfu.mediasoup.build import Progress, build, fetch_package
from proctor_sfu.mediasoup.gate import gate

VERSION: Final = "3.27.1"
"""Newest on npm; the only version this host is tested with."""
BINARY: Final = "mediasoup-worker"
MANIFEST: Final = "manifest.json"
_DOWNLOAD_TIMEOUT: Final = 3.0

Source: TypeAlias = Literal["environment", "configured", "cache", "prebuilt", "built"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerBinary:
    """A worker binary that can be used."""

    path: Path
    schema: Path
    """Directory of its ``.fbs`` files."""
    version: str
    source: Source
    sha256: str


def default_cache() -> Path:
    """Return where workers are kept: below systemd's StateDirectory for a service, else the user's cache."""
    if state := os.environ.get("STATE_DIRECTORY"):
        return Path(state.split(":")[0]) / "mediasoup"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "psfu" / "mediasoup"


def locate(*, worker_bin: Path | None = None, cache: Path | None = None) -> WorkerBinary | None:
    """Return the worker of routes 1 and 2, None if there is none. Neither network nor build.

    Raises `WorkerMissingError`, `WorkerUnusableError` or `WorkerVersionError` for a binary that was named and is not
    what it should be.
    """
    cache = cache or default_cache()
    if given := os.environ.get("MEDIASOUP_WORKER_BIN"):
        return _named(Path(given), "environment", "MEDIASOUP_WORKER_BIN", cache)
    if worker_bin is not None:
        return _named(worker_bin, "configured", "the configured binary", cache)
    return _cached(cache)


def install(
    *, worker_bin: Path | None = None, cache: Path | None = None, offline: bool = False, force: bool = False,
    progress: Progress | None = None,
) -> WorkerBinary:  # fmt: skip
    """Return a worker by the first route that works. Blocking: a build takes minutes.

    ``progress(what happens now, fraction done or None)``. ``force`` makes a new one whatever the cache has.
    ``offline`` raises `WorkerMissingError` instead of fetching anything; other failures raise `WorkerBuildError` or
    what `locate` raises.
    """
    cache = cache or default_cache()
    tell = progress or (lambda what, fraction: None)
    found = locate(worker_bin=worker_bin, cache=cache)
    if found is not None and (not force or found.source != "cache"):
        return found
    if offline:
        raise WorkerMissingError(
            f"no mediasoup-worker {VERSION} in {cache} and --offline forbids fetching one: run"
            " `psfu mediasoup install` with a network, or set MEDIASOUP_WORKER_BIN"
        )
    with _lock(cache, tell):
        made_meanwhile = None if force else locate(worker_bin=worker_bin, cache=cache)
        return made_meanwhile or _make(cache, tell)


# Route 1.


def _named(path: Path, source: Source, what: str, cache: Path) -> WorkerBinary:
    if not path.is_file():
        raise WorkerMissingError(f"{what} is {path}, which is no file")
    if not os.access(path, os.X_OK):
        raise WorkerUnusableError(f"{what} is {path}, which is not executable (chmod +x)")
    schema = _schema_of(path, cache)
    return WorkerBinary(path=path.absolute(), schema=schema, version=VERSION, source=source, sha256=_sha256(path))


def _schema_of(path: Path, cache: Path) -> Path:
    """Return the ``.fbs`` files of a binary named by hand: stated, beside it, as in the npm package, or cached."""
    package = path.absolute().parents[3] if len(path.absolute().parents) > 3 else None
    candidates = [path.absolute().parent / "fbs", cache / VERSION / "fbs"]
    if package is not None and path.absolute().parent.parent.name == "out":
        _check_package(package, path)
        candidates.insert(0, package / "worker" / "fbs")
    if stated := os.environ.get("PSFU_MEDIASOUP_SCHEMA"):
        candidates = [Path(stated)]
    for candidate in candidates:
        if any(candidate.glob("*.fbs")):
            return candidate
    looked = ", ".join(map(str, candidates))
    raise WorkerMissingError(
        f"the .fbs files of {path} are not in {looked}: set PSFU_MEDIASOUP_SCHEMA to worker/fbs of mediasoup {VERSION}"
    )


def _check_package(package: Path, path: Path) -> None:
    manifest = package / "package.json"
    if not manifest.is_file():
        return
    try:
        found = json.loads(manifest.read_text())["version"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorkerUnusableError(f"{path} is not in a package of mediasoup: {manifest} tells no version") from error
    if found != VERSION:
        raise WorkerVersionError(f"{path} is of mediasoup {found}; this psfu drives {VERSION}")


# Route 2.


def _cached(cache: Path) -> WorkerBinary | None:
    entry = cache / VERSION
    try:
        manifest: Mapping[str, Any] = json.loads((entry / MANIFEST).read_text())
        files: Mapping[str, str] = manifest["files"]
        intact = manifest["version"] == VERSION and BINARY in files and _hashes(entry) == dict(files)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not intact:
        return None
    return WorkerBinary(
        path=entry / BINARY, schema=entry / "fbs", version=VERSION, source="cache", sha256=files[BINARY]
    )


def _hashes(entry: Path) -> dict[str, str]:
    names = [BINARY, *sorted(f"fbs/{path.name}" for path in (entry / "fbs").iterdir())]
    return {name: _sha256(entry / name) for name in names}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def _lock(cache: Path, tell: Progress) -> Iterator[None]:
    try:
        cache.mkdir(parents=True, exist_ok=True)
        file = (cache / ".lock").open("w")
    except OSError as error:
        raise WorkerBuildError(f"cannot write to the cache {cache}: {error.strerror}") from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("waiting for another install to finish", None)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


# Routes 3 and 4.


def _make(cache: Path, tell: Progress) -> WorkerBinary:
    """Fetch or build in a folder beside the entry, then put it in its place. Called with the lock held."""
    for left in cache.glob(".making-*"):
        shutil.rmtree(left)
    folder = Path(tempfile.mkdtemp(prefix=".making-", dir=cache))
    try:
        package = fetch_package(VERSION, folder, tell)
        entry = folder / "entry"
        shutil.copytree(package / "worker" / "fbs", entry / "fbs", ignore=_only_schema)
        source = _fetch_prebuilt(package, entry, tell)
        if source is None:
            shutil.copy2(build(package, tell), entry / BINARY)
            source = "built"
            tell("trying the binary with a DTLS handshake", None)
            gate(entry / BINARY, entry / "fbs", VERSION)
        files = _hashes(entry)
        manifest = {
            "version": VERSION,
            "source": source,
            "made": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "machine": f"{platform.system()} {platform.release()} {platform.machine()}",
            "files": files,
        }
        (entry / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n")
        place = cache / VERSION
        if place.exists():
            place.rename(folder / "replaced")
        entry.rename(place)
        tell(f"mediasoup-worker {VERSION} is ready", 1.0)
        return WorkerBinary(
            path=place / BINARY, schema=place / "fbs", version=VERSION, source=source, sha256=files[BINARY]
        )
    except OSError as error:
        raise WorkerBuildError(f"installing mediasoup-worker in {cache} failed: {error}") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _only_schema(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith(".fbs")]


def _fetch_prebuilt(package: Path, entry: Path, tell: Progress) -> Source | None:
    """Try upstream's binary; None, with an honest reason told, when there is none that works here."""
    url = prebuilt_url(package)
    tell("looking for upstream's prebuilt worker", None)
    try:
        with tempfile.TemporaryFile() as archive:
            with urllib.request.urlopen(url, timeout=_DOWNLOAD_TIMEOUT) as answer:
                shutil.copyfileobj(answer, archive)
            archive.seek(0)
            with tarfile.open(fileobj=archive) as content, content.extractfile(BINARY) as file:  # type: ignore[union-attr]
                (entry / BINARY).write_bytes(file.read())
        (entry / BINARY).chmod(0o755)
        tell("trying the prebuilt worker with a DTLS handshake", None)
        gate(entry / BINARY, entry / "fbs", VERSION)
    except (OSError, urllib.error.URLError, tarfile.TarError, KeyError, AttributeError, WorkerUnusableError) as error:
        reason = getattr(error, "reason", None) or error
        tell(f"no prebuilt worker ({reason}), building one", None)
        (entry / BINARY).unlink(missing_ok=True)
        return None
    return "prebuilt"


def prebuilt_url(package: Path) -> str:
    """Return where upstream keeps its binary for this machine."""
    base = os.environ.get("MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL")
    if not base:
        repository = json.loads((package / "package.json").read_text())["repository"]["url"]
        base = f"{repository.removeprefix('git+').removesuffix('.git')}/releases/download"
    machine = {"x86_64": "x64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    kernel = f"-kernel{platform.release().split('.')[0]}" if platform.system() == "Linux" else ""
    return f"{base}/{VERSION}/mediasoup-worker-{VERSION}-{platform.system().lower()}-{machine}{kernel}.tgz"
