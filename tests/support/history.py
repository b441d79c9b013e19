"""History files, written by what the daemon writes them with."""

from __future__ import annotations

from pathlib import Path

from proctor_sfu.events import LevelChanged, PeerStateChanged, Record
from proctor_sfu.quality.history import ArchiveWriter
from support.crowd import BEGIN, Crowd

FIRST = BEGIN.timestamp() + 1
"""Unix time of the first frame."""


def written(path: Path, seconds: int, *, count: int = 3, bad_at: int | None = None) -> Path:
    """Write an archive of so many seconds of a crowd; at one of them somebody gets lost."""
    crowd, archive = Crowd(count, rooms=2), ArchiveWriter(path, "exam-host-1")
    for second in range(seconds):
        archive.frame(FIRST + second, crowd.frame())
        if second == 1:
            ok = LevelChanged(room="exam-101", peer="s20230000", role="candidate", before="none", level="ok",
                              reasons=(), health=97)  # fmt: skip
            archive.event(Record(number=1, at=FIRST + second, event=ok))
        if second == bad_at:
            lost = PeerStateChanged(room="exam-101", peer="s20230000", before="live", state="lost")
            archive.event(Record(number=2, at=FIRST + second, event=lost))
    archive.close()
    return path
