"""One worker over time: processor, memory, packets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api import quality as api
from proctor_sfu.mediasoup.stats import ResourceUsage
from proctor_sfu.pool.member import Member, resident
from proctor_sfu.quality.candidates import CandidateTrack
from proctor_sfu.quality.levels import Debounce, Level, above
from proctor_sfu.quality.proctors import ProctorTrack
from proctor_sfu.quality.rates import Gauge
from proctor_sfu.quality.sources import tenth
from proctor_sfu.quality.totals import total
from proctor_sfu.settings import Quality


class WorkerTrack:
    """Follows a worker; `shown` once a second."""

    def __init__(self, member: Member, bounds: Quality) -> None:
        self.member = member
        self.cpu_seconds: float | None = None
        """Processor time it used so far."""
        self._bounds = bounds
        self._cpu = Gauge()
        self._levels = {"cpu": Debounce(), "slow": Debounce()}

    def shown(
        self, now: float, usage: ResourceUsage | None, seconds: float | None, candidates: Sequence[CandidateTrack],
        proctors: Sequence[ProctorTrack], rooms: int,
    ) -> api.Worker:  # fmt: skip
        """Take what it told (``seconds``: in which time, None: it did not) and return its line of the frame."""
        member = self.member
        cpu = None
        if usage is not None:
            self.cpu_seconds = (usage.ru_utime + usage.ru_stime) / 1000
            share = self._cpu.feed(now, self.cpu_seconds)
            cpu = None if share is None else 100 * share
        levels = {
            "slow": self._levels["slow"].feed(Level.OK if seconds is not None else Level.BAD),
            "cpu": self._levels["cpu"].feed(above(cpu, self._bounds.cpu_warn, self._bounds.cpu_bad)),
        }
        reasons = sorted((each for each in levels if levels[each] > Level.OK), key=lambda each: -levels[each])
        peers = [*(track.peer for track in candidates), *(track.peer for track in proctors)]
        return api.Worker(
            pid=member.worker.pid, state=member.state, level=max(levels.values()).word, reasons=tuple(reasons),
            cpu=tenth(cpu), memory=memory_of(member.worker.pid),
            packets_in=total(source.shown.packets for track in candidates for source in track.sources.values()),
            packets_out=_sum_of_all(each.packets_out for each in proctors),
            bitrate_in=total(track.link.received for track in candidates),
            bitrate_out=total(track.link.sent for track in proctors),
            answer_ms=None if seconds is None else tenth(1000 * seconds), rooms=rooms,
            routers=len(member.routers), transports=sum(each.transport_count for each in member.routers.values()),
            producers=sum(len(peer.published) for peer in peers), consumers=sum(len(peer.viewed) for peer in peers),
            port=member.port, started_at=timestamp(member.started_at),
        )  # fmt: skip


def memory_of(pid: int) -> int | None:
    """Return the resident size of a process, None if it is gone."""
    try:
        return resident(pid)
    except (FileNotFoundError, ProcessLookupError):
        return None


def _sum_of_all(values: Iterable[float | None]) -> float | None:
    """Return the sum, None if one of them is not known."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return round(total, 1)
