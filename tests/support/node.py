"""The official Node host of mediasoup-worker, installed once: an oracle for tests and benches, never needed to run."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from pathlib import Path

from proctor_sfu.mediasoup.install import VERSION

FOLDER = Path(__file__).parents[2] / "build" / "node"


def node_host() -> Path:
    """Return the folder whose ``node_modules`` has the official host of the pinned version."""
    stamp = FOLDER / f".mediasoup-{VERSION}"
    FOLDER.mkdir(parents=True, exist_ok=True)
    with (FOLDER / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stamp.exists():
            _install()
            stamp.touch()
    return FOLDER


def _install() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError("the official Node host is what this is compared with: npm is missing")
    (FOLDER / "package.json").write_text('{"private": true}\n')
    command = [npm, "install", "--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run([*command, f"mediasoup@{VERSION}"], cwd=FOLDER, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"npm cannot install mediasoup@{VERSION}: {done.stderr.strip()}")
