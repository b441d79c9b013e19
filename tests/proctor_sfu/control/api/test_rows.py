from __future__ import annotations

import json

import msgspec
import pytest

from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Candidate, Frame, Source
from support.frames import candidate, frame, source

HEADER = rows.header(Frame)


def test_the_header_names_every_type() -> None:
    assert set(HEADER) == {
        "Frame", "Daemon", "Worker", "Room", "Candidate", "Source", "Layer", "Proctor", "Incident",
    }  # fmt: skip


def test_a_row_has_the_values_of_its_members_in_their_order_at_every_depth() -> None:
    shown = frame(candidates=(candidate(sources=(source(),)),))
    row = json.loads(msgspec.json.encode(shown))
    one = row[HEADER["Frame"].index("candidates")][0]
    assert one[HEADER["Candidate"].index("name")] == shown.candidates[0].name
    assert one[HEADER["Candidate"].index("sources")][0][0] == shown.candidates[0].sources[0].source
    assert row[HEADER["Frame"].index("daemon")][0] == shown.daemon.version


def test_members_that_are_rows_are_found_by_their_place() -> None:
    places = {HEADER["Frame"][place]: (many, cls) for place, many, cls in rows.tables(Frame)}
    assert places["candidates"] == (True, Candidate) and not places["daemon"][0]
    assert [cls for _, _, cls in rows.tables(Candidate)] == [Source]


def test_nobody_changes_what_was_told() -> None:
    with pytest.raises(AttributeError):
        frame().seq = 2  # type: ignore[misc]
