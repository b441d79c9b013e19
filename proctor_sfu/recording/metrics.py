"""What Prometheus gets of recordings: whether all that should be recorded is, and for how long the disk will do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from proctor_sfu.recording.recordings import Recordings

TRACKS: Final = ("flows", "stalled", "unwritten")
TROUBLES: Final = ("disk-full", "disk-slow", "disk-failed")


def metrics(recordings: Recordings) -> Iterator[Metric]:
    """Yield all metrics; the counters of the disk begin anew with each recorder."""
    states = [each.state for each in recordings.running.values()]
    going = states.count("beginning") + states.count("running")
    yield GaugeMetricFamily("psfu_recordings", "Candidates who are recorded.", value=going)
    text = "Candidates who should be recorded and are not."
    yield GaugeMetricFamily("psfu_recordings_refused", text, value=len(recordings.refused))
    yield _tracks(recordings)
    yield CounterMetricFamily("psfu_recorder_restarts", "Recorders that died.", value=recordings.recorder.deaths)
    yield from _disk(recordings)


def _tracks(recordings: Recordings) -> Metric:
    verdicts = [take.watch.verdict for each in recordings.running.values() for take in each.takes.values()]
    tracks = GaugeMetricFamily("psfu_recording_tracks", "Sources that are recorded, by how it goes.", labels=("state",))
    for state in TRACKS:
        tracks.add_metric((state,), verdicts.count(state) + (verdicts.count(None) if state == "flows" else 0))
    return tracks


def _disk(recordings: Recordings) -> Iterator[Metric]:
    space, disk = recordings.space, recordings.disk
    trouble = GaugeMetricFamily("psfu_recording_disk_trouble", "What is wrong with the disk.", labels=("trouble",))
    for each in TROUBLES:
        trouble.add_metric((each,), float(space.trouble == each))
    yield trouble
    if disk is None:
        return
    yield GaugeMetricFamily("psfu_recording_disk_free_bytes", "Free for recordings and the reserve.", value=disk.free)
    text = "Not to be used for recordings."
    yield GaugeMetricFamily("psfu_recording_disk_reserve_bytes", text, value=space.limits.reserve_bytes)
    yield GaugeMetricFamily("psfu_recording_disk_busy_ratio", "Part of the time it is worked on.", value=space.busy)
    text = "Time since everything received was last on the disk."
    yield GaugeMetricFamily("psfu_recording_behind_seconds", text, value=disk.at_risk)
    if space.hours_left is not None:
        text = "Time until the reserve is reached at the rate that is counted on."
        yield GaugeMetricFamily("psfu_recording_disk_left_seconds", text, value=space.hours_left * 3600)
    yield CounterMetricFamily("psfu_recording_bytes", "Bytes written to the disk.", value=disk.written)
    text = "Attempts to write that the disk refused; each is repeated."
    yield CounterMetricFamily("psfu_recording_write_errors", text, value=disk.write_errors)
    dropped = CounterMetricFamily("psfu_recording_packets_dropped", "Packets that were not recorded.", labels=("by",))
    dropped.add_metric(("memory",), disk.overflowed)
    dropped.add_metric(("kernel",), disk.dropped)
    yield dropped
