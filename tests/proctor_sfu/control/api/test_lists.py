from __future__ import annotations

import msgspec
import pytest

from proctor_sfu.control.api import lists, rows
from proctor_sfu.control.api.quality import Candidate, Frame, Source
from proctor_sfu.control.api.unpacker import Unpacker
from support.frames import candidate, frame, source

HEADER = rows.header(Frame)


def test_what_is_deferred_is_made_once() -> None:
    row = frame(candidates=(candidate(sources=(source(),)),))
    found = Unpacker(Frame, HEADER, deferred={Source}).read(msgspec.json.encode(row)).candidates[0].sources
    assert isinstance(found, lists.Deferred) and len(found) == 1
    assert found[0] is found[0] and found[:1] == (found[0],)


def test_single_rows_become_objects_when_they_are_looked_at() -> None:
    people = tuple([candidate(number, level=level) for number, level in enumerate(("ok", "bad", "warn"))])
    shown = frame(candidates=people)
    text = msgspec.json.encode(shown)
    read = Unpacker(Frame, HEADER, deferred={Source}, single={Candidate}).read(text)
    found = read.candidates
    assert isinstance(found, lists.Single) and len(found) == 3
    assert list(lists.values(found, "level")) == list(lists.values(people, "level")) == ["ok", "bad", "warn"]
    assert list(lists.values(found, "room", "id")) == list(lists.values(people, "room", "id"))
    assert found[1] == people[1] and found[1] is found[1] and found[-1] == people[-1] and found[:2] == people[:2]
    picked = lists.pick(found, [2, 1])
    assert picked[1] is found[1] and list(picked) == list(lists.pick(people, [2, 1])) == [people[2], people[1]]
    assert read == shown and shown == read and found == people and hash(found) == hash(people)
    assert repr(found) == repr(people)
    with pytest.raises(IndexError):
        found[3]
