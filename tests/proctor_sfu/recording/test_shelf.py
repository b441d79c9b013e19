"""Where the next recording of a candidate goes."""

from __future__ import annotations

from pathlib import Path

from proctor_sfu.recording.roll import Roll
from proctor_sfu.recording.shelf import Shelf


def test_one_that_was_deleted_is_followed_by_another_in_the_same_second_too(tmp_path: Path) -> None:
    roll = Roll(lambda _: None, finished=lambda _: None, failed=lambda *_: None, refused=lambda *_: None)
    shelf = Shelf(tmp_path, roll, resume_seconds=3600)
    seen = set()
    for _ in range(20):  # Few of them fall into another second than the one before.
        place = shelf.place("exam", "ann")
        assert not place.resumed and place.id not in seen
        seen.add(place.id)
        shelf.broken.add(place.id)
