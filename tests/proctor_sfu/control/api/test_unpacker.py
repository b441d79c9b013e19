from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Candidate, Frame, Layer, Source
from proctor_sfu.control.api.unpacker import Unpacker
from support.frames import candidate, frame, source

HEADER = rows.header(Frame)


def packed() -> Any:
    layers = (Layer(rid="l", bitrate=1.5, loss=None, score=9),)
    shown = frame(candidates=(candidate(sources=(source(layers=layers),)),))
    return shown, json.loads(msgspec.json.encode(shown))


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


def broken(row: Any) -> bytes:
    """A line whose first source has no name."""
    row = json.loads(json.dumps(row))
    row[HEADER["Frame"].index("candidates")][0][HEADER["Candidate"].index("sources")][0][0] = 5
    return json.dumps(row).encode()


def test_the_first_line_is_checked_to_its_end_even_if_much_of_it_is_deferred() -> None:
    _, row = packed()
    with pytest.raises(ValueError):
        Unpacker(Frame, HEADER, deferred={Source, Layer}, single={Candidate}).read(broken(row))


def test_what_is_deferred_and_none_is_nothing_and_told_with_the_next_line() -> None:
    _, row = packed()
    good = json.dumps(row).encode()
    unpacker = Unpacker(Frame, HEADER, deferred={Source, Layer}, single={Candidate})
    unpacker.read(good)
    read = unpacker.read(broken(row))
    unpacker.read(good)
    assert list(read.candidates[0].sources) == [] and not read.candidates[0].sources
    with pytest.raises(ValueError, match="Expected `str`, got `int`"):
        unpacker.read(good)


@pytest.mark.parametrize("deferred", [(), (Source, Layer)])
def test_every_line_has_to_be_utf_8_also_where_nobody_looks(deferred: tuple[type[Any], ...]) -> None:
    shown, row = packed()
    name = shown.candidates[0].sources[0].codec.encode()
    good = json.dumps(row).encode()
    unpacker = Unpacker(Frame, HEADER, deferred=deferred, single={Candidate})
    assert good.count(name) == 1 and unpacker.read(good) == shown
    assert unpacker.read(good.replace(name, "vidéo/漢字".encode())).candidates[0].sources[0].codec == "vidéo/漢字"
    with pytest.raises(ValueError):
        unpacker.read(good.replace(name, b"video/\xff\xfe"))


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


class Later(rows.Row, frozen=True):
    """As a later version may have it: one member more, which an earlier daemon does not send."""

    first: int
    second: str = "unknown"


@pytest.mark.parametrize("count", [1, 3])
def test_a_member_that_need_not_be_there_is_its_default(count: int) -> None:
    unpacker = Unpacker(Holder, {"Holder": ["all"], "Later": ["first"]})
    assert unpacker.unpack([[[number] for number in range(count)]]) == Holder(
        all=tuple([Later(first=number) for number in range(count)])
    )


class Holder(rows.Row, frozen=True):
    all: tuple[Later, ...]
