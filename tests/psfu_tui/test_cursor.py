"""The cursor of a table stays with its row, and with its place where the row is gone."""

from __future__ import annotations

from proctor_sfu.control.api.quality import Candidate
from psfu_tui.cursor import Cursor
from psfu_tui.tables.candidates import CANDIDATES
from support.frames import candidate

PEOPLE = tuple([candidate(number) for number in range(4)])
KEYS = CANDIDATES.keys(PEOPLE)


def on(place: int) -> Cursor[Candidate]:
    cursor = Cursor(CANDIDATES)
    cursor.follow(PEOPLE)
    cursor.jump(place)
    return cursor


def test_it_begins_on_the_first_row_there_is() -> None:
    cursor = Cursor(CANDIDATES)
    assert (cursor.key, cursor.record, cursor.keys) == (None, None, ())
    cursor.follow(())
    assert cursor.key is None
    cursor.follow(PEOPLE)
    assert (cursor.key, cursor.place, cursor.record, cursor.keys) == (KEYS[0], 0, PEOPLE[0], tuple(KEYS))


def test_it_goes_where_its_row_goes() -> None:
    cursor = on(1)
    cursor.follow(PEOPLE[::-1])
    assert (cursor.key, cursor.place, cursor.record) == (KEYS[1], 2, PEOPLE[1])


def test_of_a_row_that_is_gone_it_keeps_the_place() -> None:
    cursor = on(1)
    cursor.follow((PEOPLE[0], *PEOPLE[2:]))
    assert (cursor.key, cursor.place) == (KEYS[2], 1)
    cursor = on(3)
    cursor.follow(PEOPLE[:2])
    assert (cursor.key, cursor.place) == (KEYS[1], 1)
    cursor.follow(())
    assert (cursor.key, cursor.record) == (None, None)


def test_it_is_put_on_rows_that_are_there_and_jumps_no_further_than_the_last() -> None:
    cursor = on(0)
    cursor.put(KEYS[2])
    assert (cursor.key, cursor.place) == (KEYS[2], 2)
    cursor.put(("nowhere", "nobody"))
    assert (cursor.key, cursor.place) == (KEYS[2], 2)
    cursor.jump(99)
    assert (cursor.key, cursor.place) == (KEYS[3], 3)
