"""Disks that are full, slow or read-only: what was written stays, what fits into memory waits, the rest is a gap."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, Final, cast

import pytest

from proctor_sfu.events import Bus
from proctor_sfu.recording.folder import PUBLIC_KEY
from proctor_sfu.recording.ledger_file import LedgerFile
from proctor_sfu.recording.protocol import Begin, Begun, Disk, Failed, Note
from proctor_sfu.recording.recordings import Recordings
from proctor_sfu.recording.repair import repair
from proctor_sfu.recording.verify import Verifier, known_key
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.settings import Recording as Settings
from support.deck import LIMIT, Deck, Source, packets, rows, wait_for_packets, wait_for_row
from support.disks import SlowDisk, ThinDisk, fill, fill_up

ANN: Final = "exam-101/ann/20260101T090000Z"
MIB: Final = 1 << 20
MEMORY: Final = 6 * MIB
CHUNK: Final = 60
"""Packets sent before it is looked how far the recorder is."""


@pytest.fixture(params=["ext4", "tmpfs"])
def small_disk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A disk of 64 MiB: a file with a file system on a loop device, and memory."""
    if os.getuid() != 0:
        pytest.skip("only root can mount a disk of 64 MiB")
    folder, image = tmp_path / "disk", tmp_path / "disk.ext4"
    folder.mkdir()
    if request.param == "ext4":
        with image.open("wb") as file:
            file.truncate(64 * MIB)
        subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", image], check=True)
        mounted = subprocess.run(["mount", "-o", "loop", image, folder], capture_output=True, text=True)
        if mounted.returncode != 0:
            pytest.skip(f"no loop device can be mounted here: {mounted.stderr.strip()}")
    else:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "psfu-test", folder], check=True)
    yield folder
    subprocess.run(["umount", folder], check=True)


def begin(deck: Deck) -> tuple[Path, Source]:
    folder = deck.begin(ANN)
    deck.inlet(ANN)
    return folder, deck.track(ANN, size=1400)


def send_until(deck: Deck, camera: Source, condition: Callable[[Disk], bool]) -> Disk:
    """Send, no faster than the recorder takes it, until its report of the disk fulfils a condition."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        camera.send(CHUNK)
        deck.forget()
        # A second passes between two reports, in which more is sent; what comes too fast would be dropped.
        found = deck.wait(Disk)
        assert found.dropped == 0
        if condition(found):
            return found
        for _ in range(40):
            camera.send(CHUNK)
            time.sleep(0.005)
    raise AssertionError(f"{found}")


def wait_for_disk(deck: Deck, condition: Callable[[Disk], bool]) -> Disk:
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        deck.forget()
        if condition(found := deck.wait(Disk)):
            return found
    raise AssertionError(f"{found}")


def verified(folder: Path) -> bool:
    report = Verifier(folder, known_key(folder)).verify()
    assert report.findings == []
    return report.state == "ok"


def named(folder: Path, cause: str) -> list[Mapping[str, Any]]:
    """Return the gaps that a ledger names with a cause."""
    return [row.fields for row in rows(folder, "gap") if row.fields["cause"] == cause]


def numbers(found: list[bytes]) -> list[int]:
    return [int.from_bytes(packet[14:22], "big") for packet in found]


def test_a_disk_that_fills_loses_nothing_that_was_written_and_goes_on(small_disk: Path) -> None:
    ballast = fill(small_disk, 14 * MIB)
    with Deck(small_disk / "recordings", memory_bytes=MEMORY) as deck:
        folder, camera = begin(deck)
        camera.send(key=True)
        full = send_until(deck, camera, lambda disk: disk.trouble == "disk-full")
        assert full.reason == "No space left on device"
        written = numbers(packets(folder, "camera"))
        assert written == list(range(len(written)))
        # Ledgers have room when journals have none.
        deck.tell(Note(recording=ANN, event="note", fields={"text": "it is full"}))
        wait_for_row(folder, "note")
        over = send_until(deck, camera, lambda disk: disk.overflowed > 1000)
        assert over.waiting <= MEMORY
        assert numbers(packets(folder, "camera"))[: len(written)] == written

        ballast.unlink()
        wait_for_disk(deck, lambda disk: disk.trouble == "" and disk.waiting == 0)
        camera.send(200, key=True)
        wait_for_row(folder, "gap")
        deck.finish(ANN)
        last = deck.wait(Disk)
    found = numbers(packets(folder, "camera"))
    # While the disk is waited for nothing is sent, which may be long enough to be a gap of its own without a packet.
    gaps = [row.fields for row in rows(folder, "gap") if row.fields["cause"] != "no-packets"]
    assert {(gap["cause"], gap["track"]) for gap in gaps} == {("disk-full", "camera")}
    assert sum(gap["packets"] for gap in gaps) == len(camera.sent) - len(found)
    assert last.overflowed == len(camera.sent) - len(found)
    # A piece is missing for each gap, and all else is there and in order. There is one, unless memory or disk had a
    # little room in between: two gaps without a packet between them are one piece.
    assert 1 <= sum(after != before + 1 for before, after in pairwise(found)) <= len(gaps)
    assert found[-1] == len(camera.sent) - 1
    assert verified(folder)


def test_what_a_disk_refused_is_written_again_before_a_sync_is_believed(thin_disk: ThinDisk) -> None:
    with Deck(thin_disk.folder / "recordings") as deck:
        folder, camera = begin(deck)
        camera.send(50, key=True)
        wait_for_packets(folder, "camera", 50)
        os.sync()  # What is to fail is what is recorded, and not the folder.
        ballast = fill_up(thin_disk.backing)
        refused = send_until(deck, camera, lambda disk: disk.write_errors > 0)
        assert refused.trouble == "disk-full"
        ballast.unlink()
        wait_for_disk(deck, lambda disk: disk.trouble == "" and disk.waiting == 0 and disk.at_risk < 2)
        deck.finish(ANN)
    thin_disk.forget()
    assert numbers(packets(folder, "camera")) == list(range(len(camera.sent)))
    assert verified(folder)


def test_rows_a_disk_refused_are_written_again_too(thin_disk: ThinDisk) -> None:
    folder = thin_disk.folder / "recording"
    folder.mkdir()
    with LedgerFile.open(folder, create=True) as file:
        file.append("recording_begun", 1.0, {})
        file.sync()
        os.sync()
        ballast = fill_up(thin_disk.backing)
        file.append("note", 2.0, {"text": "x" * 9000})
        with pytest.raises(OSError):
            file.sync()
        with pytest.raises(OSError):
            file.sync()
        ballast.unlink()
        file.sync()
    thin_disk.forget()
    assert [row.event for row in rows(folder)] == ["recording_begun", "note"]


def test_what_is_to_begin_on_a_full_disk_begins_when_there_is_room(small_disk: Path) -> None:
    folder = small_disk / "recordings" / ANN
    folder.mkdir(parents=True)
    with Deck(small_disk / "recordings") as deck:
        ballast = fill_up(small_disk)
        deck.tell(Begin(recording=ANN, folder=str(folder), fields={}, cause="daemon-died"))
        deck.wait(Disk, lambda disk: disk.write_errors > 1)
        ballast.unlink()
        assert not deck.wait(Begun).resumed
        deck.finish(ANN)
    assert verified(folder)


def test_it_ends_on_a_full_disk_with_what_was_written(small_disk: Path) -> None:
    with Deck(small_disk / "recordings", memory_bytes=MEMORY) as deck:
        folder, camera = begin(deck)
        camera.send(key=True)
        ballast = fill(small_disk, 10 * MIB)
        send_until(deck, camera, lambda disk: disk.overflowed > 500)
        deck.interrupt(ANN, "daemon-stopped")
    found = numbers(packets(folder, "camera"))
    assert found == list(range(len(found)))
    assert len(found) > 1000
    # What was given up is named, with its cause, and the rest of the end is told as any other.
    gap = named(folder, "disk-full")
    assert sum(each["packets"] for each in gap) == len(camera.sent) - len(found) > 0
    assert [row.fields["cause"] for row in rows(folder, "track_stopped")] == ["daemon-stopped"]
    assert [row.fields["cause"] for row in rows(folder, "recording_interrupted")] == ["daemon-stopped"]
    ballast.unlink()
    report = Verifier(folder).verify()
    assert report.state in ("torn", "unfinished")
    with Deck(small_disk / "recordings") as deck:
        deck.begin(ANN)
        deck.inlet(ANN)
        later = deck.track(ANN, ssrc=2222, size=1400)
        later.send(10, key=True)
        wait_for_packets(folder, "camera", len(found) + 10)
        deck.finish(ANN)
    assert verified(folder)
    assert numbers(packets(folder, "camera")) == found + list(range(10))
    (between,) = named(folder, "daemon-stopped")
    assert between["from_us"] == max(each["to_us"] for each in gap) and "packets" not in between
    assert named(folder, "daemon-died") == []


def test_it_ends_on_a_disk_that_keeps_nothing_with_what_is_on_it(thin_disk: ThinDisk) -> None:
    with Deck(thin_disk.folder / "recordings") as deck:
        folder, camera = begin(deck)
        camera.send(50, key=True)
        wait_for_packets(folder, "camera", 50)
        wait_for_disk(deck, lambda disk: disk.at_risk < 1 and disk.waiting == 0)
        os.sync()
        ballast = fill_up(thin_disk.backing)
        send_until(deck, camera, lambda disk: disk.write_errors > 0)
        deck.interrupt(ANN, "daemon-stopped")
    before = numbers(packets(folder, "camera"))
    assert 50 <= len(before) < len(camera.sent)
    ballast.unlink()
    done = repair(folder, ANN, None)
    assert len(done.closed) == 1
    thin_disk.forget()
    assert numbers(packets(folder, "camera")) == before == list(range(len(before)))
    report = Verifier(folder).verify()
    assert (report.state, report.findings) == ("unfinished", [])


def test_a_read_only_disk_fails_at_once(tmp_path: Path) -> None:
    if os.getuid() != 0:
        pytest.skip("only root can mount")
    directory = tmp_path / "disk"
    directory.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "ro", "psfu-test", directory], check=True)
    try:
        with Deck(tmp_path / "other") as deck:
            deck.tell(Begin(recording=ANN, folder=str(directory / ANN), fields={}, cause=""))
            failed = deck.wait(Failed)
            assert (failed.code, failed.recording) == ("disk-failed", ANN)
            assert "Read-only" in failed.message
    finally:
        subprocess.run(["umount", directory], check=True)


def test_a_slow_disk_is_waited_for(tmp_path: Path) -> None:
    slow = SlowDisk(tmp_path, ".mjr")
    with Deck(tmp_path / "recordings", environment=slow.environment, memory_bytes=64 * MIB) as deck:
        folder, camera = begin(deck)
        camera.send(50, key=True)
        wait_for_packets(folder, "camera", 50)
        slow.milliseconds.write_text("1500")
        told = send_until(deck, camera, lambda disk: disk.trouble == "disk-slow")
        assert told.at_risk > 3
        slow.milliseconds.unlink()
        done = wait_for_disk(deck, lambda disk: disk.trouble == "" and disk.waiting == 0)
        assert (done.overflowed, done.dropped) == (0, 0)
        deck.finish(ANN)
    assert numbers(packets(folder, "camera")) == list(range(len(camera.sent)))
    assert [row for row in rows(folder, "gap") if "packets" in row.fields] == []
    assert verified(folder)


def test_a_disk_too_slow_for_memory_is_a_gap_with_its_cause(tmp_path: Path) -> None:
    slow = SlowDisk(tmp_path, ".mjr")
    with Deck(tmp_path / "recordings", environment=slow.environment, memory_bytes=1 * MIB) as deck:
        folder, camera = begin(deck)
        camera.send(50, key=True)
        wait_for_packets(folder, "camera", 50)
        slow.milliseconds.write_text("700")
        send_until(deck, camera, lambda disk: disk.overflowed > 100)
        slow.milliseconds.unlink()
        wait_for_disk(deck, lambda disk: disk.trouble == "" and disk.waiting == 0)
        camera.send(50, key=True)
        wait_for_row(folder, "gap")
        deck.finish(ANN)
    found = numbers(packets(folder, "camera"))
    gaps = [row.fields for row in rows(folder, "gap") if "packets" in row.fields]
    assert {gap["cause"] for gap in gaps} == {"disk-slow"}
    assert sum(gap["packets"] for gap in gaps) == len(camera.sent) - len(found)
    assert verified(folder)


def test_a_daemon_starts_though_the_disk_of_its_recordings_is_full(small_disk: Path, tmp_path: Path) -> None:
    def recordings() -> Recordings:
        return Recordings(cast(Registry, Quiet()), Settings(), small_disk / "recordings", tmp_path / "key.pem")

    (small_disk / "recordings").mkdir()
    ballast = fill_up(small_disk)
    recordings().start()
    ballast.unlink()
    recordings().start()
    public = small_disk / "recordings" / PUBLIC_KEY
    written = public.stat().st_mtime_ns
    fill_up(small_disk)
    recordings().start()
    assert public.stat().st_mtime_ns == written and public.read_bytes().startswith(b"-----BEGIN")


class Quiet:
    """A registry in which nothing happens."""

    events = Bus()
