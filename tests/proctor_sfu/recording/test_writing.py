"""Journals while they are written: what a disk takes in part."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.recording.writing import JournalWriter, Segment, Space
from support.disks import memory_disk


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    with memory_disk(tmp_path / "disk", "64k") as folder:
        yield folder


def test_of_a_piece_that_the_disk_took_in_part_nothing_counts_as_written(tiny_disk: Path) -> None:
    noted: list[tuple[str, Mapping[str, Any]]] = []
    writer = JournalWriter(Space(), checkpoint_seconds=60)
    segment = Segment(
        tiny_disk / "camera", "camera", 1_000, lambda event, fields: noted.append((event, fields)), None, lambda: None
    )
    writer.lane.start()
    writer.begin(segment, b"header", {})
    for packets, last_us in ((10, 2_000), (100, 3_000)):
        writer.append(segment, b"x" * 1000 * packets, packets, last_us, None, lambda packets, size: None)
    assert not writer.lane.close(), "the disk took everything"
    assert segment.path.stat().st_size == len(b"header") + 10_000
    gap = {"track": "camera", "from_us": 2_000, "to_us": 3_000, "packets": 100, "cause": "disk-full"}
    assert noted[1:] == [("gap", gap)]
