"""The daemon itself: versions and state at a glance."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """Versions of the daemon."""

    version: str
    api: int
    mediasoup: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerCount:
    """Workers that run, and how many there should be."""

    running: int
    target: int
    restarts: int
    """Workers replaced because they died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where signaling clients connect."""

    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The daemon at a glance."""

    version: str
    pid: int
    started_at: str
    uptime_s: float
    ready: bool
    workers: WorkerCount
    rooms: int
    open_rooms: int
    candidates: int
    proctors: int
    signaling: Endpoint
    history: str | None = None
    """File the history is kept in; null: it is switched off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reloaded:
    """What is in use after a reload."""

    certificate_expires: str | None
    """null: signaling is served without TLS."""
    turn_secrets: int
