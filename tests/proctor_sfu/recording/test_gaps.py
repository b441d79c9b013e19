"""Gaps that a crash kept out of the ledger are found in the journals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.recording import contents, ledger_file
from proctor_sfu.recording.gaps import Named, silences
from support.recorded import START_US, Tape, rtp

BEGAN_US = START_US + 8_000_000


def named(tmp_path: Path, *events: tuple[str, dict[str, Any]]) -> Named:
    """A journal of 100 ms, and what was written down since."""
    tape = Tape(tmp_path)
    tape.row("track_started", track="camera")
    tape.journal("camera", 1, packets=[rtp(n) for n in range(11)])
    for event, fields in events:
        tape.row(event, **fields)
    rows = ledger_file.read(tape.stop()).rows
    return Named(rows, contents.journals(rows).values(), "recorder-died")


def missing(found: Named, begins_us: int = BEGAN_US, quiet: tuple[tuple[int, int], ...] = ()) -> list[dict[str, Any]]:
    return list(found.missing("camera", begins_us, quiet, begins_us + 500_000))


RESUMED = ("recording_resumed", {"cause": "daemon-died"})


@pytest.mark.parametrize(("events", "cause"), [
    ([], "recorder-died"),
    ([RESUMED], "daemon-died"),
    ([RESUMED, ("track_started", {"track": "camera"})], "daemon-died"),
    ([("track_stopped", {"track": "camera", "cause": "worker-died"})], "worker-died"),
    ([("track_stopped", {"track": "camera", "cause": "daemon-ended"}), RESUMED], "daemon-ended"),
    ([
        ("track_stopped", {"track": "camera", "cause": "worker-died"}), ("track_started", {"track": "camera"}), RESUMED,
        ("track_started", {"track": "camera"}),
    ], "daemon-died"),
])  # fmt: skip
def test_a_beginning_that_no_row_explains(tmp_path: Path, events: list[Any], cause: str) -> None:
    (found,) = missing(named(tmp_path, *events))
    assert found == {"track": "camera", "from_us": START_US + 100_000, "to_us": BEGAN_US, "cause": cause}


def test_one_that_a_row_explains(tmp_path: Path) -> None:
    row = {"track": "camera", "from_us": START_US + 100_000, "to_us": BEGAN_US, "cause": "worker-died"}
    assert missing(named(tmp_path, ("gap", row))) == []
    # Another track's says nothing of this one.
    assert missing(named(tmp_path / "2", ("gap", row | {"track": "screen"}))) != []


def test_what_goes_on_without_a_break_is_no_gap(tmp_path: Path) -> None:
    assert missing(named(tmp_path), begins_us=0) == []


def test_the_first_journal_of_a_track_begins_after_no_gap(tmp_path: Path) -> None:
    assert list(named(tmp_path).missing("screen", BEGAN_US, (), BEGAN_US)) == []


def test_the_next_journal_is_measured_from_the_end_of_this_one(tmp_path: Path) -> None:
    found = named(tmp_path)
    missing(found)
    (second,) = missing(found, begins_us=BEGAN_US + 9_000_000)
    assert second["from_us"] == BEGAN_US + 500_000


def test_silences_within_a_journal(tmp_path: Path) -> None:
    quiet = (BEGAN_US + 10, BEGAN_US + 3_000_000)
    (found,) = missing(named(tmp_path), begins_us=0, quiet=(quiet,))
    assert (found["from_us"], found["to_us"], found["cause"]) == (*quiet, "no-packets")
    # A row has the microseconds a journal has not.
    row = {"track": "camera", "from_us": BEGAN_US + 410, "to_us": BEGAN_US + 3_000_900, "cause": "producer-paused"}
    assert missing(named(tmp_path / "2", ("gap", row)), begins_us=0, quiet=(quiet,)) == []


def test_where_silences_are() -> None:
    assert list(silences([10, 2_000_010, 4_000_011, 4_000_020], 0)) == [(2_000_010, 4_000_011)]
    assert list(silences([5_000_000], 1)) == [(1, 5_000_000)]
    assert list(silences([], 1)) == []
