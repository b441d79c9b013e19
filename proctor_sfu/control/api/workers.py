"""The worker processes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker:
    """A mediasoup-worker process."""

    pid: int
    state: Literal["running", "draining"]
    """``draining``: takes no new rooms and stops when its last room closes."""
    port: int
    """UDP and TCP port of its media."""
    started_at: str
    rooms: tuple[str, ...]
    transports: int
    producers: int
    consumers: int
    cpu_s: float
    """Processor time used so far, seconds."""
    rss_bytes: int
    """Largest resident size so far."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaled:
    """What scaling did or, in a dry run, would do; numbers of workers and process ids."""

    before: int
    after: int
    started: tuple[int, ...]
    stopped: tuple[int, ...]
    kept_busy: tuple[int, ...]
    """Have rooms: they stop when their last room closes."""
    dry_run: bool
