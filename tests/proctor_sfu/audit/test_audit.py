"""The audit: lines, rotation, torn lines, numbers over restarts, reading while it is written, and a full disk."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from proctor_sfu.audit import writer
from proctor_sfu.audit.audit import Audit
from proctor_sfu.audit.entry import By, Wanted
from proctor_sfu.audit.files import NAME, Files, read
from proctor_sfu.audit.findings import MOST, Findings
from proctor_sfu.errors import StateError
from proctor_sfu.events import AuditChanged, AuditResumed, AuditStuck, Bus, Event, Record
from support.disks import ThinDisk, fill_up

TOM = By(peer="tom", role="proctor", address="192.0.2.1")


@asynccontextmanager
async def running(folder: Path, **changed: Any) -> AsyncIterator[tuple[Audit, Bus]]:
    bus = Bus()
    audit = Audit(
        folder, bus, **{"max_bytes": 65_536, "keep": 3, "sync_seconds": 0.05, "clock": lambda: 1.5, **changed}
    )
    audit.start()
    try:
        yield audit, bus
    finally:
        audit.close()


def lines(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / NAME).read_text().splitlines()]


async def on_disk(folder: Path, count: int) -> None:
    """Wait until the newest file has so many lines; a file cannot be waited for, so look again and again."""
    async with asyncio.timeout(10):
        while len(lines(folder)) < count:
            await asyncio.sleep(0.01)


async def heard(bus: Bus, kind: type[Event]) -> Event:
    """Wait for an event of the bus."""
    async with asyncio.timeout(10):
        async for record in bus.follow(0):
            if isinstance(record, Record) and isinstance(record.event, kind):
                return record.event
    raise AssertionError


async def test_a_record_is_a_line_and_the_file_is_private(tmp_path: Path) -> None:
    async with running(tmp_path) as (audit, _):
        audit.record("consume", by=TOM, room="exam", target="ana", source="camera")
        audit.record("room_created", by=By(uid=0, pid=7), room="exam")
        audit.record("worker_died", pid=99)
        audit.record("kick", by=TOM, room="exam", target="ana", outcome="refused", reason="a proctor may not kick")
    assert lines(tmp_path) == [
        {"number": 1, "at": "1970-01-01T00:00:01.500Z", "action": "consume", "outcome": "done", "room": "exam",
         "by": {"kind": "peer", "peer": "tom", "role": "proctor", "address": "192.0.2.1"}, "target": "ana",
         "source": "camera"},
        {"number": 2, "at": "1970-01-01T00:00:01.500Z", "action": "room_created", "outcome": "done", "room": "exam",
         "by": {"kind": "process", "uid": 0, "pid": 7}},
        {"number": 3, "at": "1970-01-01T00:00:01.500Z", "action": "worker_died", "outcome": "done",
         "by": {"kind": "daemon"}, "pid": 99},
        {"number": 4, "at": "1970-01-01T00:00:01.500Z", "action": "kick", "outcome": "refused", "room": "exam",
         "by": {"kind": "peer", "peer": "tom", "role": "proctor", "address": "192.0.2.1"}, "target": "ana",
         "reason": "a proctor may not kick"},
    ]  # fmt: skip
    assert (tmp_path / NAME).stat().st_mode & 0o777 == 0o600


async def test_files_rotate_by_size_the_count_is_kept_and_numbers_go_on(tmp_path: Path) -> None:
    text = "x" * 900
    for _ in range(2):
        async with running(tmp_path) as (audit, _):
            for _ in range(200):
                audit.record("message", by=TOM, room="exam", text=text)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [NAME, f"{NAME}.1", f"{NAME}.2", f"{NAME}.3"]
    assert all(path.stat().st_size <= 65_536 for path in tmp_path.iterdir())
    numbers = [record["number"] for record in read(tmp_path, Wanted())]
    assert numbers == list(range(numbers[0], 401)), "in order, without a gap, the oldest deleted"
    assert numbers[0] > 1


async def test_half_a_line_of_a_power_cut_costs_that_record_only(tmp_path: Path) -> None:
    async with running(tmp_path) as (audit, _):
        audit.record("enter", room="exam")
    with (tmp_path / NAME).open("ab") as file:
        file.write(b'{"number":2,"at":"1970-01-01T00:00')
    async with running(tmp_path) as (audit, _):
        audit.record("leave", room="exam")
    assert [(record["number"], record["action"]) for record in read(tmp_path, Wanted())] == [(1, "enter"), (2, "leave")]


async def test_reading_filters_and_follows(tmp_path: Path) -> None:
    now = [100.0]
    async with running(tmp_path, clock=lambda: now[0]) as (audit, _):
        audit.record("enter", by=TOM, room="exam")
        now[0] = 200.0
        audit.record("consume", by=TOM, room="exam", target="ana")
        audit.record("consume", by=TOM, room="other", target="bob")
        audit.record("consume", by=By(peer="quin", role="proctor"), room="exam", target="bob")

        async def numbers(wanted: Wanted) -> list[int]:
            return [record["number"] async for record in audit.read(wanted)]

        # At once: some may be on disk, others still on the way to it; none is missed and none comes twice.
        assert await numbers(Wanted()) == [1, 2, 3, 4]
        assert await numbers(Wanted(room="exam")) == [1, 2, 4]
        assert await numbers(Wanted(peer="bob")) == [3, 4]
        assert await numbers(Wanted(peer="tom", room="exam")) == [1, 2]
        assert await numbers(Wanted(since=150.0)) == [2, 3, 4]

        assert [record["number"] async for record in audit.read(Wanted(), last=2)] == [1, 2]

        following = audit.follow(1, Wanted(room="exam"))
        assert [(await anext(following))["number"] for _ in range(2)] == [2, 4]
        audit.record("leave", by=TOM, room="other")
        audit.record("leave", by=TOM, room="exam")
        assert (await anext(following))["number"] == 6
        await following.aclose()


# Somebody else has a hand in the file.


def cut(path: Path) -> None:
    path.write_bytes(b"")


def cut_in_a_line(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 10)


def move(path: Path) -> None:
    path.rename(path.with_name(f"{NAME}.1"))


def move_and_make(path: Path) -> None:
    move(path)
    path.touch(0o600)


def delete(path: Path) -> None:
    path.unlink()


def write(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"somebody was here and wrote much more than a record of the audit is long\n" * 10)


@pytest.mark.parametrize(
    ("change", "how", "kept"),
    [(cut, "truncated", []), (cut_in_a_line, "truncated", [1, 2]), (move, "moved", [1, 2, 3]),
     (move_and_make, "moved", [1, 2, 3]), (delete, "moved", []), (write, "written", [1, 2, 3])],
)  # fmt: skip
async def test_what_comes_after_somebody_changed_the_file_is_whole_and_it_is_told(
    tmp_path: Path, change: Callable[[Path], None], how: str, kept: list[int], capfd: pytest.CaptureFixture[str]
) -> None:
    async with running(tmp_path) as (audit, bus):
        for _ in range(3):
            audit.record("enter", by=TOM, room="exam")
        await on_disk(tmp_path, 3)
        change(tmp_path / NAME)
        audit.record("leave", by=TOM, room="exam")
        assert await heard(bus, AuditChanged) == AuditChanged(how=how)
        audit.record("enter", by=TOM, room="exam")
    assert b"\0" not in (tmp_path / NAME).read_bytes()
    records = [(record["number"], record["action"]) for record in read(tmp_path, Wanted())]
    assert records == [*((number, "enter") for number in kept), (4, "leave"), (5, "audit_changed"), (6, "enter")]
    assert f"how={how}" in capfd.readouterr().out


def refused(target: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a sync fail, as of a disk that does not take what it was given."""

    def refuse(file: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fdatasync", refuse)
        with pytest.raises(OSError, match="Input/output"):
            target.sync()


def test_a_disk_that_refused_before_the_file_was_cut_keeps_all_it_was_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: list[str] = []
    target = Files(tmp_path, max_bytes=1000, keep=1, changed=changes.append)
    target.open()
    target.append(b'{"number":1}\n')
    target.sync()
    target.append(b'{"number":2}\n')
    refused(target, monkeypatch)
    cut(tmp_path / NAME)
    target.sync()
    assert (tmp_path / NAME).read_bytes() == b'{"number":2}\n', "as if it came now"
    target.append(b'{"number":3}\n')
    target.close()
    assert (tmp_path / NAME).read_bytes() == b'{"number":2}\n{"number":3}\n'
    assert changes == ["truncated"]


def test_what_a_disk_refused_is_not_taken_for_kept_while_the_file_cannot_be_opened_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = Files(tmp_path, max_bytes=1000, keep=1)
    target.open()
    target.append(b'{"number":1}\n')
    refused(target, monkeypatch)
    (tmp_path / NAME).rename(tmp_path / "elsewhere")
    (tmp_path / NAME).mkdir()
    for _ in range(2):
        with pytest.raises(IsADirectoryError):
            target.sync()
        assert target.unconfirmed == 1
    (tmp_path / NAME).rmdir()
    target.sync()
    assert ((tmp_path / NAME).read_bytes(), target.unconfirmed) == (b'{"number":1}\n', 0)
    target.close()


def test_what_is_missing_and_what_is_no_record_is_found(tmp_path: Path) -> None:
    numbers = [4, 5, 9, 10, 12]
    whole = [b'{"number":%d}\n' % number for number in numbers]
    (tmp_path / f"{NAME}.1").write_bytes(b"".join(whole[:2]) + b'{"numb\n')
    # A hole as a file has that was cut short while it was written by an earlier version.
    (tmp_path / NAME).write_bytes(b"\0" * 5000 + b"".join(whole[2:]) + b'{"number":1')
    findings = Findings()
    assert [record["number"] for record in read(tmp_path, Wanted(), findings)] == numbers
    assert findings.missing == [(6, 8), (11, 11)]
    assert findings.unreadable == 2, "what is being written is none"
    assert Files(tmp_path, max_bytes=1000, keep=1).open() == 12


def test_what_is_told_of_missing_records_has_an_end() -> None:
    findings = Findings()
    for number in range(0, 10 * MOST, 2):
        findings.take(b'{"number":%d}\n' % number)
    assert len(findings.missing) == MOST


class FullDisk:
    """Makes the writer's disk refuse until it is mended."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.full = True
        write = os.pwrite

        def refusing(file: int, data: Any, at: int) -> int:
            if self.full and threading.current_thread().name == "audit":
                # Half of it still fits, as on a real disk.
                if len(data) > 20:
                    return write(file, data[:20], at)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return write(file, data, at)

        patch.setattr(os, "pwrite", refusing)


async def test_a_full_disk_stops_nothing_and_loses_nothing_that_fits_into_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY", 0.02)
    monkeypatch.setattr(writer, "WAITING", 5)
    disk = FullDisk(monkeypatch)
    async with running(tmp_path) as (audit, bus):
        for _ in range(8):
            audit.record("consume", by=TOM, room="exam", target="ana")
        stuck = await heard(bus, AuditStuck)
        assert stuck == AuditStuck(reason="No space left on device")
        # What is remembered can be read while the disk refuses.
        assert len([record async for record in audit.read(Wanted())]) == 8
        disk.full = False
        assert await heard(bus, AuditResumed) == AuditResumed(lost=3)
    records = list(read(tmp_path, Wanted()))
    assert [record["number"] for record in records] == [1, 2, 3, 4, 5, 9], "whole lines, and the gap shows"
    assert (records[-1]["action"], records[-1]["records"]) == ("audit_gap", 3)


async def test_a_disk_that_stays_full_does_not_hang_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    FullDisk(monkeypatch)
    async with running(tmp_path) as (audit, bus):
        audit.record("enter", room="exam")
        await heard(bus, AuditStuck)
    assert list(read(tmp_path, Wanted())) == []


async def test_a_folder_that_cannot_be_used_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "audit").write_text("")
    with pytest.raises(StateError, match=r"audit/audit\.jsonl: file exists"):
        Audit(tmp_path / "audit", Bus(), max_bytes=65_536, keep=1, sync_seconds=1).start()


def test_a_failed_write_leaves_no_half_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = Files(tmp_path, max_bytes=1000, keep=1)
    assert target.open() == 0
    target.append(b'{"number":1}\n')
    write, room = os.pwrite, [10]

    def partly(file: int, data: Any, at: int) -> int:
        if not room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(file, data[: room.pop()], at)

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", partly)
        with pytest.raises(OSError, match="No space"):
            target.append(b'{"number":2,"action":"enter"}\n')
    target.append(b'{"number":3}\n')
    target.close()
    assert (tmp_path / NAME).read_bytes() == b'{"number":1}\n{"number":3}\n'


async def test_what_a_disk_refused_to_keep_is_written_again_before_a_sync_is_believed(
    thin_disk: ThinDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY", 0.05)
    folder = thin_disk.folder / "audit"
    async with running(folder, max_bytes=1 << 20) as (audit, bus):
        audit.record("enter", room="exam")
        await on_disk(folder, 1)
        os.sync()
        ballast = fill_up(thin_disk.backing)
        audit.record("message", room="exam", text="x" * 9000)
        await heard(bus, AuditStuck)
        for _ in range(20):
            audit.record("message", room="exam", text="y" * 9000)
        assert [record["number"] async for record in audit.read(Wanted())] == list(range(1, 23))
        ballast.unlink()
        assert await heard(bus, AuditResumed) == AuditResumed(lost=0)
    thin_disk.forget()
    records = [json.loads(line) for line in (folder / NAME).read_bytes().splitlines()]
    assert [record["number"] for record in records] == list(range(1, 23)), "each once, in order"
    assert {record.get("text", "")[:1] for record in records} == {"", "x", "y"}


async def test_what_waits_for_a_disk_that_keeps_nothing_has_an_end(
    thin_disk: ThinDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY", 0.05)
    monkeypatch.setattr(writer, "WAITING", 5)
    syncs, sync = [0], os.fdatasync

    def counted(file: int) -> None:
        syncs[0] += 1
        sync(file)

    monkeypatch.setattr(os, "fdatasync", counted)
    folder = thin_disk.folder / "audit"
    async with running(folder, max_bytes=1 << 20) as (audit, bus):
        audit.record("enter", room="exam")
        await on_disk(folder, 1)
        os.sync()
        ballast = fill_up(thin_disk.backing)
        audit.record("message", room="exam", text="x" * 9000)
        await heard(bus, AuditStuck)
        for _ in range(8):
            audit.record("enter", room="exam")
            seen = syncs[0]
            async with asyncio.timeout(10):
                while syncs[0] < seen + 2:  # It tried again meanwhile.
                    await asyncio.sleep(0.01)
        ballast.unlink()
        assert await heard(bus, AuditResumed) == AuditResumed(lost=3)
    thin_disk.forget()
    assert [record["number"] for record in read(folder, Wanted())] == [1, 2, 3, 4, 5, 6, 7, 11]


def test_one_who_ends_says_what_the_disk_did_not_keep(thin_disk: ThinDisk) -> None:
    folder = thin_disk.folder / "audit"
    target = Files(folder, max_bytes=1 << 20, keep=1)
    target.open()
    ending = writer.Writer(target, sync_seconds=60, stuck=lambda reason: None, resumed=lambda lost: None)
    ending.start()
    os.sync()
    fill_up(thin_disk.backing)
    for number in range(3):
        ending.put(b'{"number":%d,"text":"%s"}\n' % (number, b"x" * 9000))
    assert ending.close() == 3
