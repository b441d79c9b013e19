"""Measures what a machine carries: a ladder of loads, each once recorded and once not, and how fast its disk is."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from proctor_sfu import __version__
from proctor_sfu.errors import SizingError
from proctor_sfu.mediasoup.install import WorkerBinary
from proctor_sfu.recording.ledger import timestamp
from proctor_sfu.recording.sizing.load import SHAPES
from proctor_sfu.recording.sizing.rung import Load, Nobody, Recorder, measure
from proctor_sfu.recording.sizing.table import Machine, Table

LADDER: Final = (50, 100, 200)
"""Candidates."""
SECONDS: Final = 6.0
"""Measured of each."""
CHUNK: Final = 4 << 20
CHUNKS: Final = 32


def machine(directory: Path) -> Machine:
    """Return what this machine is."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith(("model name", "Model")))
    return Machine(
        processor=next(names, "unknown"), cores=len(os.sched_getaffinity(0)), version=__version__,
        directory=str(directory.resolve()),
    )  # fmt: skip


def table(
    binary: WorkerBinary, directory: Path, ladder: Sequence[int], *, seconds: float,
    progress: Callable[[str, float], None] = lambda what, part: None,
) -> Table:  # fmt: skip
    """Measure this machine; records to a folder in ``directory`` and removes it.

    The ladder ends where packets are lost. Raises `SizingError`, `OSError`, and what worker and recorder raise.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".sizing-", dir=directory))
    try:
        progress("how fast the disk is", 0.0)
        speed = disk_speed(folder)
        rungs = []
        for number, candidates in enumerate(ladder):
            load = Load(candidates=candidates, sources=tuple(SHAPES), seconds=seconds)
            progress(f"{candidates} candidates", number / len(ladder))
            rungs.append(asyncio.run(measure(binary, load, Nobody())))
            progress(f"{candidates} candidates, recorded", (number + 0.5) / len(ladder))
            rungs.append(asyncio.run(measure(binary, load, Recorder(folder / str(candidates)))))
            shutil.rmtree(folder / str(candidates))
            if any(each.lost for each in rungs):
                break
    finally:
        shutil.rmtree(folder)
    found = Table(
        machine=machine(directory), measured_at=timestamp(time.time()), disk_speed=speed, rungs=tuple(rungs)
    )  # fmt: skip
    if found.recorded is None or found.forwarded is None:
        lost = max(each.lost for each in rungs)
        raise SizingError(f"already of {ladder[0]} candidates {lost} packets were lost, or late: is the machine busy?")
    return found


def disk_speed(folder: Path) -> float:
    """Return the bytes a second that reach the disk for sure when nothing else is written to it."""
    piece = os.urandom(CHUNK)
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        begun = time.perf_counter()
        for _ in range(CHUNKS):
            file.write(piece)
        os.fdatasync(file.fileno())
        return CHUNK * CHUNKS / (time.perf_counter() - begun)
