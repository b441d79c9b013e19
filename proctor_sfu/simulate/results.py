"""What a simulation measured, and how it goes meanwhile: the types of its results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

PATIENCE: Final = 5.0
"""Seconds after which a view that shows nothing counts as one that never did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """How values spread, in milliseconds; a percentile is the smallest value that so many do not exceed."""

    count: int
    min: float
    p50: float
    p95: float
    p99: float
    max: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Media:
    """What proctors got from a group of candidates."""

    views: int
    """Sources watched, each proctor's counted."""
    never_began: int
    """Of which nothing came within `PATIENCE`."""
    pictures: int
    """Complete pictures that can be decoded."""
    pictures_expected: int
    pictures_percent: float
    sound_percent: float
    packets: int
    lost: int
    """Packets that never came."""
    repaired: int
    gaps: int
    """Times without a picture or without sound for a second or longer."""
    gap_longest_s: float
    gap_total_s: float
    first_picture_ms: Spread | None
    """From the server's offer of the camera or screen to its first complete picture."""
    first_sound_ms: Spread | None
    delay_ms: Spread | None
    """From the candidate's packetiser to the decoded picture; null without --decode."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Something that was not planned."""

    at_s: float
    """Since the simulation began."""
    peer: str
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process of simulated peers."""

    pid: int
    peers: int
    cpu_s: float
    memory_bytes: int
    lag_ms: float
    """Longest its event loop was late: above 50 its own numbers are not to be trusted."""
    exit: int | None
    """0: as planned; below 0: the signal that ended it."""
    said: tuple[str, ...]
    """Last lines it wrote to standard error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What was simulated and what came of it."""

    room: str
    candidates: int
    proctors: int
    sources: tuple[str, ...]
    codec: str
    simulcast: bool
    light: bool
    tiles: int
    """Candidates a proctor saw at once; 0: everything of everybody."""
    impaired: int
    seed: int
    duration_s: float
    """That was reached."""
    complete: bool
    """Neither interrupted nor cut short."""
    joined: int
    """Peers that were in the room at least once."""
    join_ms: Spread | None
    """From the first attempt to connect to everything published, or to watching."""
    rejoin_ms: Spread | None
    """The same for those that came back."""
    rejoin_clean_ms: Spread | None
    """Of which had a good network."""
    away_longest_s: float
    """Longest that a peer with a good network was out of the room although it should have been in it."""
    clean: Media
    impaired_media: Media | None
    """Of candidates whose network is impaired or fails altogether when they vanish; ``clean`` is of all others."""
    troubles: tuple[Trouble, ...]
    trouble_count: int
    kicks: tuple[Trouble, ...]
    """Peers that somebody took out of the room meanwhile, which is nobody's fault."""
    processes: tuple[Process, ...]
    broken: tuple[str, ...]
    """Limits that were not kept."""
    ok: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Now:
    """A look at a simulation that goes on."""

    seconds: float
    candidates: int
    proctors: int
    megabits: float
    """Received by the proctors in the last second, per second."""
    arrived: float
    """Pictures and packets of sound in the last second."""
    gaps: int
    troubles: int
    lag_ms: float
    cpu: float
    """Of all processes in the last second, in cores."""
