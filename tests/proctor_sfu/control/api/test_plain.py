from __future__ import annotations

import json
from dataclasses import dataclass
from typing import ClassVar

from proctor_sfu.control.api.plain import names, plain
from proctor_sfu.control.api.quality import Frame, Layer, Source
from proctor_sfu.control.api.rows import header
from proctor_sfu.control.api.unpacker import Unpacker
from support.frames import candidate, frame, source
from support.stream import line


@dataclass(frozen=True)
class Told:
    kind: ClassVar[str] = "told"
    number: int
    layer: Layer
    more: dict[str, Layer]


def test_rows_and_dataclasses_have_names() -> None:
    assert names(Layer) == ("rid", "bitrate", "loss", "score")
    assert [*names(Told)] == ["number", "layer", "more"] and not names(int)


def test_objects_become_dictionaries_at_every_depth() -> None:
    layer = Layer(rid="l", bitrate=1.5, loss=None, score=9)
    shown = {"rid": "l", "bitrate": 1.5, "loss": None, "score": 9}
    assert plain(Told(1, layer, {"l": layer})) == {"number": 1, "layer": shown, "more": {"l": shown}}
    assert plain([(layer, "text"), None]) == [[shown, "text"], None]


def test_what_was_read_and_not_looked_at_is_shown_as_well() -> None:
    sent = frame(candidates=(candidate(sources=(source(), source("screen"))),))
    read = Unpacker(Frame, header(Frame), deferred={Source, Layer}).read(line(sent))
    assert plain(read) == plain(sent) and json.loads(json.dumps(plain(read)))["seq"] == sent.seq
