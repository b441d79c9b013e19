"""Prometheus gets numbers it can read, and few of them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse

from proctor_sfu.control.api.quality import Frame
from proctor_sfu.quality.counters import Counters
from proctor_sfu.quality.metrics import MOST_ROOMS, Collector, render
from support.frames import candidate, frame, room, source, worker


def exam(candidates: int = 200, rooms: int = 4) -> Frame:
    people = tuple(
        candidate(number, room=f"exam-{number % rooms}", sources=tuple(source(each) for each in ("camera", "screen")))
        for number in range(candidates)
    )
    return frame(
        candidates=people, rooms=tuple(room(f"exam-{each}") for each in range(rooms)),
        workers=tuple(worker(4711 + each) for each in range(4)),
    )  # fmt: skip


def scraped(shown: Frame | None, **options: Any) -> dict[str, list[Any]]:
    """Metrics as Prometheus reads them: name -> samples."""
    counters = Counters()
    if shown is not None:
        counters.frame(shown)
    body, content_type = render(Collector(shown, counters, cpu=lambda pid: 12.5, **options), "")
    assert content_type.startswith("text/plain")
    return {family.name: family.samples for family in parse(body.decode())}


def value(samples: list[Any], **labels: str) -> float:
    [found] = [each.value for each in samples if labels.items() <= each.labels.items()]
    return float(found)


def test_numbers_of_an_exam() -> None:
    found = scraped(exam())
    assert value(found["psfu_candidates"], state="live") == 200
    assert value(found["psfu_candidates"], state="lost") == 0
    assert value(found["psfu_candidates_level"], level="ok") == 200
    assert value(found["psfu_streams"], direction="in", kind="video") == 400
    assert value(found["psfu_streams"], direction="out", kind="video") == 0
    assert value(found["psfu_worker_cpu_seconds"], worker="4711") == 12.5
    assert value(found["psfu_room_candidates"], room="exam-1") == 2
    # One source a second each, and 2 % of a frame's candidates are no label.
    health = [each for each in found["psfu_candidate_health"] if each.name.endswith("_count")]
    assert [each.value for each in health] == [200]


def test_streams_that_are_sent() -> None:
    found = scraped(exam(), sent={"video": 80})
    assert value(found["psfu_streams"], direction="out", kind="video") == 80
    assert value(found["psfu_streams"], direction="out", kind="audio") == 0


def test_names_are_those_prometheus_wants() -> None:
    body, _ = render(
        Collector(exam(), Counters(), cpu=lambda pid: 1.0, candidates=True), "application/openmetrics-text"
    )
    for family in parse_openmetrics(body.decode()):
        assert re.fullmatch(r"psfu_[a-z_]+", family.name), family.name
        assert not re.search(r"_(ms|kb|mb|percent)\b", family.name), "base units only"
        assert family.documentation.endswith("."), family.name


def test_an_exam_of_any_size_has_the_same_number_of_series() -> None:
    few, many = (sum(map(len, scraped(exam(count)).values())) for count in (10, 1000))
    assert few == many < 250


def test_many_rooms_have_no_label() -> None:
    assert "psfu_room_candidates" in scraped(exam(rooms=MOST_ROOMS))
    assert "psfu_room_candidates" not in scraped(exam(rooms=MOST_ROOMS + 1))
    found = scraped(exam(rooms=MOST_ROOMS + 1), room="exam-7")
    assert [each.labels for each in found["psfu_room_candidates"]] == [{"room": "exam-7"}]


def test_single_candidates_are_told_when_asked_for() -> None:
    assert not any(name.startswith("psfu_single") for name in scraped(exam()))
    found = scraped(exam(), candidates=True, room="exam-1")
    assert {each.labels["room"] for each in found["psfu_single_health"]} == {"exam-1"}
    assert len(found["psfu_single_source_loss_ratio"]) == 100


def test_a_hostile_id_cannot_break_the_format() -> None:
    shown = replace(frame(), candidates=(candidate(1, id='a"}\n# x{b="'),))
    found = scraped(shown, candidates=True)
    assert [each.labels["candidate"] for each in found["psfu_single_health"]] == ['a"}\n# x{b="']


@pytest.mark.parametrize("accept", ["", "text/plain", "application/openmetrics-text; version=1.0.0", "*/*", "nonsense"])
def test_before_the_first_frame_there_is_what_is_known(accept: str) -> None:
    body, _ = render(Collector(None, Counters(), cpu=lambda pid: None), accept)
    assert b"psfu_build_info" in body and b"psfu_rtp_packets_total" in body and b"psfu_ready" not in body


def test_disks_that_can_be_looked_at(tmp_path: Path) -> None:
    found = scraped(frame(), disks={"state": tmp_path, "gone": tmp_path / "gone"})
    [free], [size] = found["psfu_disk_free_bytes"], found["psfu_disk_size_bytes"]
    assert free.labels == {"what": "state"} and 0 < free.value < size.value


def test_what_is_not_known_is_absent() -> None:
    shown = frame(workers=(worker(packets_in=None, memory=None),), candidates=())
    found = scraped(replace(shown, daemon=replace(shown.daemon, cpu=None)))
    assert "psfu_cpu_ratio" not in found and "psfu_worker_packets_in_per_second" not in found
