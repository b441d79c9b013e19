"""The recorder as a process: what is sent to it is on the disk, whoever dies, and the ledger says what happened."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from proctor_sfu.recording import keys, protocol
from proctor_sfu.recording.folder import LEDGER, MANIFEST, journals
from proctor_sfu.recording.ledger import Row
from proctor_sfu.recording.manifest import Signed
from proctor_sfu.recording.protocol import (
    Begin,
    BeginTrack,
    End,
    Ended,
    Explain,
    Failed,
    Flow,
    InletRefused,
    Note,
    Standing,
    WantKeyFrame,
)
from proctor_sfu.recording.reading import JournalFile
from proctor_sfu.recording.recorder import BUG
from proctor_sfu.recording.repair import repair
from proctor_sfu.recording.verify import Verifier
from support.deck import LIMIT, Deck, Source, is_alive, packets, rows, wait_for_packets, wait_for_row
from support.started import started

ANN = "exam-101/ann/20260101T090000Z"
BOB = "exam-101/bob/20260101T090000Z"


@pytest.fixture
def deck(tmp_path: Path) -> Iterator[Deck]:
    with Deck(tmp_path / "recordings") as running:
        yield running


def begin(deck: Deck, recording: str = ANN, inlet: int = 1) -> tuple[Path, Source]:
    folder = deck.begin(recording)
    deck.inlet(recording, inlet)
    return folder, deck.track(recording, inlet=inlet)


def test_every_packet_is_in_the_journal(deck: Deck) -> None:
    folder, camera = begin(deck)
    microphone = deck.track(ANN, "microphone", ssrc=2222)
    camera.send(key=True)
    for _ in range(100):
        camera.send(7)
        microphone.send(2)
    wait_for_packets(folder, "camera", len(camera.sent))
    deck.finish(ANN)
    assert packets(folder, "camera") == camera.sent
    assert packets(folder, "microphone") == microphone.sent
    reader = JournalFile(folder / "camera-0001.mjr", ANN)
    arrivals = [packet.ms for packet in reader.packets()]
    assert arrivals == sorted(arrivals)
    header = reader.parser.header
    assert header is not None
    assert (header.track, header.codec, header.ssrc, header.recording) == ("camera", "vp8", 1111, ANN)
    assert [row.event for row in rows(folder)] == [
        "recording_begun", "track_started", "track_started", "segment_opened", "segment_opened",
        "segment_closed", "track_stopped", "segment_closed", "track_stopped", "recording_finished",
    ]  # fmt: skip
    signed = Signed.decode((folder / MANIFEST).read_bytes())
    assert signed.genuine()
    assert signed.manifest.summary.packets == len(camera.sent) + len(microphone.sent)
    assert {each.file for each in signed.manifest.journals} == {"camera-0001.mjr", "microphone-0001.mjr"}


def test_candidates_do_not_mix(deck: Deck) -> None:
    (of_ann, ann), (of_bob, bob) = begin(deck), begin(deck, BOB, inlet=2)
    for source in (ann, bob):
        source.send(50, key=True)
    stray = Source(deck.inlets[1].getsockname(), 4711)
    stray.send(10, key=True)
    stray.close()
    for recording in (ANN, BOB):
        deck.finish(recording)
    assert packets(of_ann, "camera") == ann.sent
    assert packets(of_bob, "camera") == bob.sent


def test_a_killed_recorder_costs_nothing_that_its_sockets_hold(deck: Deck) -> None:
    folder, camera = begin(deck)
    camera.send(key=True)
    camera.send(400)
    wait_for_packets(folder, "camera", len(camera.sent))
    for _ in range(2):
        deck.kill()
        camera.send(50)
        deck.begin(ANN, "recorder-died")
        deck.inlet(ANN)
        deck.track(ANN, source=camera)
        camera.send(50)
        wait_for_packets(folder, "camera", len(camera.sent))
    deck.finish(ANN)
    assert packets(folder, "camera") == camera.sent
    gaps = rows(folder, "gap")
    assert [(gap.fields["cause"], gap.fields["packets"]) for gap in gaps] == [("recorder-died", 0)] * 2
    assert len(rows(folder, "recording_resumed")) == 2
    assert [row.fields["file"] for row in rows(folder, "segment_closed")] == [
        path.name for path in journals(folder)
    ]  # fmt: skip


@pytest.mark.parametrize("mended_by", ["a recorder", "repair"])
def test_a_gap_that_a_crash_kept_out_of_the_ledger_is_named_later(deck: Deck, mended_by: str) -> None:
    folder, camera = begin(deck)
    camera.send(100, key=True)
    wait_for_packets(folder, "camera", len(camera.sent))
    deck.kill()
    deck.begin(ANN, "recorder-died")
    deck.inlet(ANN)
    deck.track(ANN, source=camera)
    camera.send(100, key=True)
    wait_for_packets(folder, "camera", len(camera.sent))
    wait_for_row(folder, "gap")
    deck.kill()
    named = lose_rows_from(folder, "gap")
    if mended_by == "repair":
        repair(folder, ANN, None)
    else:
        deck.begin(ANN, "recorder-died")
        deck.inlet(ANN)
        deck.track(ANN, source=camera)
        camera.send(100, key=True)
        deck.finish(ANN)
    again = next(row for row in rows(folder, "gap") if row.fields["to_us"] == named.fields["to_us"])
    assert again.fields["cause"] == "recorder-died"
    # A journal has milliseconds.
    assert 0 <= named.fields["from_us"] - again.fields["from_us"] < 1000


def lose_rows_from(folder: Path, event: str) -> Row:
    """Cut the ledger off where its first row of a kind begins, as if they had still been in memory; return that row."""
    path = folder / LEDGER
    lines = path.read_bytes().splitlines(keepends=True)
    first = next(row for row in rows(folder) if row.event == event)
    path.write_bytes(b"".join(lines[: first.n - 1]))
    return first


def test_what_was_in_memory_of_a_killed_recorder_is_a_gap_with_its_packets(deck: Deck) -> None:
    folder, camera = begin(deck)
    camera.send(100, key=True)
    wait_for_packets(folder, "camera", len(camera.sent))
    lost = len(camera.sent)
    deck.freeze()
    camera.send(20)
    # As if it had been killed with them in memory.
    assert [deck.inlets[1].recv(2048) for _ in range(20)] == camera.sent[lost:]
    deck.kill()
    deck.begin(ANN, "recorder-died")
    deck.inlet(ANN)
    deck.track(ANN, source=camera)
    camera.send(30, key=True)
    deck.finish(ANN)
    found = packets(folder, "camera")
    assert found == [*camera.sent[:lost], *camera.sent[lost + 20 :]]
    (gap,) = rows(folder, "gap")
    assert gap.fields["packets"] == 20


@pytest.mark.parametrize("how", ["the daemon ends", "SIGTERM"])
def test_it_ends_with_everything_written(tmp_path: Path, how: str) -> None:
    with Deck(tmp_path / "recordings") as deck:
        folder, camera = begin(deck)
        camera.send(key=True)
        camera.send(300)
        if how == "SIGTERM":
            deck.process.send_signal(signal.SIGTERM)
        else:
            deck.control.close()
        assert deck.process.wait(timeout=LIMIT) == 0
    assert packets(folder, "camera") == camera.sent
    assert [row.event for row in rows(folder)][-3:] == ["segment_closed", "track_stopped", "recording_interrupted"]
    assert not (folder / MANIFEST).exists()


def test_it_does_not_outlive_a_killed_daemon(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from support.deck import Deck;"
        f"deck = Deck(Path({str(tmp_path / 'recordings')!r})); print(deck.process.pid, flush=True); time.sleep(60)"
    )
    tests = Path(__file__).resolve().parents[2]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(tests), str(tests.parent)))}
    with started([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment) as daemon:
        assert daemon.stdout is not None
        recorder = int(daemon.stdout.readline())
        assert is_alive(recorder)
        daemon.kill()
        end = time.monotonic() + LIMIT
        # It is nobody's child any more, so there is nothing to wait for.
        while is_alive(recorder):
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_recording_goes_on_after_the_daemon_was_away(tmp_path: Path) -> None:
    with Deck(tmp_path / "recordings") as deck:
        folder, camera = begin(deck)
        camera.send(100, key=True)
        wait_for_packets(folder, "camera", len(camera.sent))
        before = list(camera.sent)
    with Deck(tmp_path / "recordings") as deck:
        deck.begin(ANN, "daemon-died")
        deck.inlet(ANN)
        again = deck.track(ANN, ssrc=3333)
        again.send(100, key=True)
        assert not deck.wait(Standing, lambda told: told.gaps == 1).held
        deck.tell(Note(recording=ANN, event="hold_set", fields={}))
        deck.wait(Standing, lambda told: told.gaps == 1 and told.held)
        wait_for_packets(folder, "camera", len(before + again.sent))
        deck.kill()
        # Another one reads it all in the ledger.
        deck.begin(ANN, "recorder-died")
        deck.wait(Standing, lambda told: told.gaps == 1 and told.held)
        deck.finish(ANN)
    assert packets(folder, "camera") == before + again.sent
    (gap,) = rows(folder, "gap")
    assert gap.fields["cause"] == "daemon-ended"
    # Another stream: its numbers say nothing of what is missing.
    assert "packets" not in gap.fields
    assert gap.fields["from_us"] == rows(folder, "segment_closed")[0].fields["last_us"]
    assert gap.fields["to_us"] == rows(folder, "segment_closed")[1].fields["first_us"]


def test_a_segment_ends_at_a_key_frame(tmp_path: Path) -> None:
    with Deck(tmp_path / "recordings", segment_seconds=0.5) as deck:
        folder, camera = begin(deck)
        camera.send(key=True)
        camera.send(30)
        wait_for_packets(folder, "camera", len(camera.sent))
        deck.forget()
        deck.wait(WantKeyFrame)
        camera.send(10)
        camera.send(key=True)
        camera.send(10)
        wait_for_packets(folder, "camera", len(camera.sent))
        wait_for_row(folder, "segment_closed")
        second = JournalFile(folder / "camera-0002.mjr", ANN).packets()
        assert next(second).data == camera.sent[41]
        first = rows(folder, "segment_closed")[0].fields
        assert (first["file"], first["packets"]) == ("camera-0001.mjr", 41)


def test_key_frames_are_wanted_until_one_is_written(deck: Deck) -> None:
    folder, camera = begin(deck)
    for _ in range(3):
        camera.send()
        deck.forget()
        deck.wait(WantKeyFrame, lambda each: (each.recording, each.track) == (ANN, "camera"))
    camera.send(key=True)
    wait_for_packets(folder, "camera", len(camera.sent))
    deck.forget()
    deck.wait(Flow)
    deck.wait(protocol.Disk)
    assert not [message for message in deck.messages if isinstance(message, WantKeyFrame)]
    assert packets(folder, "camera") == camera.sent


def test_what_never_arrives_is_counted_and_a_key_frame_asked_for(deck: Deck) -> None:
    folder, camera = begin(deck)
    camera.send(100, key=True)
    wait_for_packets(folder, "camera", len(camera.sent))
    held = camera.sent
    camera.sent = [*held, *([b""] * 5)]  # Five numbers that are never sent.
    camera.send(100)
    deck.wait(Flow, lambda message: any(each.lost == 5 for each in message.tracks))
    deck.wait(WantKeyFrame)


def test_what_is_still_in_memory_is_not_lost(deck: Deck) -> None:
    _, camera = begin(deck)
    camera.send(key=True)
    done = threading.Event()

    def send() -> None:
        while not done.wait(0.005):
            camera.send(2)

    sender = threading.Thread(target=send)
    sender.start()
    try:
        for _ in range(4):
            deck.forget()
            (flow,) = deck.wait(Flow).tracks
            assert flow.lost == 0
    finally:
        done.set()
        sender.join()


def test_sender_reports_pin_the_clock_down(deck: Deck) -> None:
    folder, camera = begin(deck)
    at = time.time_ns() // 1000
    camera.report(at, 123_456)
    camera.send(20, key=True)
    wait_for_packets(folder, "camera", len(camera.sent))
    deck.finish(ANN)
    timestamp, captured = rows(folder, "segment_closed")[0].fields["clock"]
    assert timestamp == 123_456
    assert abs(captured - at) <= 1
    assert packets(folder, "camera") == camera.sent


def test_silence_is_explained(deck: Deck) -> None:
    folder, camera = begin(deck)
    microphone = deck.track(ANN, "microphone", ssrc=2222)
    for source in (camera, microphone):
        source.send(10, key=True)
    wait_for_packets(folder, "camera", len(camera.sent))
    deck.tell(Note(recording=ANN, event="track_paused", fields={"track": "camera"}))
    deck.tell(Explain(recording=ANN, track="camera", cause="producer-paused"))
    began = time.monotonic()
    while time.monotonic() - began < 2.2:  # Silence is what is tested.
        time.sleep(0.1)
    for source in (camera, microphone):
        source.send(10, key=True)
    gaps = {wait_for_row(folder, "gap", count).fields["track"]: count for count in (1, 2)}
    found = {row.fields["track"]: row.fields for row in rows(folder, "gap")}
    assert set(gaps) == {"camera", "microphone"}
    assert found["camera"]["cause"] == "producer-paused"
    assert found["microphone"]["cause"] == "no-packets"
    assert found["camera"]["to_us"] - found["camera"]["from_us"] > 2_000_000


def test_checkpoints_name_what_is_on_the_disk(tmp_path: Path) -> None:
    with Deck(tmp_path / "recordings", checkpoint_seconds=0.1) as deck:
        folder, camera = begin(deck)
        camera.send(key=True)
        camera.send(100)
        row = wait_for_row(folder, "checkpoint")
        camera.send(100)
    reader = JournalFile(folder / row.fields["file"], ANN)
    assert sum(1 for packet in reader.packets() if packet.offset < row.fields["bytes"]) == row.fields["packets"]


def test_a_changed_ledger_is_not_written_to(tmp_path: Path) -> None:
    with Deck(tmp_path / "recordings") as deck:
        folder, camera = begin(deck)
        camera.send(10, key=True)
        wait_for_packets(folder, "camera", len(camera.sent))
    path = folder / LEDGER
    changed = path.read_bytes().replace(b'"track":"camera"', b'"track":"screen"', 1)
    path.write_bytes(changed)
    with Deck(tmp_path / "recordings") as deck:
        deck.tell(Begin(recording=ANN, folder=str(folder), fields={}, cause="daemon-died"))
        failed = deck.wait(Failed)
        assert (failed.recording, failed.code) == (ANN, "tampered")
    assert path.read_bytes() == changed


def test_a_folder_that_cannot_be_made_fails_at_once(deck: Deck) -> None:
    (deck.directory / "exam-101").write_text("a file")
    deck.tell(Begin(recording=ANN, folder=str(deck.directory / ANN), fields={}, cause=""))
    assert deck.wait(Failed).code == "disk-failed"


def test_sealed_journals_open_with_the_master_key_only(tmp_path: Path) -> None:
    master = tmp_path / "master.key"
    keys.new_master_key(master)
    with Deck(tmp_path / "recordings", master_key=str(master)) as deck:
        folder, camera = begin(deck)
        key = keys.recording_key(folder, ANN, keys.master_key(master))
        camera.send(100, key=True)
        wait_for_packets(folder, "camera", len(camera.sent), key)
        deck.kill()
        deck.begin(ANN, "recorder-died")
        deck.inlet(ANN)
        deck.track(ANN, source=camera)
        camera.send(100)
        deck.finish(ANN)
    assert [path.name for path in journals(folder)] == ["camera-0001.mjr.sealed", "camera-0002.mjr.sealed"]
    assert not any(camera.sent[50][20:] in path.read_bytes() for path in journals(folder))
    assert packets(folder, "camera", key) == camera.sent


def test_a_recorder_one_of_whose_threads_fails_ends_and_another_goes_on(deck: Deck) -> None:
    folder, camera = begin(deck)
    camera.send(20, key=True)
    wait_for_packets(folder, "camera", 20)
    # A row no reader would take back: a bug, which must not end in a recorder that looks well and writes nothing.
    deck.tell(Note(recording=ANN, event="strange", fields={"hash": "x"}))
    assert deck.process.wait(timeout=LIMIT) == BUG
    deck.kill()
    deck.begin(ANN, "recorder-died")
    deck.inlet(ANN)
    deck.track(ANN, source=camera)
    camera.send(20, key=True)
    wait_for_packets(folder, "camera", 40)
    deck.finish(ANN)
    assert packets(folder, "camera") == camera.sent


def cut(ledger: Path) -> None:
    """At the end of its first row, so that what is left looks whole."""
    with ledger.open("r+b") as file:
        file.truncate(len(file.readline()))


def cut_in_a_row(ledger: Path) -> None:
    with ledger.open("r+b") as file:
        file.truncate(len(file.readline()) + 10)


def write(ledger: Path) -> None:
    with ledger.open("ab") as file:
        file.write(b"somebody was here\n" * 100)


def move(ledger: Path) -> None:
    ledger.rename(ledger.with_name("ledger.old"))


def edit(ledger: Path) -> None:
    """As most editors do it."""
    other = ledger.with_name("ledger.new")
    other.write_bytes(ledger.read_bytes())
    other.replace(ledger)


@pytest.mark.parametrize(
    ("change", "how", "code"),
    [(cut, "truncated", "tampered"), (cut_in_a_row, "truncated", "tampered"), (write, "written", "tampered"),
     (move, "moved", "tampered"), (edit, "deleted", "deleted")],
)  # fmt: skip
def test_a_ledger_that_somebody_changes_is_told_and_what_comes_is_no_hole(
    deck: Deck, change: Callable[[Path], None], how: str, code: str
) -> None:
    folder, camera = begin(deck)
    camera.send(20, key=True)
    wait_for_packets(folder, "camera", 20)
    wait_for_row(folder, "segment_opened")
    change(folder / LEDGER)
    deck.tell(Note(recording=ANN, event="bookmarked", fields={}))
    assert deck.wait(Failed).code == code
    deck.tell(End(recording=ANN, final=False, fields={"cause": "disk-failed"}))
    deck.wait(Ended)
    assert [each.recording for each in deck.messages if isinstance(each, Failed)] == [ANN], "told once"
    left = folder / ("ledger.old" if how == "moved" else LEDGER)
    data = left.read_bytes()
    assert b"\0" not in data
    if how != "deleted":
        assert b'"event":"ledger_changed","prev":' in data and f'"how":"{how}"'.encode() in data
        assert data.rindex(b'"event":"recording_interrupted"') > data.index(b'"event":"bookmarked"')
    if change in (cut, cut_in_a_row, write):
        found = Verifier(folder).verify()
        assert found.state == "tampered" and found.findings[0].file == LEDGER


@pytest.mark.parametrize("when", ["at a checkpoint", "at the next journal"])
def test_a_folder_that_is_deleted_is_told_and_stops_nobody_else(tmp_path: Path, when: str) -> None:
    seconds = {"checkpoint_seconds": 0.1} if when == "at a checkpoint" else {"segment_seconds": 0.5}
    with Deck(tmp_path / "recordings", **seconds) as deck:
        (gone, ann), (folder, bob) = begin(deck), begin(deck, BOB, inlet=2)
        for source in (ann, bob):
            source.send(20, key=True)
        wait_for_packets(gone, "camera", 20)
        shutil.rmtree(gone)
        end = time.monotonic() + LIMIT
        while not (failed := [each for each in deck.messages if isinstance(each, Failed)]):
            assert time.monotonic() < end
            ann.send(key=True)
            bob.send(key=True)
            deck.hear()
        assert [(each.recording, each.code) for each in failed] == [(ANN, "deleted")]
        deck.tell(End(recording=ANN, final=False, fields={"cause": "disk-failed"}))
        bob.send(50, key=True)
        wait_for_packets(folder, "camera", len(bob.sent))
        deck.finish(BOB)
        assert packets(folder, "camera") == bob.sent


def test_an_inlet_that_the_kernel_gives_no_file_for_is_refused_and_stops_nobody_else(deck: Deck) -> None:
    folder, ann = begin(deck)
    deck.begin(BOB)
    ann.send(20, key=True)
    wait_for_packets(folder, "camera", 20)
    _, most = resource.prlimit(deck.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(deck.process.pid, resource.RLIMIT_NOFILE, (3, most))
    deck.inlet(BOB, 2)
    deck.tell(
        BeginTrack(
            recording=BOB, track="camera", inlet=2, kind="video", codec="vp8", ssrc=7, payload_type=101,
            clock_rate=90_000, channels=1, parameters={},
        )
    )  # fmt: skip
    refused = deck.wait(InletRefused)
    assert (refused.recording, refused.inlet, refused.code) == (BOB, 2, "too_many_files")
    resource.prlimit(deck.process.pid, resource.RLIMIT_NOFILE, (most, most))
    ann.send(20)
    deck.inlet(BOB, 2)
    bob = deck.track(BOB, inlet=2)
    bob.send(20, key=True)
    for recording in (ANN, BOB):
        deck.finish(recording)
    assert packets(folder, "camera") == ann.sent
    assert packets(deck.directory / BOB, "camera") == bob.sent
