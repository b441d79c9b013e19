"""What Prometheus gets: a few dozen series, whoever is in the exam.

Numbers of single candidates are told only when asked for (``candidates=1``), as distributions otherwise: a series for
each number of each candidate costs the scraper more than the exam costs the server. Rooms have a label while there are
few of them.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

from prometheus_client import CollectorRegistry, registry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder

from proctor_sfu import __version__
from proctor_sfu.control.api import quality as api
from proctor_sfu.mediasoup.install import VERSION
from proctor_sfu.quality.counters import STATES, Counters, Histogram

MOST_ROOMS: Final = 50
"""Rooms up to which they have a label; more are told in sums."""
LEVELS: Final = ("ok", "warn", "bad", "none")


class Collector(registry.Collector):
    """Turns a frame and the counters into metrics."""

    def __init__(
        self, frame: api.Frame | None, counters: Counters, *, cpu: Callable[[int], float | None],
        disks: Mapping[str, Path] | None = None, sent: Mapping[str, int] | None = None, room: str | None = None,
        candidates: bool = False, more: Iterable[Metric] = (),
    ) -> None:  # fmt: skip
        """``sent``: kind -> streams that are sent; ``more``: metrics of others."""
        self._frame = frame
        self._counters = counters
        self._cpu = cpu
        self._disks = disks or {}
        self._sent = sent or {}
        self._room = room
        self._candidates = candidates
        self._more = more

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics."""
        yield InfoMetricFamily("psfu_build", "Versions.", {"version": __version__, "mediasoup": VERSION})
        yield from _counted(self._counters)
        yield _receive_buffer_errors()
        yield from _space(self._disks)
        yield from self._more
        frame = self._frame
        if frame is None:
            return
        yield from _daemon(frame, self._sent)
        yield from _workers(frame, self._cpu)
        rooms = [each for each in frame.rooms if self._room in (None, each.id)]
        if self._room is not None or len(rooms) <= MOST_ROOMS:
            yield from _rooms(rooms)
        if self._candidates:
            yield from _candidates([each for each in frame.candidates if self._room in (None, each.room)])


def render(collector: Collector, accept: str) -> tuple[bytes, str]:
    """Return metrics and their content type, in the format an ``Accept`` header asks for."""
    made = CollectorRegistry(auto_describe=False)
    made.register(collector)
    encode, content_type = choose_encoder(accept)
    return encode(made), content_type


def _gauge(name: str, text: str, value: float | None) -> Iterator[Metric]:
    """Yield a number, or nothing if it is not known."""
    if value is not None:
        yield GaugeMetricFamily(name, text, value=value)


def _labelled(
    name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float | None]]
) -> Iterator[Metric]:
    metric = GaugeMetricFamily(name, text, labels=labels)
    for key, value in values:
        if value is not None:
            metric.add_metric(key, value)
    if metric.samples:
        yield metric


def _count(name: str, text: str, labels: tuple[str, ...], values: Iterable[tuple[tuple[str, ...], float]]) -> Metric:
    metric = CounterMetricFamily(name, text, labels=labels)
    for key, value in values:
        metric.add_metric(key, value)
    return metric


def _distribution(name: str, text: str, values: Iterable[tuple[dict[str, str], Histogram]]) -> Metric:
    pairs = list(values)
    metric = HistogramMetricFamily(name, text, labels=list(pairs[0][0]))
    for labels, histogram in pairs:
        metric.add_metric(list(labels.values()), histogram.cumulated(), histogram.total)
    return metric


def _counted(counters: Counters) -> Iterator[Metric]:
    kinds = [((kind,), tally.sums) for kind, tally in counters.streams.items()]
    received = (((("in"), kind), sums[1]) for (kind,), sums in kinds)
    yield _count(
        "psfu_rtp_bytes", "RTP bytes received from candidates and sent to proctors; of these no kind is known.",
        ("direction", "kind"), (*received, (("out", ""), counters.sent.total)),
    )  # fmt: skip
    for name, text, index in (
        ("psfu_rtp_packets", "RTP packets received from candidates.", 0),
        ("psfu_rtp_packets_lost", "RTP packets of candidates that did not arrive at first.", 2),
        ("psfu_rtp_packets_repaired", "RTP packets of candidates that arrived when asked for again.", 3),
        ("psfu_rtp_nack", "RTP packets asked for again.", 4),
        ("psfu_keyframe_requests", "Key frames asked for.", 5),
    ):
        yield _count(name, text, ("kind",), ((key, sums[index]) for key, sums in kinds))
    yield _distribution(
        "psfu_candidate_loss_ratio", "Part of a source's packets lost for good, each source every 5 s.",
        (({"kind": kind}, histogram) for kind, histogram in counters.loss.items()),
    )  # fmt: skip
    for name, text, histogram in (
        ("psfu_candidate_rtt_seconds", "Round trip to a candidate, each every 5 s.", counters.rtt),
        ("psfu_candidate_jitter_seconds", "Jitter of a candidate, each every 5 s.", counters.jitter),
        ("psfu_candidate_health", "Health of a candidate, 0 to 100, each every 5 s.", counters.health),
        ("psfu_media_gap_seconds", "Seconds without media in 5 minutes, each candidate every 5 s.", counters.gap),
        ("psfu_join_seconds", "Time from authentication to the first media of a candidate.", counters.join),
    ):
        yield _distribution(name, text, [({}, histogram)])
    for name, text, label, counts in (
        ("psfu_candidate_state_changes", "Times a candidate came into a state.", "state", counters.states),
        ("psfu_interruptions", "Times a candidate's connection was interrupted.", "what", counters.interruptions),
        ("psfu_ice_failures", "Times a candidate's media connection failed.", "reason", counters.failures),
        ("psfu_incidents", "Times several candidates got worse at once.", "shared", counters.incidents),
    ):
        yield _count(name, text, (label,), (((key,), value) for key, value in dict(counts).items()))


def _daemon(frame: api.Frame, sent: Mapping[str, int]) -> Iterator[Metric]:
    own = frame.daemon
    yield from _gauge("psfu_ready", "Whether it takes clients.", float(own.ready))
    yield from _gauge("psfu_uptime_seconds", "Time since it started.", own.uptime_s)
    yield from _gauge("psfu_resident_memory_bytes", "Memory of the daemon without the workers.", own.memory)
    yield from _gauge("psfu_cpu_ratio", "Processor time of the daemon, part of a core.", _part(own.cpu, 100))
    lag, sample = _part(own.loop_lag_ms, 1000), _part(own.sample_ms, 1000)
    yield from _gauge("psfu_event_loop_lag_seconds", "How late the event loop was, worst of a second.", lag)
    yield from _gauge("psfu_sample_seconds", "Time asking all workers took.", sample)
    yield from _gauge("psfu_workers", "Workers that run.", own.workers)
    yield from _gauge("psfu_workers_target", "Workers there should be.", own.workers_target)
    yield _count("psfu_worker_restarts", "Workers replaced because they died.", (), [((), own.restarts)])
    yield from _gauge("psfu_rooms", "Rooms.", own.rooms)
    yield from _gauge("psfu_proctors", "Proctors and observers.", own.proctors)
    states, levels = [each.state for each in frame.candidates], [each.level for each in frame.candidates]
    yield from _labelled(
        "psfu_candidates",
        "Candidates by state.",
        ("state",),
        (((each,), states.count(each)) for each in ("expected", *STATES)),
    )
    yield from _labelled(
        "psfu_candidates_level", "Candidates by level.", ("level",), (((each,), levels.count(each)) for each in LEVELS)
    )
    sources = [source.kind for each in frame.candidates for source in each.sources]
    consumers = sum(each.consumers for each in frame.workers)
    streams = [
        *((("in", kind), sources.count(kind)) for kind in ("audio", "video")),
        *((("out", kind), sent.get(kind, 0)) for kind in ("audio", "video")),
    ]
    text = "Sources that are published, and streams that are sent to somebody."
    yield from _labelled("psfu_streams", text, ("direction", "kind"), streams)
    yield from _gauge("psfu_consumers", "Streams that are sent, or paused.", consumers)


def _workers(frame: api.Frame, cpu: Callable[[int], float | None]) -> Iterator[Metric]:
    used = ((each, cpu(each.pid)) for each in frame.workers)
    yield _count(
        "psfu_worker_cpu_seconds", "Processor time of a worker.", ("worker",),
        (((str(each.pid),), value) for each, value in used if value is not None),
    )  # fmt: skip
    for name, text, take in _OF_WORKERS:
        yield from _labelled(name, text, ("worker",), (((str(each.pid),), take(each)) for each in frame.workers))


def _rooms(rooms: Iterable[api.Room]) -> Iterator[Metric]:
    for name, text, take in _OF_ROOMS:
        yield from _labelled(name, text, ("room",), (((each.id,), take(each)) for each in rooms))


def _candidates(candidates: Iterable[api.Candidate]) -> Iterator[Metric]:
    every = list(candidates)
    for name, text, take in _OF_CANDIDATES:
        yield from _labelled(name, text, ("room", "candidate"), (((each.room, each.id), take(each)) for each in every))
    yield from _labelled(
        "psfu_single_source_loss_ratio", "Part of a source's packets lost for good.", ("room", "candidate", "source"),
        (((each.room, each.id, one.source), _part(one.loss, 100)) for each in every for one in each.sources),
    )  # fmt: skip


def _part(value: float | None, whole: float) -> float | None:
    return None if value is None else value / whole


def _space(disks: Mapping[str, Path]) -> Iterator[Metric]:
    """Free and whole size of the disks psfu writes to; one that cannot be looked at is left out."""
    free: list[tuple[tuple[str, ...], float]] = []
    size: list[tuple[tuple[str, ...], float]] = []
    for what, path in disks.items():
        with contextlib.suppress(OSError):
            usage = shutil.disk_usage(path)
            free.append(((what,), usage.free))
            size.append(((what,), usage.total))
    text = "of the disk that state, history and recordings are written to."
    yield from _labelled("psfu_disk_free_bytes", f"Free {text}", ("what",), free)
    yield from _labelled("psfu_disk_size_bytes", f"Size {text}", ("what",), size)


def _receive_buffer_errors() -> Metric:
    """Datagrams this machine dropped because a socket was full, of all processes: workers that come too late."""
    rows = [line.split() for line in Path("/proc/net/snmp").read_text().splitlines() if line.startswith("Udp:")]
    counted = dict(zip(rows[0][1:], rows[1][1:], strict=True))
    text = "Datagrams this machine dropped because a socket's buffer was full."
    return _count("psfu_udp_receive_buffer_errors", text, (), [((), float(counted["RcvbufErrors"]))])


_OF_WORKERS: Final[tuple[tuple[str, str, Callable[[api.Worker], float | None]], ...]] = (
    ("psfu_worker_resident_memory_bytes", "Memory of a worker.", lambda each: each.memory),
    ("psfu_worker_rooms", "Rooms on a worker.", lambda each: each.rooms),
    ("psfu_worker_transports", "Transports on a worker.", lambda each: each.transports),
    ("psfu_worker_packets_in_per_second", "RTP packets a worker receives.", lambda each: each.packets_in),
    ("psfu_worker_answer_seconds", "Time a worker took to answer.", lambda each: _part(each.answer_ms, 1000)),
)
_OF_ROOMS: Final[tuple[tuple[str, str, Callable[[api.Room], float | None]], ...]] = (
    ("psfu_room_candidates", "Candidates in a room.", lambda each: each.candidates),
    ("psfu_room_live", "Candidates of a room whose media flows.", lambda each: each.live),
    ("psfu_room_bad", "Candidates of a room in bad trouble.", lambda each: each.bad),
    ("psfu_room_proctors", "Proctors and observers in a room.", lambda each: each.proctors),
    ("psfu_room_worst_health", "Health of a room's worst candidate.", lambda each: each.health),
)
_OF_CANDIDATES: Final[tuple[tuple[str, str, Callable[[api.Candidate], float | None]], ...]] = (
    ("psfu_single_health", "Health of a candidate.", lambda each: each.health),
    ("psfu_single_rtt_seconds", "Round trip to a candidate.", lambda each: _part(each.rtt_ms, 1000)),
    ("psfu_single_gap_seconds", "Seconds without media in 5 minutes.", lambda each: each.gap_s),
    ("psfu_single_bytes_per_second", "What a candidate sends.", lambda each: _part(each.bitrate, 8)),
)
