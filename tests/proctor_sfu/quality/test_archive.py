"""The history: what is written is read again, files that are none are told, and nothing grows without bounds."""

from __future__ import annotations

import os
import sqlite3
import threading
import zlib
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from proctor_sfu.control.api import rows
from proctor_sfu.control.api.quality import Frame, Layer
from proctor_sfu.errors import ArchiveError
from proctor_sfu.events import Bus, LevelChanged, Record
from proctor_sfu.quality import history as module
from proctor_sfu.quality.archive import Archive
from proctor_sfu.quality.columns import ColumnReader, ColumnWriter
from proctor_sfu.quality.history import ArchiveWriter, History
from proctor_sfu.settings import History as Settings
from support.frames import candidate, frame, source

BEGIN = 1_800_000_000.0


def varied(number: int, candidates: int = 30) -> Frame:
    """A frame in which some things change from second to second and some do not."""
    layers = (Layer(rid="l", bitrate=1.5 * number, loss=None, score=9), Layer(rid="h", bitrate=2.0, loss=0.1, score=8))
    people = tuple(
        candidate(
            each, bitrate=None if (each + number) % 7 == 0 else 1000.0 * number + each,
            sources=(source(bitrate=number * 10.0 + each, layers=layers[: each % 2 * 2]), source("screen"))[: each % 3],
        )
        for each in range(candidates)
    )  # fmt: skip
    return frame(number, candidates=people, incidents=() if number % 2 else frame().incidents)


def round_trip(frames: list[Frame]) -> list[Frame]:
    kept: list[bytes] = []

    def keep(data: bytes) -> int:
        kept.append(data)
        return len(kept)

    writer = ColumnWriter(keep)
    data = [writer.write(each) for each in frames]
    reader = ColumnReader(rows.header(Frame), lambda number: kept[number - 1])
    return [reader.read(each) for each in data]


def test_columns_are_frames_again() -> None:
    frames = [varied(number, candidates=number % 5 * 10) for number in range(12)]
    assert round_trip(frames) == frames
    empty = frame(workers=(), rooms=(), candidates=(), proctors=(), incidents=())
    assert round_trip([empty, frame(), empty]) == [empty, frame(), empty]


def test_flags_and_numbers_are_not_mixed_up() -> None:
    first = frame(candidates=(candidate(1, health=1), candidate(2, health=1)))
    people = (candidate(1, sources=(source(paused=True, score=1), source("screen", paused=False, score=0))),)
    assert round_trip([first, frame(candidates=people)])[1].candidates == people


def test_a_frame_that_is_sent_is_kept_as_it_was() -> None:
    shown = varied(1)
    before = msgspec.json.encode(shown)
    ColumnWriter(lambda data: 1).write(shown)
    assert msgspec.json.encode(shown) == before and shown == varied(1)


def test_what_does_not_change_costs_next_to_nothing() -> None:
    kept: list[bytes] = []
    writer = ColumnWriter(lambda data: kept.append(data) or len(kept))  # type: ignore[func-returns-value]
    sizes = [len(writer.write(varied(5, candidates=200))) for _ in range(4)]
    assert sizes[3] < 600
    assert sum(map(len, kept)) < sizes[0] + 1000


@pytest.mark.parametrize(
    "data",
    [
        b"", b"x", zlib.compress(b""), zlib.compress(b"{}"), zlib.compress(b"[]"), zlib.compress(b"[1,2,3,4,5,6,7,8]"),
        zlib.compress(b"[" * 100_000), zlib.compress(b"[1,\"x\",[],[9],[0],[0],[0],[0]]"),
        zlib.compress(b"[1,\"x\",[],[0],[0],[999999999],[0],[0]]"), zlib.compress(b"[1]")[:-3],
    ],
)  # fmt: skip
def test_foreign_bytes_are_no_frame(data: bytes) -> None:
    with pytest.raises(ValueError):
        ColumnReader(rows.header(Frame), lambda number: b"").read(data)


def test_a_bomb_is_not_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proctor_sfu.quality.columns.LARGEST", 1000)
    with pytest.raises(ValueError, match="too big"):
        ColumnReader(rows.header(Frame), lambda number: b"").read(zlib.compress(b" " * 100_000))


def written(path: Path, count: int = 20, candidates: int = 3) -> list[Frame]:
    frames = [varied(number, candidates) for number in range(count)]
    writer = ArchiveWriter(path, "exam-server")
    for number, each in enumerate(frames):
        writer.frame(BEGIN + number, each)
        writer.event(happened(number))
        writer.commit()
    writer.close()
    return frames


def happened(number: int) -> Record:
    event = LevelChanged(
        room=f"exam-{number % 2}",
        peer="cand-1",
        role="candidate",
        before="ok",
        level="bad",
        reasons=("loss",),
        health=9,
    )
    return Record(number=number, at=BEGIN + number, event=event)


def test_an_archive_tells_what_was_written(tmp_path: Path) -> None:
    frames = written(tmp_path / "a.psfurec")
    with Archive(tmp_path / "a.psfurec") as archive:
        assert (archive.node, archive.count, archive.begin, archive.end) == ("exam-server", 20, BEGIN, BEGIN + 19)
        assert [each.frame for each in archive.frames()] == frames
        assert [each.at - BEGIN for each in archive.frames(BEGIN + 3, BEGIN + 9, step=3)] == [3, 6, 9]
        found = archive.frame_at(BEGIN + 7.5)
        assert found is not None and found.frame == frames[7]
        early, late = archive.frame_at(0), archive.frame_at(BEGIN + 1e6)
        assert early is not None and late is not None
        assert (early.frame, late.frame) == (frames[0], frames[-1])
        events = archive.events(BEGIN + 2, BEGIN + 6, room="exam-1")
        assert [each.at - BEGIN for each in events] == [3, 5]
        assert events[0].kind == "level_changed" and events[0].peer == "cand-1"
        assert events[0].details["reasons"] == ["loss"]


def test_an_empty_archive_is_no_error(tmp_path: Path) -> None:
    ArchiveWriter(tmp_path / "a.psfurec", "node").close()
    with Archive(tmp_path / "a.psfurec") as archive:
        assert (archive.count, archive.begin, archive.frame_at(0), list(archive.frames()), archive.events()) == (
            0, None, None, [], [],
        )  # fmt: skip


def test_a_later_daemon_goes_on_with_the_file(tmp_path: Path) -> None:
    first = written(tmp_path / "a.psfurec")
    second = written(tmp_path / "a.psfurec")
    with Archive(tmp_path / "a.psfurec") as archive:
        assert [each.frame for each in archive.frames()] == [*first, *second]


def test_frames_of_another_version_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    frames = written(tmp_path / "a.psfurec")
    with closing(sqlite3.connect(tmp_path / "a.psfurec")) as db, db:
        # As if members were in another order then, and one more.
        db.execute("INSERT INTO headers VALUES (7, ?)", ('{"Frame": []}',))
    written(tmp_path / "a.psfurec")
    with Archive(tmp_path / "a.psfurec") as archive:
        assert [each.frame for each in archive.frames()] == frames * 2


def test_a_file_that_is_read_while_it_is_written(tmp_path: Path) -> None:
    writer = ArchiveWriter(tmp_path / "a.psfurec", "node")
    writer.frame(BEGIN, frame(1))
    writer.commit()
    with Archive(tmp_path / "a.psfurec") as archive:
        writer.frame(BEGIN + 1, frame(2))
        writer.commit()
        assert [each.frame.seq for each in archive.frames()] == [1, 2]
    writer.close()


# Files that are none.


def refused(path: Path) -> str:
    """The one line about a file that cannot be read to its end."""
    with pytest.raises(ArchiveError) as caught, Archive(path) as archive:
        for _ in archive.frames():
            pass
    text = str(caught.value)
    assert "\n" not in text and str(path) in text
    return text


def test_a_file_on_a_disc_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.psfurec"
    written(path, 5)
    monkeypatch.setattr(os, "access", lambda place, mode: False)
    with Archive(path) as archive:
        assert archive.count == 5
        assert [each.name for each in tmp_path.iterdir()] == ["a.psfurec"], "files are put beside it"


def test_files_that_are_none(tmp_path: Path) -> None:
    assert "no such file" in refused(tmp_path / "missing.psfurec")
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe", Path("/dev/null")):
        assert f"{path}: is no regular file" in refused(path)
    (tmp_path / "text.psfurec").write_text("hello, I am a text\n" * 100)
    assert "not a database" in refused(tmp_path / "text.psfurec")
    (tmp_path / "empty.psfurec").touch()
    assert "no such table" in refused(tmp_path / "empty.psfurec")
    with closing(sqlite3.connect(tmp_path / "foreign.psfurec")) as db, db:
        db.execute("CREATE TABLE frames (a, b)")
    assert "no such table" in refused(tmp_path / "foreign.psfurec")


def test_a_file_of_a_later_version_is_told(tmp_path: Path) -> None:
    written(tmp_path / "a.psfurec")
    with closing(sqlite3.connect(tmp_path / "a.psfurec")) as db, db:
        db.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    assert "later psfu" in refused(tmp_path / "a.psfurec")


@pytest.mark.parametrize("part", [0.05, 0.3, 0.6, 0.95])
def test_a_truncated_file_is_told(tmp_path: Path, part: float) -> None:
    path = tmp_path / "a.psfurec"
    written(path, count=300, candidates=40)
    data = path.read_bytes()
    path.write_bytes(data[: int(part * len(data))])
    assert "damaged" in refused(path)


def test_damage_inside_of_a_frame_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.psfurec"
    written(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE frames SET data = x'0102030405' WHERE number = 5")
    assert "not to be unpacked" in refused(path)
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE frames SET header = 99 WHERE number = 5")
    assert "header 99 is missing" in refused(path)


DEEP = "[" * 100_000
DAMAGES = {
    "no UTF-8 in a frame": ("UPDATE frames SET data = ?", zlib.compress(b'[1,"\xff\xfe"]')),
    "no UTF-8 in a column": ("UPDATE kept SET data = ?", zlib.compress(b'["\xff\xfe"]')),
    "no UTF-8 in an event": ("UPDATE events SET data = CAST(? AS TEXT)", b'{"before":"\xff"}'),
    "no UTF-8 in a header": ("UPDATE headers SET columns = CAST(? AS TEXT)", b'{"Frame":["\xff"]}'),
    "a header that is a list": ("UPDATE headers SET columns = ?", "[]"),
    "a header that is bottomless": ("UPDATE headers SET columns = ?", DEEP),
    "an event that is a list": ("UPDATE events SET data = ?", "[]"),
    "an event that is bottomless": ("UPDATE events SET data = ?", DEEP),
    "frames at no time": ("UPDATE frames SET at = ?", "noon"),
    "frames in no year": ("UPDATE frames SET at = ?", 1e18),
    "events in no year": ("UPDATE events SET at = ?", 1e18),
}
"""What may be wrong with a file that SQLite takes for whole."""


@pytest.mark.parametrize(("change", "value"), DAMAGES.values(), ids=DAMAGES)
def test_damage_that_only_shows_when_it_is_read_is_told_in_one_line(tmp_path: Path, change: str, value: object) -> None:
    path = tmp_path / "a.psfurec"
    written(path, candidates=30)
    with closing(sqlite3.connect(path)) as db, db:
        assert db.execute(change, (value,)).rowcount > 0
    with pytest.raises(ArchiveError) as error, Archive(path) as archive:
        list(archive.frames())
        archive.events()
    assert "damaged" in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 400


# Bounds.


def numbers(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as db, db:
        return [number for (number,) in db.execute("SELECT number FROM frames ORDER BY number")]


def test_what_is_too_old_is_deleted(tmp_path: Path) -> None:
    written(tmp_path / "a.psfurec")
    writer = ArchiveWriter(tmp_path / "a.psfurec", "node")
    writer.tidy(before=BEGIN + 10, most_bytes=1 << 30)
    writer.close()
    assert numbers(tmp_path / "a.psfurec") == list(range(11, 21))
    with Archive(tmp_path / "a.psfurec") as archive:
        assert len(archive.events()) == 10
        assert len(list(archive.frames())) == 10


def test_what_is_too_much_is_deleted_oldest_first_and_the_file_shrinks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FRESH", 20)
    path = tmp_path / "a.psfurec"
    written(path, count=300, candidates=40)
    before = path.stat().st_size
    writer = ArchiveWriter(path, "node")
    for _ in range(40):
        writer.tidy(before=0, most_bytes=before // 2)
    writer.close()
    assert path.stat().st_size < 0.6 * before
    left = numbers(path)
    assert left == list(range(left[0], 301)) and 0 < len(left) < 200
    with Archive(path) as archive:
        assert len(list(archive.frames())) == len(left)


# The recorder.


class Clock:
    def __init__(self) -> None:
        self.wall = BEGIN
        self.steady = 0.0


def recorder(path: Path, clock: Clock) -> History:
    made = History(path, Settings(hours=1), clock=lambda: clock.wall, steady=lambda: clock.steady)
    made.start(lambda take: None, Bus())
    return made


def test_the_recorder_writes_frames_and_events(tmp_path: Path) -> None:
    history = recorder(tmp_path / "a.psfurec", Clock())
    history.frame(frame(1))
    history.event(happened(1))
    history.frame(frame(2))
    history.close()
    with Archive(tmp_path / "a.psfurec") as archive:
        assert [each.frame.seq for each in archive.frames()] == [1, 2]
        assert len(archive.events()) == 1
    assert (tmp_path / "a.psfurec").stat().st_mode & 0o777 == 0o640


def test_a_clock_that_is_put_forward_deletes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    history = recorder(tmp_path / "a.psfurec", clock)
    for number in range(module.TIDY + 2):
        history.frame(frame(number))
        clock.wall, clock.steady = clock.wall + 1, clock.steady + 1
        if number == module.TIDY // 2:
            clock.wall += 365 * 86_400
        wait(lambda: history.waiting < 20)  # Not faster than the disk, or frames are left out.
    history.close()
    assert len(numbers(tmp_path / "a.psfurec")) == module.TIDY + 2


def test_a_file_that_is_damaged_is_put_aside(tmp_path: Path) -> None:
    path = tmp_path / "a.psfurec"
    path.write_text("not a database at all" * 100)
    history = recorder(path, Clock())
    history.frame(frame(1))
    history.close()
    aside = [each.name for each in tmp_path.iterdir() if each != path]
    assert len(aside) == 1 and aside[0].startswith("a.psfurec.")
    assert numbers(path) == [1]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match=r"history\.enabled"):
        History(tmp_path / "file" / "a.psfurec", Settings())


def test_a_slow_disk_costs_seconds_of_history_and_nobody_waits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on, reached = threading.Event(), threading.Event()
    original = ArchiveWriter.frame

    def slow(self: ArchiveWriter, at: float, shown: Frame) -> None:
        reached.set()
        assert go_on.wait(20)
        original(self, at, shown)

    monkeypatch.setattr(ArchiveWriter, "frame", slow)
    history = recorder(tmp_path / "a.psfurec", Clock())
    history.frame(frame(0))
    assert reached.wait(20)
    for number in range(1, 100):
        history.frame(frame(number))
    assert history.left_out > 50
    go_on.set()
    history.close()
    kept = numbers(tmp_path / "a.psfurec")
    assert len(kept) + history.left_out == 100


def test_a_full_disk_is_told_once_and_writing_goes_on_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    full = threading.Event()
    full.set()
    original = ArchiveWriter.commit

    def commit(self: ArchiveWriter) -> None:
        if full.is_set():
            raise sqlite3.OperationalError("database or disk is full")
        original(self)

    monkeypatch.setattr(ArchiveWriter, "commit", commit)
    history = recorder(tmp_path / "a.psfurec", Clock())
    with capture_logs() as logs:
        for number in range(5):
            history.frame(frame(number))
        wait(lambda: history._frames == 5)
        full.clear()
        history.frame(frame(5))
        history.close()
    assert [each["event"] for each in logs] == ["history_failed", "history_resumed"]
    assert numbers(tmp_path / "a.psfurec") == [1]
    assert history.left_out == 5
    with Archive(tmp_path / "a.psfurec") as archive:
        assert [each.frame.seq for each in archive.frames()] == [5]


def wait(true: Any) -> None:
    """Wait until something is true, in another thread's time."""
    tick = threading.Event()
    for _ in range(2000):
        if true():
            return
        tick.wait(0.01)
    raise AssertionError("never")


def test_replaced_members_do_not_confuse() -> None:
    shown = varied(3)
    again = replace(shown, candidates=shown.candidates[:5])
    assert round_trip([shown, again, shown]) == [shown, again, shown]
