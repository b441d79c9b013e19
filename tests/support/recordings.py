"""The daemon's recordings without a daemon, in a state as it may be in an exam."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from proctor_sfu.recording.protocol import Disk
from proctor_sfu.recording.recordings import Recordings
from proctor_sfu.recording.space import Refusal
from proctor_sfu.recording.watch import Verdict
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.settings import Recording as Settings


def idle(folder: Path) -> Recordings:
    """Nobody is recorded yet."""
    return Recordings(cast(Registry, None), Settings(), folder / "recordings", folder / "key.pem")


def at_work(folder: Path) -> Recordings:
    """Three candidates and one who was refused, and a disk that is slow."""
    found = idle(folder)
    people: dict[str, tuple[str, list[Verdict | None]]] = {
        "cand-1": ("running", [None, "flows", "stalled"]), "cand-2": ("beginning", ["flows", "unwritten", "stalled"]),
    }  # fmt: skip
    for name, (state, verdicts) in people.items():
        takes = {n: SimpleNamespace(watch=SimpleNamespace(verdict=each)) for n, each in enumerate(verdicts)}
        found.running["exam-1", name] = cast(Any, SimpleNamespace(state=state, takes=takes))
    found.refused["exam-1", "cand-4"] = Refusal(code="disk_full", reason="the disk is full")
    found.recorder.deaths = 1
    for second, written in enumerate((1_500_000, 3_000_000)):
        found.space.take(free=200 << 30, size=400 << 30, written=written, busy=0.3, behind=4.5, now=100.0 + second)
    found.space.trouble = "disk-slow"
    found.disk = Disk(
        free=200 << 30, size=400 << 30, waiting=0, written=3_000_000, busy=0.3, at_risk=4.5, trouble="disk-slow",
        reason="", overflowed=7, dropped=2, write_errors=5,
    )  # fmt: skip
    return found
