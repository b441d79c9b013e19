"""The source archive and the wheel of this checkout as it is, built once by whichever test needs them first.

They are built in a copy: on the way there ``npm ci`` takes away what other tests bundle pages with.
"""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
_FOLDER: Final = ROOT / "build" / "dist"


def tracked(*folders: str) -> set[str]:
    """Return the files of the checkout, or of folders in it, that git keeps."""
    done = subprocess.run(["git", "ls-files", *folders], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name for name in done.stdout.splitlines() if (ROOT / name).exists()}


def dist() -> Path:
    """Return a folder with a source archive and the wheel made from that."""
    names = sorted(tracked())
    recipe = hashlib.sha256(f"{sys.version} {version('hatchling')} {version('build')}".encode())
    for name in names:
        content = (ROOT / name).read_bytes()
        recipe.update(f"{name} {len(content)} ".encode() + content)
    folder = _FOLDER / recipe.hexdigest()[:16]
    _FOLDER.mkdir(parents=True, exist_ok=True)
    with (_FOLDER / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            for earlier in _FOLDER.glob("*/"):
                shutil.rmtree(earlier)
            _build(names, folder)
    return folder


def _build(names: list[str], folder: Path) -> None:
    with tempfile.TemporaryDirectory() as place:
        copy, unfinished = Path(place, "psfu"), folder.with_name("unfinished")
        for name in names:
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, copy / name)
        command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(unfinished), str(copy)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stdout + done.stderr
        unfinished.rename(folder)
