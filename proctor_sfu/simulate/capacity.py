"""How many candidates a server carries: what a sample of them used, scaled up to what there is. No I/O.

Everything measured grows in proportion to the candidates as long as the proctors stay the same, since a candidate costs
what it sends and what is sent on to each proctor. Where proctors see no more than a page of them at once, that errs on
the safe side.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Unit: TypeAlias = Literal["cores", "bytes", "files", "bits/s", "bytes/s"]

ONE_CORE: Final = 0.85
"""Part of a core a worker, or the recorder, may use; media has to be forwarded within milliseconds, in bursts."""
DAEMON: Final = 0.7
"""Part of a core the daemon may use, likewise."""
ALL_CORES: Final = 0.85
MEMORY: Final = 0.8
FILES: Final = 0.9
NETWORK: Final = 0.7
"""Parts of what there is that may be used."""
DISK_SPEED: Final = 0.7
"""Part of what the disk takes that may be used."""
ARRIVAL: Final = 60.0
"""Seconds in which all candidates of an exam arrive, at worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What a sample of candidates used, beyond what an empty server uses."""

    candidates: int
    worker: float
    """Cores, of the room's worker."""
    daemon: float
    """Cores."""
    join: float
    """Seconds of processor time of the daemon for each join."""
    memory: int
    """Bytes, of daemon and worker."""
    files: int | None
    """Of the daemon."""
    sent: float
    """Bits per second to all proctors."""
    recorder: float = 0.0
    """Cores, of the recorder."""
    written: float = 0.0
    """Bytes of recordings per second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """What there is."""

    cores: int
    memory: int
    """Bytes available."""
    files: int | None
    """The daemon may open; None: not known."""
    network: float | None
    """Bits per second; None: not known."""
    disk: int = 0
    """Bytes for recordings, without the reserve."""
    disk_speed: float | None = None
    """Bytes per second; None: not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """Something of which there is only so much."""

    name: str
    about: str
    unit: Unit
    sample: float
    """Used by the sample."""
    needed: float
    """By all candidates, as far as the sample tells."""
    usable: float
    capacity: int
    """Candidates it is enough for."""
    holds: bool


def limits(used: Used, server: Server, candidates: int, *, lasts: float = 0.0) -> list[Limit]:
    """Return all limits for so many candidates, the one that would be reached first before the others.

    ``lasts``: seconds of the exam, whose recordings have to fit on the disk.
    """
    return sorted(_limits(used, server, candidates, lasts), key=lambda limit: limit.capacity)


def first(found: Sequence[Limit]) -> str:
    """Return what would break first, in words."""
    limit = found[0]
    return f"{limit.about}, with {limit.capacity} candidates"


def _limits(used: Used, server: Server, candidates: int, lasts: float) -> Iterator[Limit]:
    def limit(name: str, about: str, unit: Unit, sample: float, usable: float) -> Limit:
        each = sample / used.candidates
        capacity = int(min(usable / each + 1e-6, 1e6)) if each > 0 else 1_000_000
        needed = each * candidates
        return Limit(
            name=name, about=about, unit=unit, sample=sample, needed=needed, usable=usable, capacity=capacity,
            holds=needed <= usable,
        )  # fmt: skip

    yield limit("worker", "the room's worker, which has one core", "cores", used.worker, ONE_CORE)
    yield limit("daemon", "the daemon, which has one core", "cores", used.daemon, DAEMON)
    arriving = used.join * used.candidates / ARRIVAL + used.daemon
    yield limit("arrival", f"the daemon when all arrive within {ARRIVAL:.0f} s", "cores", arriving, DAEMON)
    together = used.worker + used.daemon + used.recorder
    yield limit("cores", "the cores of this machine", "cores", together, server.cores * ALL_CORES)
    yield limit("memory", "memory", "bytes", used.memory, server.memory * MEMORY)
    if used.files is not None and server.files is not None:
        yield limit("files", "the files the daemon may open", "files", used.files, server.files * FILES)
    if server.network is not None:
        yield limit("network", "the network interface", "bits/s", used.sent, server.network * NETWORK)
    if used.written:
        yield limit("recorder", "the recorder, which has one core", "cores", used.recorder, ONE_CORE)
        yield limit("disk", "the disk of the recordings", "bytes", used.written * lasts, server.disk)
        if server.disk_speed is not None:
            usable = server.disk_speed * DISK_SPEED
            yield limit("disk-speed", "the speed of the disk of the recordings", "bytes/s", used.written, usable)
