from __future__ import annotations

import json
from typing import Any

import pytest

from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Candidate, Frame, Layer, Source
from proctor_sfu.control.api.unpacker import Unpacker
from support.frames import candidate, frame, source

HEADER = rows.header(Frame)


def packed() -> Any:
    layers = (Layer(rid="l", bitrate=1.5, loss=None, score=9),)
    shown = frame(candidates=(candidate(sources=(source(layers=layers),)),))
    return shown, json.loads(json.dumps(rows.packer(Frame)(shown)))


def test_frames_survive_rows() -> None:
    shown, row = packed()
    assert Unpacker(Frame, json.loads(json.dumps(HEADER))).unpack(row) == shown


@pytest.mark.parametrize("deferred", [(), (Source,), (Source, Layer), (Candidate, Layer)])
def test_frames_survive_lines(deferred: tuple[type[Any], ...]) -> None:
    shown, row = packed()
    read = Unpacker(Frame, HEADER, deferred=deferred).read(json.dumps(row).encode())
    assert read == shown and hash(read) == hash(shown)
    assert repr(read) == repr(shown)


def test_single_rows_are_checked_as_they_come() -> None:
    _, row = packed()
    row[HEADER["Frame"].index("candidates")][0][0] = 5
    with pytest.raises(ValueError):
        Unpacker(Frame, HEADER, single={Candidate}).read(json.dumps(row).encode())


def test_what_is_deferred_is_checked_when_it_is_looked_at() -> None:
    _, row = packed()
    row[HEADER["Frame"].index("candidates")][0][HEADER["Candidate"].index("sources")][0][0] = 5
    read = Unpacker(Frame, HEADER, deferred={Source}).read(json.dumps(row).encode())
    with pytest.raises(ValueError):
        list(read.candidates[0].sources)


def test_members_of_a_later_version_are_left_out() -> None:
    shown, row = packed()
    later = {name: [*names, "later"] if name == "Frame" else names for name, names in HEADER.items()}
    assert Unpacker(Frame, later).unpack([*row, 1]) == shown
    assert Unpacker(Frame, later).read(json.dumps([*row, {"any": ["thing"]}]).encode()) == shown


def test_members_in_another_order_find_their_place() -> None:
    shown, row = packed()
    turned = {name: list(reversed(names)) if name == "Frame" else names for name, names in HEADER.items()}
    assert Unpacker(Frame, turned).unpack(list(reversed(row))) == shown


@pytest.mark.parametrize(
    "header",
    [{}, {"Frame": []}, {"Frame": "seq"}, {"Frame": [1]}, {**HEADER, "Source": ["source"]}, {**HEADER, "Layer": 3}],
)
def test_a_foreign_header_is_refused(header: Any) -> None:
    with pytest.raises(ValueError):
        Unpacker(Frame, header)


@pytest.mark.parametrize("row", [None, {}, [], [1], "row", 7])
def test_a_foreign_row_is_refused(row: Any) -> None:
    with pytest.raises(ValueError):
        Unpacker(Frame, HEADER).unpack(row)
    with pytest.raises(ValueError):
        Unpacker(Frame, HEADER).read(json.dumps(row).encode())


def test_a_wrong_value_is_refused_at_every_depth() -> None:
    _, row = packed()
    row[HEADER["Frame"].index("candidates")][0][HEADER["Candidate"].index("sources")][0][0] = 5
    with pytest.raises(ValueError):
        Unpacker(Frame, HEADER).unpack(row)
    assert Candidate.__name__ in HEADER
