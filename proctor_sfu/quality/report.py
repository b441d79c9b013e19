"""A report: what the history of a room says about each candidate, for an appeal: states, gaps, curves, incidents."""

from __future__ import annotations

from dataclasses import dataclass

from proctor_sfu.control.api import quality as api


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A time in which something was the case."""

    begin: str
    end: str
    seconds: float
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A number over time: for each step the mean and the worst, None where it was not known."""

    name: str
    unit: str
    mean: tuple[float | None, ...]
    worst: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """An event, or an incident that concerned several."""

    at: str
    kind: str
    peer: str | None
    level: api.Level
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateReport:
    """One candidate."""

    id: str
    name: str
    seen_s: float
    """Seconds the history tells of it."""
    live_s: float
    """Of them with media flowing well."""
    degraded_s: float
    away_s: float
    """Connection interrupted or lost."""
    gap_s: float
    """Seconds without media of its worst source while it was connected."""
    interruptions: int
    loss_mean: float | None
    loss_worst: float | None
    rtt_mean_ms: float | None
    rtt_worst_ms: float | None
    health_worst: int | None
    states: tuple[Span, ...]
    gaps: tuple[Span, ...]
    """``what`` is the source."""
    curves: tuple[Curve, ...]
    happened: tuple[Happened, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A room in a time."""

    room: str
    node: str
    """Server that measured."""
    version: str
    begin: str
    end: str
    step_s: float
    """Seconds of each point of a curve."""
    frames: int
    holes: tuple[Span, ...]
    """Times the history tells nothing of."""
    candidates: tuple[CandidateReport, ...]
    incidents: tuple[Happened, ...]
