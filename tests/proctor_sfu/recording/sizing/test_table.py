"""What is scaled from measurements."""

from __future__ import annotations

from dataclasses import replace

import pytest

from proctor_sfu.recording.sizing.rung import Rung
from proctor_sfu.recording.sizing.table import LATE, Machine, Table
from proctor_sfu.rooms.roles import Source

PLAIN = Rung(
    candidates=100, recorded=False, rate=305, worker=0.1, recorder=0.0, memory=0, written=0, busy=0, lost=0, late=0.02,
)  # fmt: skip
FULL = replace(PLAIN, recorded=True, worker=0.25, recorder=0.15, memory=30_000_000, written=29e6, busy=0.3)
MACHINE = Machine(processor="a processor", cores=8, version="1", directory="/var/lib/psfu/recordings")
TABLE = Table(machine=MACHINE, measured_at="2026-01-01T08:00:00.000Z", disk_speed=2e8, rungs=(PLAIN, FULL))
ALL = (Source.CAMERA, Source.SCREEN, Source.MICROPHONE)


def test_it_is_read_as_it_was_written() -> None:
    assert Table.decode(TABLE.encode()) == TABLE


@pytest.mark.parametrize("text", ["", "null", "[]", "{}", '{"machine": {}}', TABLE.encode().replace("lost", "found")])
def test_what_is_no_table(text: str) -> None:
    with pytest.raises(ValueError):
        Table.decode(text)


def test_a_candidate_takes_what_was_measured() -> None:
    assert TABLE.per_core() == 250
    needs = TABLE.needs(300, ALL, ALL)
    assert needs is not None
    assert (needs.worker, needs.recorder) == (pytest.approx(0.75), pytest.approx(0.45))
    assert needs.memory == 90_000_000
    assert needs.received == pytest.approx(300 * 2.304e6, rel=0.001)
    # Ten bytes before every packet.
    assert needs.written == pytest.approx(300 * (2.304e6 / 8 + 305 * 10), rel=0.001)


def test_what_is_not_recorded_is_received_all_the_same() -> None:
    needs = TABLE.needs(100, ALL, ())
    assert needs is not None
    assert (needs.worker, needs.recorder, needs.written, needs.memory) == (pytest.approx(0.1), 0, 0, 0)
    only = TABLE.needs(100, ALL, (Source.MICROPHONE,))
    assert only is not None
    assert only.worker == pytest.approx(0.1 + 0.15 * 50 / 305)


def test_only_what_lost_nothing_counts() -> None:
    bigger = [replace(each, candidates=200, worker=0.1) for each in (PLAIN, FULL)]
    lost = replace(TABLE, rungs=(*TABLE.rungs, bigger[0], replace(bigger[1], lost=1)))
    assert (lost.recorded, lost.forwarded) == (FULL, bigger[0])
    late = replace(TABLE, rungs=(*TABLE.rungs, replace(bigger[1], late=LATE)))
    assert late.recorded == FULL
    good = replace(TABLE, rungs=(*TABLE.rungs, *bigger))
    assert good.recorded == bigger[1]
    unseen = replace(TABLE, rungs=(*TABLE.rungs, replace(bigger[1], worker=0.0)))
    assert unseen.recorded == FULL, "too short to be measured"
    none = replace(TABLE, rungs=(PLAIN, replace(FULL, lost=5)))
    assert none.per_core() is None and none.needs(1, ALL, ALL) is None
