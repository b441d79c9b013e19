"""All tables, by the rules every one of them keeps."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.control.api.recordings import Recording, Track
from proctor_sfu.errors import RefusedError
from psfu_tui.columns import GAP, Table, widths
from psfu_tui.options import TABLES
from psfu_tui.tables.nodes import nodes
from psfu_tui.tables.recordings import RECORDINGS
from psfu_tui.tables.sources import SOURCES
from support import frames
from support.crowd import Crowd
from support.watching import happening

EVERY: dict[str, Table[Any]] = {**TABLES, "sources": SOURCES}
TRACK = Track(track="camera", state="stalled", cause="disk-slow", bytes=1, lost=3)
RECORDING = Recording(
    id="exam-1/cand-001/2026", room="exam-1", candidate="cand-001", state="running", begun_at="2026-11-23T13:00:00Z",
    ended_at=None, tracks=(TRACK,), sources="camera", bytes=5 * 2**20, gaps=None, held=True, retain_until=None,
    folder="/srv/exam-1/cand-001/2026", reason=None,
)  # fmt: skip


def records(name: str) -> list[Any]:
    """Records of a table, with everything known and with as little known as there can be."""
    frame = Crowd(4).frame()
    nothing = {
        "candidates": frames.candidate(**dict.fromkeys(
            ("health", "worker", "address", "path", "ice", "dtls", "bitrate", "loss", "repaired", "rtt_ms", "jitter_ms",
             "gap_s", "available_bitrate", "connected_at", "recording"), None) | {"sources": (), "name": ""}),
        "workers": frames.worker(**dict.fromkeys(
            ("cpu", "memory", "packets_in", "packets_out", "bitrate_in", "bitrate_out", "answer_ms"), None)),
        "proctors": frames.proctor(**dict.fromkeys(("worker", "address", "path", "bitrate", "loss", "rtt_ms",
                                                    "available_bitrate"), None)),
        "rooms": frames.room(**dict.fromkeys(("worker", "expected", "bitrate_in", "bitrate_out", "health", "loss_p95",
                                              "rtt_p95_ms", "recordings"), None)),
        "sources": frames.source(**dict.fromkeys(("health", "bitrate", "packets", "loss", "repaired", "rtt_ms",
                                                  "jitter_ms", "fps", "gap_s", "silent_s", "layer", "score"), None)),
        "recordings": dataclasses.replace(RECORDING, tracks=(), begun_at=None, gaps=None),
        "events": happening(room=None, peer=None),
    }  # fmt: skip
    known: dict[str, list[Any]] = {
        "candidates": [*frame.candidates], "workers": [*frame.workers], "rooms": [*frame.rooms],
        "proctors": [*frame.proctors], "sources": [*frame.candidates[0].sources], "recordings": [RECORDING],
        "events": [happening(note="said so")],
        "tree": list(nodes(frame, (), candidate=lambda each: each, proctor=lambda each: each)),
    }  # fmt: skip
    return known[name] + ([nothing[name]] if name in nothing else [])


@pytest.mark.parametrize("name", EVERY)
def test_letters_and_names_are_unique_and_all_that_is_named_exists(name: str) -> None:
    table = EVERY[name]
    assert len({each.code for each in table.columns}) == len(table.columns)
    assert len({each.name for each in table.columns}) == len(table.columns)
    assert sorted(table.usual) == sorted(table.first)
    assert [each.code for each in table.chosen(table.usual)] == list(table.usual)
    assert all(table.named(word) for word in (*table.words, table.sort))
    assert all(each.help and each.width > 0 for each in table.columns)


@pytest.mark.parametrize("name", EVERY)
def test_every_cell_of_every_record_is_a_text(name: str) -> None:
    for record, column in itertools.product(records(name), EVERY[name].columns):
        assert isinstance(column.text(record), str), (column.name, record)
        assert column.level is None or column.level(record) in ("ok", "warn", "bad", "none")


@pytest.mark.parametrize("name", ["candidates", "workers", "proctors", "rooms", "sources"])
def test_what_is_not_known_is_a_dash(name: str) -> None:
    nothing = records(name)[-1]
    unknown = [each for each in EVERY[name].columns if each.value(nothing) is None and each.kind not in ("text",)]
    assert len(unknown) > 4
    assert {each.text(nothing) for each in unknown} == {"–"}


@pytest.mark.parametrize("name", EVERY)
@given(cells=st.integers(min_value=30, max_value=260))
def test_what_fits_fits(name: str, cells: int) -> None:
    columns = EVERY[name].fitting(cells)
    taken = sum(widths(columns, cells)) + GAP * (len(columns) - 1)
    assert columns
    assert taken <= cells


def test_the_narrowest_terminal_shows_who_and_how() -> None:
    assert "".join(each.code for each in TABLES["candidates"].fitting(59)).startswith("hns")


def test_only_one_number_is_blamed_with_the_level_the_daemon_gave() -> None:
    table = TABLES["candidates"]
    candidate = frames.candidate(level="bad", reasons=("loss", "rtt"))
    levels = {each.name: each.level(candidate) for each in table.columns if each.level is not None}
    assert (levels["loss"], levels["rtt"], levels["jitter"]) == ("bad", "warn", "ok")


def test_a_missing_source_is_bad_where_its_number_would_be() -> None:
    column = TABLES["candidates"].named("screen")
    assert column is not None and column.level is not None
    assert column.level(frames.candidate(missing=("screen",))) == "bad"
    assert column.text(frames.candidate(missing=("screen",))) == "–"


def test_a_source_that_is_paused_says_so_in_place_of_its_number() -> None:
    column = TABLES["candidates"].named("camera")
    assert column is not None and column.level is not None
    candidate = frames.candidate(sources=(frames.source(paused=True, bitrate=0.0, level="none"),))
    assert (column.text(candidate), column.value(candidate), column.level(candidate)) == ("paused", 0.0, "ok")


def test_a_recording_that_stalls_is_bad() -> None:
    column = RECORDINGS.named("level")
    assert column is not None
    assert column.text(RECORDING) == "✖"
    assert column.text(dataclasses.replace(RECORDING, tracks=())) == "●"


@pytest.mark.parametrize("codes", ["hnZ", "", "h n"])
def test_letters_that_are_none_are_refused(codes: str) -> None:
    with pytest.raises(RefusedError) as refused:
        TABLES["candidates"].chosen(codes)
    assert refused.value.reason == "bad_columns"


def test_letters_keep_their_order_and_count_once() -> None:
    assert [each.code for each in TABLES["candidates"].chosen("lnhl")] == ["l", "n", "h"]
