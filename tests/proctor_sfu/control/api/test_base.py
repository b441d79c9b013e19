from __future__ import annotations

import dataclasses
import json
from typing import Any, Literal

import pytest

from proctor_sfu.control.api import base
from proctor_sfu.control.api.plain import plain
from proctor_sfu.control.api.quality import Frame
from support.frames import frame


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    name: str


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outer:
    count: int
    share: float
    on: bool
    kind: Literal["a", "b"]
    maybe: float | None
    many: tuple[Inner, ...]
    later: str = "not told"


GOOD: dict[str, Any] = {"count": 1, "share": 2, "on": True, "kind": "a", "maybe": None, "many": [{"name": "x"}]}
EXPECTED = Outer(count=1, share=2.0, on=True, kind="a", maybe=None, many=(Inner(name="x"),))


def test_objects_become_types() -> None:
    assert base.decode(Outer, GOOD) == EXPECTED
    assert base.decode(Outer, GOOD | {"unknown": 1, "later": "told"}).later == "told"


def test_a_frame_survives_json() -> None:
    shown = frame()
    assert base.decode(Frame, json.loads(json.dumps(plain(shown)))) == shown


@pytest.mark.parametrize(
    "changed",
    [
        {"count": "1"}, {"count": True}, {"count": 1.5}, {"share": "2"}, {"share": False}, {"on": 1}, {"maybe": "x"},
        {"many": {}}, {"many": [1]}, {"many": [{}]}, {"many": [{"name": 1}]},
    ],
)  # fmt: skip
def test_wrong_values_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        base.decode(Outer, GOOD | changed)


@pytest.mark.parametrize("data", [None, [], "x", 1, {}])
def test_what_is_no_object_is_refused(data: Any) -> None:
    with pytest.raises(ValueError):
        base.decode(Outer, data)
