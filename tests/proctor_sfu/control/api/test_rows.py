from __future__ import annotations

from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Frame
from support.frames import candidate, frame, source

HEADER = rows.header(Frame)


def test_the_header_names_every_type() -> None:
    assert set(HEADER) == {
        "Frame", "Daemon", "Worker", "Room", "Candidate", "Source", "Layer", "Proctor", "Incident",
    }  # fmt: skip


def test_the_row_made_ahead_is_that_made_at_once() -> None:
    shown = frame(candidates=tuple([candidate(number, sources=(source(), source())) for number in range(3)]))
    packed = rows.Packed(Frame)
    steps = sum(1 for _ in packed.steps(shown))
    assert steps >= 3 and packed(shown) is packed(shown)
    assert packed(shown) == rows.packer(Frame)(shown)
