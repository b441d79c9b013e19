"""Disks that are small, slow, or refuse when it suits a test; only root can make small ones."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

MIB: Final = 1 << 20


class ThinDisk:
    """A file system of 64 MiB on a loop device whose file lies in 24 MiB of memory."""

    def __init__(self, backing: Path, folder: Path) -> None:
        self.backing, self.folder = backing, folder
        backing.mkdir()
        folder.mkdir()
        run("mount", "-t", "tmpfs", "-o", "size=24m", "psfu-test", str(backing))
        image = backing / "image"
        with image.open("wb") as file:
            file.truncate(64 * MIB)
        # Its own journal would fail too, and the file system be read-only from then on.
        run("mkfs.ext4", "-q", "-F", "-m", "0", "-b", "4096", "-O", "^has_journal", str(image))
        found = subprocess.run(["losetup", "-f", "--show", image], capture_output=True, text=True)
        if found.returncode != 0:
            run("umount", str(backing))
            pytest.skip(f"no loop device is to be had here: {found.stderr.strip()}")
        self.device = found.stdout.strip()
        # A loop device takes a request that was written in part for a whole one; one page is whole or is not.
        (Path("/sys/block") / Path(self.device).name / "queue/max_sectors_kb").write_text("4")
        run("mount", self.device, str(folder))

    def forget(self) -> None:
        """Have everything read from the disk again that is read from now on."""
        run("umount", str(self.folder))
        run("mount", self.device, str(self.folder))

    def remove(self) -> None:
        """Take it away."""
        run("umount", str(self.folder))
        run("losetup", "-d", self.device)
        # Its image is let go of when nobody looks at the device any more, as who looks for a free one does.
        run("umount", "--lazy", str(self.backing))


class SlowDisk:
    """What makes a process wait each time it writes to a file with ``name`` in its name: ``environment`` for it, and
    ``milliseconds``, a file with how long."""

    def __init__(self, folder: Path, name: str) -> None:
        library = folder / "slow.so"
        source = Path(__file__).with_name("slow.c")
        subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
        self.milliseconds = folder / "milliseconds"
        self.environment = {"LD_PRELOAD": str(library), "SLOW_FILE": str(self.milliseconds), "SLOW_NAME": name}


@contextlib.contextmanager
def memory_disk(folder: Path, size: str) -> Iterator[Path]:
    """A disk of ``size``, as mount(8) has it, in memory."""
    if os.getuid() != 0:
        pytest.skip(f"only root can mount a disk of {size}")
    folder.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size}", "psfu-test", str(folder))
    try:
        yield folder
    finally:
        run("umount", str(folder))


def run(*command: str) -> None:
    subprocess.run(command, check=True)


def fill(disk: Path, left: int) -> Path:
    """Fill a disk but for so many bytes; returns the file that does."""
    ballast, found = disk / "ballast", os.statvfs(disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, found.f_bavail * found.f_frsize - left)
    return ballast


def fill_up(disk: Path) -> Path:
    """Fill a disk to its last byte."""
    ballast = fill(disk, MIB)
    with ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(512))
    return ballast
