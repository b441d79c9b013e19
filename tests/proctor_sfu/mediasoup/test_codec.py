"""The codec against a small schema, field kind by field kind."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from proctor_sfu.errors import InvalidArgumentError, SchemaError
from proctor_sfu.mediasoup.codec import DECODE_ERRORS, Binding, Codec, Conventions
from proctor_sfu.mediasoup.schema import Schema

SOURCE = """
include "other.fbs";
namespace T.A;   // comment
enum Colour: uint8 { RED = 1, GREEN, DARK_BLUE = 9 }
table Leaf { value: int32; }
table Word { text: string (required); }
union Either { Leaf, Named: T.A.Word }
table All {
    flag: bool = true;
    small: uint8 = null;
    big: uint64;
    ratio: float64;
    colour: Colour = GREEN;
    text: string;
    leaf: Leaf;
    either: Either;
    data: [ubyte];
    numbers: [uint16];
    colours: [Colour];
    words: [string];
    leaves: [Leaf];
}
table Wrapper { base: Leaf (required); extra: int8; }
"""

FULL: dict[str, Any] = {
    "flag": False,
    "small": 7,
    "big": 2**64 - 1,
    "ratio": 0.25,
    "colour": "dark_blue",
    "text": "größe",
    "leaf": {"value": -5},
    "either": ("Named", {"text": "x"}),
    "data": b"\x00\xff",
    "numbers": (1, 65535),
    "colours": ("red", "green"),
    "words": ("", "abc"),
    "leaves": ({"value": 1}, {"value": 2}),
}


def codec(**bindings: Binding) -> Codec:
    schema = Schema.parse([("t.fbs", SOURCE)])
    return Codec(schema, Conventions(bindings={f"T.A.{k}": v for k, v in bindings.items()}, raw=frozenset({"data"})))


def test_every_kind_of_field_survives_the_round_trip() -> None:
    tried = codec()
    frame = tried.encode("T.A.All", FULL)
    assert struct.unpack_from("<I", frame)[0] == len(frame) - 4
    assert tried.decode("T.A.All", frame, 4) == FULL


@pytest.mark.parametrize("name", sorted(FULL))
def test_one_field_alone_survives_and_the_others_are_defaults(name: str) -> None:
    tried = codec()
    decoded = tried.decode("T.A.All", tried.encode("T.A.All", {name: FULL[name]}), 4)
    expected: dict[str, Any] = {
        "flag": True, "small": None, "big": 0, "ratio": 0, "colour": "green", "text": None, "leaf": None,
        "either": None, "data": b"", "numbers": (), "colours": (), "words": (), "leaves": (),
    }  # fmt: skip
    assert decoded == expected | {name: FULL[name]}


def test_tables_become_the_bound_types() -> None:
    @dataclass(frozen=True)
    class Leaf:
        value: int

    class Wrapper(NamedTuple):
        value: int
        extra: int

    class LeafTuple(NamedTuple):
        value: int

    frame = codec().encode("T.A.Wrapper", {"base": Leaf(4), "extra": -1})
    as_tuple = codec(Leaf=Binding(type=LeafTuple), Wrapper=Binding(type=Wrapper, flatten="base"))
    assert as_tuple.decode("T.A.Wrapper", frame, 4) == Wrapper(4, -1)
    assert codec(Leaf=Binding(type=Leaf)).decode("T.A.Wrapper", frame, 4) == {"base": Leaf(4), "extra": -1}
    assert codec(Wrapper=Binding(unwrap="base")).decode("T.A.Wrapper", frame, 4) == {"value": 4}


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({"small": 256}, "out of range"),
        ({"big": -1}, "out of range"),
        ({"numbers": [70000]}, "out of range"),
        ({"colour": "pink"}, "red, green, dark_blue"),
        ({"text": 5}, "not a text"),
        ({"text": "\ud800"}, "not a text"),
        ({"either": ("Named", {})}, "missing text"),
    ],
)
def test_what_does_not_fit_is_refused(value: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        codec().encode("T.A.All", value)


def test_every_truncation_of_a_message_is_noticed_or_decodes() -> None:
    tried = codec()
    frame = tried.encode("T.A.All", FULL)
    noticed = 0
    for end in range(4, len(frame)):
        try:
            tried.decode("T.A.All", frame[:end], 4)
        except DECODE_ERRORS:
            noticed += 1
    assert noticed > len(frame) // 2


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("table A { x: int32; }", "no namespace"),
        ("namespace N; struct S { x: int32; }", "not understood"),
        ("namespace N; table A { x: Missing; }", "unknown type Missing"),
        ("namespace N; table A { x int32; }", "field not understood"),
        ("namespace N; table A { x: int32 = ten; }", "bad default"),
        ("namespace N; enum E { A }", "without a scalar type"),
    ],
)
def test_a_schema_that_is_not_understood_is_an_error(source: str, words: str) -> None:
    with pytest.raises(SchemaError, match=words):
        Schema.parse([("bad.fbs", source)])


def test_a_binding_for_a_table_the_schema_lacks_is_an_error() -> None:
    with pytest.raises(SchemaError, match="no table"):
        codec(Gone=Binding(unwrap="x"))
