"""Builds mediasoup-worker from its npm package against the distribution's libraries.

The package carries the worker's sources but not its libraries; its meson files would download them. ``overlay/``
stands in for each with the library Debian has, and one line is mended that misreads what OpenSSL asks when it was
built with kernel TLS (the worker would crash in the first DTLS handshake).
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TypeAlias

from proctor_sfu.errors import WorkerBuildError

Progress: TypeAlias = Callable[[str, float | None], None]

OVERLAY: Final = Path(__file__).parent / "overlay"
DEBIAN_PACKAGES: Final[Mapping[str, str]] = {
    "g++": "g++",
    "pkg-config": "pkg-config",
    "flatc": "flatbuffers-compiler",
    "libuv": "libuv1-dev",
    "openssl": "libssl-dev",
    "libsrtp2": "libsrtp2-dev",
    "absl_strings": "libabsl-dev",
    "flatbuffers": "libflatbuffers-dev",
}
"""What the build needs: programs and pkg-config modules, and the Debian package of each."""

_PROGRAMS: Final = ("g++", "pkg-config", "flatc")
_MENDED_FILE: Final = "src/RTC/DtlsTransport.cpp"
_MENDED: Final = ("(operationType == BIO_CB_RETURN) ?", "((operationType & BIO_CB_RETURN) != 0) ?")
_STEP: Final = re.compile(r"\[(\d+)/(\d+)\]")


def fetch_package(version: str, folder: Path, progress: Progress) -> Path:
    """Get the npm package with the npm client, which verifies it, and unpack it below ``folder``."""
    npm = shutil.which("npm")
    if npm is None:
        raise WorkerBuildError("npm is missing: it fetches the worker's sources (apt-get install npm)")
    progress(f"fetching mediasoup {version} from the npm registry", None)
    command = [npm, "pack", f"mediasoup@{version}", "--silent", "--ignore-scripts"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    archives = list(folder.glob("mediasoup-*.tgz"))
    if done.returncode or len(archives) != 1:
        reason = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        raise WorkerBuildError(f"npm pack mediasoup@{version} failed: {reason}")
    with tarfile.open(archives[0]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


def missing_packages() -> list[str]:
    """Return the Debian packages the build needs and this machine lacks."""
    missing = [package for name, package in DEBIAN_PACKAGES.items() if name in _PROGRAMS and not shutil.which(name)]
    if "pkg-config" in missing:
        return sorted(DEBIAN_PACKAGES.values())
    for name, package in DEBIAN_PACKAGES.items():
        if name not in _PROGRAMS and subprocess.run(["pkg-config", "--exists", name], check=False).returncode:
            missing.append(package)
    return missing


def build(package: Path, progress: Progress) -> Path:
    """Build the worker of an unpacked npm package; returns the binary."""
    if missing := missing_packages():
        raise WorkerBuildError(f"Debian packages are missing: apt-get install {' '.join(missing)}")
    worker = package / "worker"
    prepare(worker)
    progress("configuring the build", None)
    out = worker / "out"
    options = ["--buildtype", "release", "-Db_ndebug=true", "-Dstrip=true", "--wrap-mode=nodownload"]
    _run([*_meson(), "setup", str(out), *options], worker, lambda line: None)

    def show(line: str) -> None:
        if step := _STEP.match(line):
            progress("building mediasoup-worker", int(step[1]) / int(step[2]))

    _run([_ninja(), "-C", str(out), "mediasoup-worker"], worker, show)
    binary = out / "mediasoup-worker"
    subprocess.run(["strip", str(binary)], check=True)
    return binary


def prepare(worker: Path) -> None:
    """Put the overlay in the place of the downloads and mend the one line."""
    for wrap in sorted((worker / "subprojects").glob("*.wrap")):
        replacement = OVERLAY / wrap.stem
        directory = re.search(r"^directory\s*=\s*(\S+)", wrap.read_text(), re.MULTILINE)
        if replacement.is_dir() and directory is not None:
            shutil.copytree(replacement, worker / "subprojects" / directory[1])
    path = worker / _MENDED_FILE
    text = path.read_text()
    before, after = _MENDED
    if text.count(before) != 1:
        raise WorkerBuildError(f"{_MENDED_FILE} has changed: the line to mend occurs {text.count(before)} times")
    path.write_text(text.replace(before, after))


def _meson() -> list[str]:
    if importlib.util.find_spec("mesonbuild") is None:
        raise WorkerBuildError("the Python package meson is missing (pip install meson)")
    return [sys.executable, "-m", "mesonbuild.mesonmain"]


def _ninja() -> str:
    beside = Path(sys.executable).parent / "ninja"
    found = str(beside) if beside.exists() else shutil.which("ninja")
    if found is None:
        raise WorkerBuildError("the Python package ninja is missing (pip install ninja)")
    return found


def _run(command: list[str], folder: Path, show: Callable[[str], None]) -> None:
    """Run a step of the build; its last lines are the reason if it fails."""
    lines: list[str] = []
    with subprocess.Popen(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                lines = [*lines[-30:], line.rstrip()]
                show(line)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        told = [line for line in lines if "error" in line.lower()] or lines[-3:]
        raise WorkerBuildError(f"{Path(command[0]).name} failed: {' | '.join(told)[-1000:]}")
