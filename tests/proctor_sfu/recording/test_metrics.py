"""What a scrape tells of recordings."""

from __future__ import annotations

from pathlib import Path

from prometheus_client.core import Metric

from proctor_sfu.recording.metrics import metrics
from support.recordings import at_work, idle


def told(found: list[Metric]) -> dict[str, float]:
    """Name, with the only label's value -> value."""
    return {
        "/".join((sample.name, *sample.labels.values())): sample.value for family in found for sample in family.samples
    }


def test_a_server_that_records_nothing(tmp_path: Path) -> None:
    found = told(list(metrics(idle(tmp_path))))
    assert found["psfu_recordings"] == found["psfu_recordings_refused"] == found["psfu_recorder_restarts_total"] == 0
    assert found["psfu_recording_tracks/flows"] == found["psfu_recording_disk_trouble/disk-full"] == 0
    # Nothing is known of the disk, and nothing is made up.
    assert "psfu_recording_disk_free_bytes" not in found


def test_recordings_some_of_which_do_not_go_well(tmp_path: Path) -> None:
    found = told(list(metrics(at_work(tmp_path))))
    assert found["psfu_recordings"] == 2
    assert found["psfu_recordings_refused"] == 1
    assert {each: found[f"psfu_recording_tracks/{each}"] for each in ("flows", "stalled", "unwritten")} == {
        "flows": 3, "stalled": 2, "unwritten": 1,
    }  # fmt: skip
    assert found["psfu_recorder_restarts_total"] == 1
    assert found["psfu_recording_disk_trouble/disk-slow"] == 1 and found["psfu_recording_disk_trouble/disk-full"] == 0
    assert found["psfu_recording_disk_free_bytes"] == 200 << 30
    assert found["psfu_recording_behind_seconds"] == 4.5
    assert found["psfu_recording_bytes_total"] == 3_000_000
    # 1.5 MB/s, and 199 GiB are left.
    assert round(found["psfu_recording_disk_left_seconds"]) == round((199 << 30) / 1_500_000)
    assert found["psfu_recording_write_errors_total"] == 5
    assert found["psfu_recording_packets_dropped_total/memory"] == 7
    assert found["psfu_recording_packets_dropped_total/kernel"] == 2
