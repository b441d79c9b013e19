"""What a simulation has to keep to count as passed. No I/O."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from proctor_sfu.simulate.results import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits of a simulation; seconds and percent. Those of media are for candidates with a clean network."""

    join: float = 5.0
    """95 of 100 joins take no longer, nor 95 of 100 returns with a clean network."""
    first_picture: float = 5.0
    """95 of 100 first pictures take no longer."""
    pictures: float = 95.0
    """Least part of the pictures that arrive."""
    gap: float = 3.0
    """No gap is longer, and nobody is out of the room for longer against its will."""


def judged(result: Result, limits: Limits) -> Result:
    """Return the result with what it broke."""
    broken = tuple(_broken(result, limits))
    return replace(result, broken=broken, ok=not broken)


def _broken(result: Result, limits: Limits) -> Iterator[str]:
    for process in result.processes:
        if process.exit != 0:
            yield f"process {process.pid} with {process.peers} simulated peers ended with {process.exit}"
    everybody = result.candidates + result.proctors
    if result.joined < everybody and result.complete:
        yield f"{everybody - result.joined} of {everybody} never joined"
    if result.join_ms is not None and result.join_ms.p95 > limits.join * 1000:
        yield f"95 of 100 joins took up to {result.join_ms.p95 / 1000:.2f} s, limit {limits.join:g} s"
    if result.rejoin_clean_ms is not None and result.rejoin_clean_ms.p95 > limits.join * 1000:
        yield f"95 of 100 returns took up to {result.rejoin_clean_ms.p95 / 1000:.2f} s, limit {limits.join:g} s"
    if result.away_longest_s > limits.gap:
        yield f"a peer was out of the room for {result.away_longest_s:.1f} s, limit {limits.gap:g} s"
    clean = result.clean
    if clean.never_began:
        yield f"{clean.never_began} of {clean.views} views never showed anything"
    if clean.first_picture_ms is not None and clean.first_picture_ms.p95 > limits.first_picture * 1000:
        p95 = clean.first_picture_ms.p95 / 1000
        yield f"95 of 100 first pictures took up to {p95:.2f} s, limit {limits.first_picture:g} s"
    if clean.pictures_percent < limits.pictures:
        yield f"{clean.pictures_percent:.1f} % of the pictures arrived, limit {limits.pictures:g} %"
    if clean.gap_longest_s > limits.gap:
        yield f"the longest gap was {clean.gap_longest_s:.1f} s, limit {limits.gap:g} s"
