"""The history of an exam in which something goes wrong, second by second."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.quality import Candidate, Frame
from proctor_sfu.events import LevelChanged, PeerStateChanged, Record
from proctor_sfu.quality.history import ArchiveWriter
from support.frames import candidate, frame, incident, room, source

BEGIN: Final = 1_800_000_000.0
HOSTILE: Final = '<script>alert(1)</script>"\x1b[2J\u202e&'


def ana(second: int) -> Candidate:
    """Well, then 10 s without camera, then 8 s without a connection, then well again."""
    values: dict[str, Any] = {"name": HOSTILE, "health": 98, "loss": 0.5}
    camera = source(bitrate=400_000.0 + 1000 * (second % 7))
    if 20 <= second < 30:
        silent = second - 20 + 1.0
        camera = source(bitrate=0.0, silent_s=silent, level="warn", reasons=("no_media",))
        values |= {"state": "degraded", "level": "warn", "health": 40}
    if 40 <= second < 48:
        values |= {"state": "reconnecting", "level": "bad", "health": 0, "loss": None, "rtt_ms": None, "sources": ()}
        return candidate(1, id="ana", **values)
    return candidate(1, id="ana", sources=(camera, source("microphone", kind="audio")), **values)


def seconds(length: int = 60, *, missing: range = range(0)) -> Iterator[tuple[float, Frame]]:
    """Frames of exam-1 with ana and bob, and of another room."""
    for second in range(length):
        if second in missing:
            continue
        people = (ana(second), candidate(2, id="bob", name="Bob"), candidate(3, id="cid", room="exam-2"))
        incidents = (incident(candidates=("exam-1/ana",), at=timestamp(BEGIN + 20)),) if 20 <= second < 40 else ()
        yield BEGIN + second, frame(
            second + 1, at=timestamp(BEGIN + second), candidates=people, incidents=incidents,
            rooms=(room("exam-1"), room("exam-2")),
        )  # fmt: skip


def written(path: Path, length: int = 60, *, missing: range = range(0)) -> Path:
    """An archive of it."""
    writer = ArchiveWriter(path, "exam-server")
    for at, shown in seconds(length, missing=missing):
        writer.frame(at, shown)
    changed = LevelChanged(
        room="exam-1", peer="ana", role="candidate", before="ok", level="warn", reasons=("no_media",), health=40
    )
    away = PeerStateChanged(room="exam-1", peer="ana", before="live", state="reconnecting", reasons=("transport",))
    for number, (second, event) in enumerate(((21, changed), (40, away)), 1):
        writer.event(Record(number=number, at=BEGIN + second, event=event))
    writer.close()
    return path
