"""What this machine and single processes use, as procfs and sysfs tell it."""

from __future__ import annotations

import os
import resource
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE: Final = resource.getpagesize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process at one moment."""

    cpu: float
    """Processor time so far, seconds."""
    memory: int
    """Resident bytes."""
    files: int | None
    """Open files; None: this user may not know."""
    written: int | None
    """Bytes written so far; None: likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Processes at one moment; ``at`` is seconds of the clock the caller measures with."""

    at: float
    processes: Mapping[int, Process]


def read(pids: Iterable[int], *, at: float) -> Reading:
    """Read processes; one that ended is left out."""
    found = {pid: process for pid in pids if (process := _process(Path(f"/proc/{pid}"))) is not None}
    return Reading(at=at, processes=found)


def children(pid: int) -> list[int]:
    """Return the processes a process started that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent == pid:
            found.append(int(stat.parent.name))
    return found


def cores() -> int:
    """Return the cores this process may use."""
    return len(os.sched_getaffinity(0))


def memory_available() -> int:
    """Return the bytes that can be had without swapping."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, value = line.partition(":")
        if name == "MemAvailable":
            return int(value.split()[0]) * 1024
    return 0


def datagrams_dropped() -> int:
    """Return how many UDP datagrams the kernel dropped since it started because a process did not fetch them."""
    rows = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:")]
    return int(dict(zip(rows[0], rows[1], strict=True))["RcvbufErrors"])


def files_limit(pid: int) -> int | None:
    """Return how many files a process may open; None: no limit, or this user may not know."""
    try:
        lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except OSError:
        return None
    soft = next(line for line in lines if line.startswith("Max open files"))[len("Max open files") :].split()[0]
    return int(soft) if soft.isdigit() else None


def network_speed() -> float | None:
    """Return the bits per second of the fastest network interface; None: none tells."""
    speeds = []
    for file in Path("/sys/class/net").glob("*/speed"):
        try:
            speeds.append(int(file.read_text()))
        except (OSError, ValueError):
            continue  # Loopback and interfaces that are down have none.
    fastest = max(speeds, default=0)
    return fastest * 1e6 if fastest > 0 else None


def _process(folder: Path) -> Process | None:
    try:
        times = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        pages = int((folder / "statm").read_text().split()[1])
    except (FileNotFoundError, ProcessLookupError):
        return None
    try:
        files: int | None = len(os.listdir(folder / "fd"))
    except OSError:
        files = None
    try:
        written: int | None = int(dict(line.split(": ") for line in (folder / "io").read_text().splitlines())["wchar"])
    except OSError:
        written = None
    return Process(cpu=sum(map(int, times)) / _TICKS, memory=pages * _PAGE, files=files, written=written)
