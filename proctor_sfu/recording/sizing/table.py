"""What was measured on a machine, and what so many candidates need according to it. Pure.

Packets are what costs: what each takes hardly depends on its length.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final

from proctor_sfu.recording.journal import PACKET
from proctor_sfu.recording.sizing.load import SHAPES
from proctor_sfu.recording.sizing.rung import Rung
from proctor_sfu.rooms.roles import Source

LATE: Final = 0.25
"""Seconds; a machine on which packets are sent later than that had other things to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """What the figures depend on."""

    processor: str
    cores: int
    version: str
    """Of psfu."""
    directory: str
    """What was recorded to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What candidates need."""

    worker: float
    """Cores."""
    recorder: float
    """Cores."""
    memory: int
    """Bytes, of the recorder."""
    received: float
    """Bits a second."""
    written: float
    """Bytes a second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A machine's measurements."""

    machine: Machine
    measured_at: str
    disk_speed: float
    """Bytes a second the disk takes."""
    rungs: tuple[Rung, ...]

    def encode(self) -> str:
        """Return it as JSON."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def decode(cls, text: str) -> Table:
        """Return it; raises `ValueError` for what is none."""
        try:
            members = json.loads(text)
            return cls(
                machine=Machine(**members["machine"]), measured_at=members["measured_at"],
                disk_speed=members["disk_speed"], rungs=tuple(Rung(**each) for each in members["rungs"]),
            )  # fmt: skip
        except (KeyError, TypeError) as error:
            raise ValueError(f"no table of measurements: {error!r}") from None

    @property
    def recorded(self) -> Rung | None:
        """The largest recording of which nothing was lost."""
        return _best(self.rungs, recorded=True)

    @property
    def forwarded(self) -> Rung | None:
        """Likewise, when nothing was recorded."""
        return _best(self.rungs, recorded=False)

    def per_core(self) -> float | None:
        """Return how many candidates with all their sources a core carries and records."""
        best = self.recorded
        return None if best is None else best.candidates / (best.worker + best.recorder)

    def needs(self, candidates: int, sources: Sequence[Source], recorded: Sequence[Source]) -> Needs | None:
        """Return what candidates who send ``sources`` need; None if nothing was measured without a loss."""
        full, plain = self.recorded, self.forwarded
        if full is None or plain is None:
            return None
        sent, kept = (candidates * sum(SHAPES[each].rate for each in chosen) for chosen in (sources, recorded))
        to_receive = plain.worker / (plain.candidates * plain.rate)
        to_forward = max(0.0, full.worker / (full.candidates * full.rate) - to_receive)
        bits = sum(SHAPES[each].bitrate for each in recorded)
        return Needs(
            worker=sent * to_receive + kept * to_forward,
            recorder=kept * full.recorder / (full.candidates * full.rate),
            memory=int(full.memory / (full.candidates * full.rate) * kept),
            received=candidates * sum(SHAPES[each].bitrate for each in sources),
            written=candidates * bits / 8 + kept * PACKET.size,
        )  # fmt: skip


def _best(rungs: Sequence[Rung], *, recorded: bool) -> Rung | None:
    good = [
        each for each in rungs if each.recorded == recorded and each.lost == 0 and each.late < LATE and each.worker > 0
    ]
    return max(good, key=lambda each: each.candidates, default=None)
