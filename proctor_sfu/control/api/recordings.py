"""Recordings, those that run and those on disk, and the disk they are on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """A source that is being recorded."""

    track: str
    """``camera``, ``screen``, ``microphone``."""
    state: Literal["flows", "paused", "stalled", "starting"]
    cause: str
    """Why it stalls; empty: it does not."""
    bytes: int
    """Written since it was last begun."""
    lost: int
    """Packets that never arrived, of those sent since it was last begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A candidate's recording."""

    id: str
    """``ROOM/CANDIDATE/TIME``."""
    room: str
    candidate: str
    state: Literal["running", "finishing", "interrupted", "finished", "erased", "damaged", "failed"]
    """``interrupted``: it goes on when the candidate comes back, or is finished after a while."""
    begun_at: str | None
    ended_at: str | None
    """Arrival of the last packet; null while it runs."""
    tracks: tuple[Track, ...]
    """What is being recorded at the moment."""
    sources: str
    """Names of all tracks it has, with commas."""
    bytes: int
    gaps: int | None
    """Times without packets, all tracks; null where that cannot be read."""
    held: bool
    """Nothing of it may be deleted."""
    retain_until: str | None
    """When it is deleted; null: not by itself."""
    folder: str
    reason: str | None
    """Why it failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why candidates that should be recorded are not."""

    code: str
    """``disk_full``, ``disk_slow``, ``disk_failed``, ``too_many_files``, ``recorder_failed`` …"""
    reason: str
    """The same in words, of the first of them."""
    candidates: tuple[str, ...]
    """``ROOM/CANDIDATE``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The disk of the recordings."""

    directory: str
    free_bytes: int
    size_bytes: int
    rate: float
    """Bytes written a second at the moment."""
    expected_rate: float
    """Bytes a second that are counted on: ``rate``, and what sources that have just begun are going to add to it."""
    speed: float | None
    """Bytes a second it would take, as far as is known."""
    hours_left: float | None
    """Hours until the reserve is reached at ``expected_rate``; null: nothing is recorded;
    0 while the disk refuses."""
    reserve_bytes: int
    trouble: str
    """``disk-full``, ``disk-slow``, ``disk-failed``, or empty."""
    reason: str
    recording: int
    """Candidates that are recorded at the moment."""
    refused: int
    """Candidates that should be recorded and are not."""
    public_key: str
    """Fingerprint of the key that signs; empty until something was recorded."""
    refusals: tuple[Refusal, ...] = ()
    """Why those who are ``refused`` are, one for each code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is recorded from now on."""

    room: str
    candidate: str | None
    """Null: every candidate of the room."""
    sources: tuple[str, ...]
    stopped: tuple[str, ...]
    """Recordings that are finished because of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Erased:
    """Journals that were, or would be, deleted; the ledger keeps the receipt."""

    recording: str
    files: tuple[str, ...]
    bytes: int
    reason: str
