"""``psfu recordings``: what works without a daemon, exit codes, formats, and what a daemon refuses."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path
from typing import Any, Final

import pytest

from proctor_sfu.control.api.recordings import Disk, Refusal
from proctor_sfu.recording import keys
from proctor_sfu.recording.folder import MANIFEST, PUBLIC_KEY, SIGNING_KEY, journals
from proctor_sfu.recording.manifest import Signed, sign
from proctor_sfu.simulate import clip
from psfu_cli.commands import recordings as commands
from support import payloads
from support.commands import Run, result
from support.disks import SlowDisk
from support.recorded import ID, KEY, START_US, Tape, crashed, finished
from support.serve import LIMIT, PSFU, environment, psfu
from support.started import started

FAR: Final = "/nonexistent/psfu.sock"
"""Where no daemon is."""


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """A folder of recordings with the key they are signed with."""
    directory = tmp_path / "recordings"
    directory.mkdir()
    (directory / PUBLIC_KEY).write_bytes(keys.public_pem(KEY))
    return directory


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Settings of a daemon whose key is ours."""
    state = tmp_path / "state"
    state.mkdir()
    keys._create(state / SIGNING_KEY, _private())
    file = tmp_path / "psfu.toml"
    file.write_text(f'[state]\ndirectory = "{state}"\n')
    return file


def _private() -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def played(directory: Path, recording: str = ID, times: int = 1) -> Path:
    """A finished recording of real pictures, 2 s of them so many times."""
    tape = Tape(directory, recording)
    frames = clip.load(clip.make("vp8", 440)).video[:40] * times
    sent = [(4500 * n, payloads.vp8(frame.data)) for n, frame in enumerate(frames)]
    arrivals = [50_000 * n for n, (_, parts) in enumerate(sent) for _ in parts]
    tape.journal("camera", packets=list(payloads.stream(sent)), arrivals=arrivals)
    return tape.finish()


# Without a daemon.


def test_verify_needs_no_daemon(recordings: Path) -> None:
    finished(recordings)
    finished(recordings, "exam-101/bob/20260101T090000Z")
    for path in (recordings, recordings / "exam-101", recordings / "exam-101" / "ann"):
        done = psfu("recordings", "verify", path, "--socket", FAR)
        assert done.returncode == 0, done.stderr
        assert f"{ID}: ok: 3 journals, 22 packets" in done.stdout
        assert "(known)" in done.stdout
    report = result(psfu("recordings", "verify", recordings / ID / "camera-0001.mjr", "--json", "--socket", FAR))
    assert [(each["recording"], each["state"], each["journals"]) for each in report] == [(ID, "ok", 1)]


def test_verify_names_the_byte_and_fails(recordings: Path) -> None:
    folder = finished(recordings)
    path = folder / "camera-0002.mjr"
    data = bytearray(path.read_bytes())
    data[321] ^= 1
    path.write_bytes(data)
    done = psfu("recordings", "verify", folder, "--socket", FAR)
    assert done.returncode == 1
    assert "tampered: camera-0002.mjr: byte 321: this byte is another one" in done.stdout
    (report,) = json.loads(psfu("recordings", "verify", folder, "--json", "--socket", FAR).stdout)
    assert report["findings"] == [
        {"kind": "tampered", "file": "camera-0002.mjr", "byte": 321, "text": "this byte is another one"}
    ]


def test_verify_shows_nothing_a_forger_wants_shown(recordings: Path) -> None:
    folder = finished(recordings)
    path = folder / MANIFEST
    forged = dataclasses.replace(Signed.decode(path.read_bytes()).manifest, recording="\x1b[2Jexam/ann/x")
    path.write_bytes(sign(forged, KEY).encode())
    done = psfu("recordings", "verify", folder, "--color", "always", "--socket", FAR)
    assert done.returncode == 1
    assert "it is that of" in done.stdout and "\x1b[2J" not in done.stdout
    assert done.stdout.startswith("\x1b["), "it alarms"


def test_verify_with_another_key(recordings: Path, tmp_path: Path) -> None:
    folder = finished(recordings)
    other = tmp_path / "other.pem"
    keys.signing_key(other)
    done = psfu("recordings", "verify", folder, "--key", other, "--socket", FAR)
    assert done.returncode == 1
    assert "another key" in done.stdout
    (recordings / PUBLIC_KEY).unlink()
    assert "(UNKNOWN key)" in psfu("recordings", "verify", folder, "--socket", FAR).stdout


@pytest.mark.parametrize(
    ("path", "code", "text"),
    [("missing", 4, "no such file"), ("", 4, "no recording is here"), ("note.txt", 2, "no journal")],
)
def test_what_is_no_recording(recordings: Path, path: str, code: int, text: str) -> None:
    (recordings / "note.txt").write_text("hello")
    done = psfu("recordings", "verify", recordings / path, "--socket", FAR)
    assert done.returncode == code
    assert done.stderr.startswith("error: ") and text in done.stderr


def test_an_id_is_asked_of_the_daemon() -> None:
    done = psfu("recordings", "verify", "exam/ann/20260101T090000Z", "--socket", FAR)
    assert done.returncode == 3


def test_repair_tells_what_it_would_do_and_does_it(recordings: Path, config: Path) -> None:
    folder = crashed(recordings)
    with (folder / "camera-0001.mjr").open("ab") as file:
        file.write(b"MEET\0")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = psfu("recordings", "repair", folder, "--dry-run", "--socket", FAR)
    assert "torn: camera-0001.mjr" in done.stdout and "5 are torn" in done.stdout
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    done = psfu("recordings", "repair", folder, "--config", config, "-o", "wide", "--socket", FAR)
    assert done.returncode == 0, done.stderr
    assert "camera-0001.mjr" in done.stdout
    assert psfu("recordings", "verify", folder, "--socket", FAR).returncode == 0
    done = psfu("recordings", "repair", folder, "--finish", "--config", config, "--json", "--socket", FAR)
    assert [each["signed"] for each in result(done)] == [True]
    (report,) = result(psfu("recordings", "verify", folder, "--json", "--socket", FAR))
    assert (report["state"], report["trusted"]) == ("ok", True)


def test_repair_leaves_alone_what_was_changed(recordings: Path) -> None:
    folder = crashed(recordings)
    path = folder / "camera-0001.mjr"
    path.write_bytes(path.read_bytes()[:100])
    done = psfu("recordings", "repair", folder, "--socket", FAR)
    assert done.returncode == 1
    assert "is not what it was" in done.stderr


def test_one_that_was_changed_keeps_none_of_the_others_from_being_repaired(recordings: Path, config: Path) -> None:
    changed, good = crashed(recordings), crashed(recordings, "exam-101/bob/20260101T090000Z")
    (changed / "camera-0001.mjr").write_bytes(b"something else")
    outcome = psfu("recordings", "repair", str(recordings), "--config", str(config), "-o", "json")
    assert outcome.returncode == 1 and "camera-0001.mjr" in outcome.stderr
    assert [each["folder"] for each in json.loads(outcome.stdout)] == [str(good)]


def test_repair_dry_run_has_the_formats_of_verify(recordings: Path) -> None:
    crashed(recordings)
    outcome = psfu("recordings", "repair", str(recordings), "--dry-run", "-o", "json")
    (report,) = json.loads(outcome.stdout)
    assert (report["recording"], report["state"]) == (ID, "torn")


def test_a_file_that_cannot_be_read_keeps_none_of_the_others_from_being_verified(recordings: Path) -> None:
    unreadable, _ = finished(recordings), finished(recordings, "exam-101/bob/20260101T090000Z")
    (unreadable / MANIFEST).unlink()
    os.mkfifo(unreadable / MANIFEST)
    outcome = psfu("recordings", "verify", str(recordings), "-o", "json")
    assert outcome.returncode == 1
    assert [each["state"] for each in json.loads(outcome.stdout)] == ["unreadable", "ok"]


def test_the_public_key_is_shown(config: Path) -> None:
    done = psfu("recordings", "key", "--config", config)
    assert done.stdout == keys.public_pem(KEY).decode()
    assert done.stderr.startswith("SHA256:")
    shown = result(psfu("recordings", "key", "--config", config, "--json"))
    assert shown["fingerprint"] == done.stderr.strip()


def test_who_looks_for_the_key_in_the_wrong_place_is_told_where_to_look(tmp_path: Path) -> None:
    config = tmp_path / "psfu.toml"
    config.write_text(f'[state]\ndirectory = "{tmp_path}"\n')
    done = psfu("recordings", "key", "--config", config)
    assert (done.returncode, done.stdout) == (4, "")
    assert done.stderr.startswith(f"error: {tmp_path / SIGNING_KEY}: there is no key")
    assert "--config" in done.stderr


def test_a_master_key_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    done = psfu("recordings", "key", "--new-master", path)
    assert (done.returncode, done.stdout) == (0, f"{path}\n")
    assert "keep a copy" in done.stderr
    again = psfu("recordings", "key", "--new-master", path)
    assert (again.returncode, again.stderr) == (6, f"error: {path}: it is there already\n")
    assert len(keys.master_key(path)) == 32


def test_export_names_its_files_and_replaces_none(recordings: Path, tmp_path: Path) -> None:
    folder = played(recordings)
    target = tmp_path / "out"
    target.mkdir()
    done = psfu("recordings", "export", folder, "--to", target, "--socket", FAR)
    assert done.returncode == 0, done.stderr
    file = target / "exam-101-ann-20260101T090000Z.webm"
    assert done.stdout == f"{file}\n"
    done = psfu("recordings", "export", folder, "--to", target, "--socket", FAR)
    assert done.returncode == 6
    assert "--force" in done.stderr
    done = psfu("recordings", "export", folder, "--to", file, "--force", "--json", "--socket", FAR)
    (exported,) = result(done)
    assert (exported["format"], exported["begin_us"] // 1_000_000) == ("webm", START_US // 1_000_000)
    assert exported["tracks"] == [{"track": "camera", "codec": "vp8", "frames": 40, "dropped": 0, "lost": 0}]
    played(recordings, "exam-101/bob/20260101T090000Z")
    several = tmp_path / "several"
    done = psfu("recordings", "export", recordings, "--to", several, "--json", "--socket", FAR)
    assert [each["file"] for each in result(done)] == [
        f"{several}/exam-101-{peer}-20260101T090000Z.webm" for peer in ("ann", "bob")
    ]


def wait_for_the_unfinished(to: Path, running: subprocess.Popen[Any]) -> None:
    """Wait until an export writes; a file cannot be waited for, so look again and again."""
    until = time.monotonic() + LIMIT
    while not (found := [each.name for each in to.iterdir()]):
        assert running.poll() is None and time.monotonic() < until
        time.sleep(0.005)
    assert found == [".ann.webm.unfinished"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_an_export_that_is_ended_leaves_nothing_behind(
    recordings: Path, tmp_path: Path, number: signal.Signals
) -> None:
    folder, to, slow = played(recordings, times=40), tmp_path / "out", SlowDisk(tmp_path, "unfinished")
    to.mkdir()
    slow.milliseconds.write_text("300")
    command = [PSFU, "recordings", "export", folder, "--to", to / "ann.webm", "--no-verify"]
    surroundings = environment(**slow.environment)
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings, text=True) as running:
        wait_for_the_unfinished(to, running)
        running.send_signal(number)
        assert running.communicate(timeout=LIMIT) == ("", "")
    assert running.returncode == 128 + number
    assert list(to.iterdir()) == []


def test_an_export_that_is_not_to_hear_of_it_goes_on(recordings: Path, tmp_path: Path) -> None:
    folder, to, slow = played(recordings, times=40), tmp_path / "out", SlowDisk(tmp_path, "unfinished")
    to.mkdir()
    slow.milliseconds.write_text("300")
    command = ["nohup", PSFU, "recordings", "export", folder, "--to", to / "ann.webm", "--no-verify"]
    surroundings = environment(**slow.environment)
    with started(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=surroundings) as running:
        wait_for_the_unfinished(to, running)
        running.send_signal(signal.SIGHUP)
        slow.milliseconds.unlink()
        running.communicate(timeout=LIMIT)
    assert running.returncode == 0
    assert [each.name for each in to.iterdir()] == ["ann.webm"]


@pytest.mark.parametrize(
    ("options", "code", "text"),
    [
        (["--to", "x.avi"], 2, "it has to end in"),
        (["--to", "x.mp4"], 1, "mp4 cannot hold vp8"),
        (["--sources", "screen"], 4, "it has no screen"),
        (["--sources", "keyboard"], 2, "cannot be recorded"),
        (["--last", "5s", "--at", "1s"], 2, "do not go together"),
        (["--last", "soon"], 2, "a time like"),
        (["--at", "soon"], 2, "a time like"),
        (["--at", "2031-01-01T00:00:00Z"], 1, "it was recorded from 2026-01-01T09:00:00.000Z to 2026-01-01T09:0"),
        (["--separate", "--to", "x.webm"], 2, "several files"),
        (["--to", "/nonexistent/x.webm"], 4, "no such file"),
    ],
)
def test_exports_that_cannot_be(recordings: Path, tmp_path: Path, options: list[str], code: int, text: str) -> None:
    folder = played(recordings)
    options = [each.replace("x.", f"{tmp_path}/x.", 1) if each.startswith("x.") else each for each in options]
    done = psfu("recordings", "export", folder, *options, "--socket", FAR)
    assert (done.returncode, text in done.stderr) == (code, True), done.stderr
    assert list(tmp_path.glob("*x.*")) == [] and not Path("exam-101-ann-20260101T090000Z.webm").exists()


@pytest.mark.parametrize(
    ("options", "begin", "frames"),
    [
        (["--last", "500ms"], 1.0, 20),
        (["--at", "1200ms", "--margin", "100ms"], 1.0, 7),
        (["--at", "2026-01-01T09:00:01.200Z", "--margin", "100ms"], 1.0, 7),
        (["--at", "1s", "--margin", "300ms"], 0.0, 27),
        (["--at", "1s"], 0.0, 40),
    ],
)
def test_a_part_begins_with_the_key_frame_before(
    recordings: Path, tmp_path: Path, options: list[str], begin: float, frames: int
) -> None:
    folder = played(recordings)  # 2 s, with a key frame each second.
    done = psfu("recordings", "export", folder, "--to", tmp_path / "x.webm", *options, "--json", "--socket", FAR)
    (exported,) = result(done)
    assert exported["begin_us"] == START_US + 1e6 * begin
    assert (exported["tracks"][0]["frames"], exported["duration_s"]) == (frames, pytest.approx((frames - 1) * 0.05))


def test_an_export_says_that_it_is_made_of_something_else(recordings: Path, tmp_path: Path) -> None:
    folder = played(recordings)
    (journal,) = journals(folder)
    data = bytearray(journal.read_bytes())
    data[900] ^= 1
    journal.write_bytes(data)
    done = psfu("recordings", "export", folder, "--to", tmp_path / "x.webm", "--socket", FAR)
    assert (done.returncode, done.stdout) == (1, f"{tmp_path}/x.webm\n")
    assert done.stderr == f"warning: {ID}: tampered: camera-0001.mjr: byte 900: this byte is another one\n"
    (folder / MANIFEST).unlink()
    done = psfu("recordings", "export", folder, "--to", tmp_path / "y.webm", "--json", "--socket", FAR)
    assert (done.returncode, len(json.loads(done.stdout))) == (1, 1)
    assert done.stderr.endswith("this byte is another one (and 1 more: psfu recordings verify)\n")
    done = psfu("recordings", "export", folder, "--to", tmp_path / "z.webm", "--no-verify", "--socket", FAR)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_encrypted_recording_is_exported_with_the_master_key_only(recordings: Path, tmp_path: Path) -> None:
    from proctor_sfu.recording.sealed import Sealer

    folder = played(recordings)
    (plain,) = journals(folder)
    master = tmp_path / "master.key"
    keys.new_master_key(master)
    key = keys.new_recording_key(folder, ID, keys.master_key(master))
    sealed = plain.with_name(plain.name + ".sealed")
    sealed.write_bytes(Sealer(key, bytes(8), ID, sealed.name).seal(plain.read_bytes()))
    plain.unlink()  # Which verification would notice.
    done = psfu("recordings", "export", folder, "--to", tmp_path, "--socket", FAR)
    assert done.returncode == 2
    assert "--config" in done.stderr
    config = tmp_path / "psfu.toml"
    config.write_text(f'[recording]\nmaster_key = "{master}"\n')
    done = psfu("recordings", "export", folder, "--no-verify", "--to", tmp_path, "--config", config, "--socket", FAR)
    assert done.returncode == 0, done.stderr
    # A copy is still called as it was when its key was wrapped.
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy)
    done = psfu(
        "recordings", "export", copy, "--no-verify", "--to", tmp_path / "copy.webm", "--config", config, "--json",
        "--socket", FAR,
    )  # fmt: skip
    assert [each["tracks"][0]["frames"] for each in result(done)] == [40]


# With one.


def test_what_is_recorded_is_said_of_rooms(run: Run, people: str) -> None:
    assert run("recordings", "start", people, "--sources", "screen", "--retain", "30").stdout == f"{people}\n"
    shown = result(run("rooms", "get", people, "--json"))
    assert (shown["record"], shown["retain_days"]) == (["screen"], 30)
    wanted = result(run("recordings", "stop", people, "--json"))
    assert [(each["room"], each["sources"], each["stopped"]) for each in wanted] == [(people, [], [])]
    assert result(run("rooms", "get", people, "--json"))["record"] == []


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["start", "nowhere"], 4, "not found"),
        (["start", "PEOPLE", "--candidate", "nobody"], 4, "nobody called"),
        (["start", "PEOPLE", "--sources", "voice"], 2, "cannot be recorded"),
        (["get", "a/b/c"], 4, "there is no recording"),
        (["get", "../../etc"], 2, "no id"),
        (["get", "ann"], 2, "'ann' is no id of a recording: ROOM/CANDIDATE/TIME"),
        (["erase", "a/b/c", "--yes"], 4, "there is no recording"),
        (["hold", "a/b/c"], 4, "there is no recording"),
    ],
)
def test_what_a_daemon_refuses(run: Run, people: str, arguments: list[str], code: int, text: str) -> None:
    done = run("recordings", *(people if each == "PEOPLE" else each for each in arguments))
    assert (done.returncode, text in done.stderr) == (code, True), done.stderr


def test_nothing_is_listed_where_nothing_was_recorded(run: Run) -> None:
    done = run("recordings", "list")
    assert done.stdout == ""
    assert "no recordings" in done.stderr
    assert result(run("recordings", "list", "--json")) == []
    disk = result(run("recordings", "disk", "--json"))
    assert disk["free_bytes"] > 0
    assert (disk["hours_left"], disk["recording"], disk["trouble"]) == (None, 0, "")
    assert (disk["refused"], disk["refusals"]) == (0, [])
    assert result(run("recordings", "prune", "--json")) == []


def test_a_daemon_refuses_keys_it_cannot_use(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("nonsense")
    os.chmod(key, 0o600)
    config = tmp_path / "psfu.toml"
    for name in ("signing_key", "master_key"):
        config.write_text(
            f'[state]\ndirectory = "{tmp_path / "state"}"\n[signaling]\nport = 0\n[workers]\ncount = 1\n'
            f'[recording]\n{name} = "{key}"\n'
        )
        done = psfu("serve", "--config", config, "--socket", tmp_path / "psfu.sock")
        assert done.returncode == 78
        assert f"psfu.toml: recording.{name}: {key}: not" in done.stderr


def test_what_is_counted_on_is_told_beside_what_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    disk = Disk(
        directory="/srv", free_bytes=80 << 30, size_bytes=1 << 40, rate=0.0, expected_rate=288_000.0, speed=None,
        hours_left=31.0, reserve_bytes=0, trouble="", reason="", recording=1, refused=0, public_key="",
    )  # fmt: skip
    commands._tell_disk(disk)
    commands._tell_disk(dataclasses.replace(disk, rate=288_000.0))
    assert capsys.readouterr().err.splitlines() == [
        "80.0 GiB free, 0 B/s written, 281.2 KiB/s counted on: suffices for 1d07h",
        "80.0 GiB free, 281.2 KiB/s: suffices for 1d07h",
    ]


def test_who_is_not_recorded_is_told_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    many = tuple(f"exam-101/c{number}" for number in range(5))
    disk = Disk(
        directory="/srv", free_bytes=0, size_bytes=1 << 40, rate=0.0, expected_rate=0.0, speed=None, hours_left=None,
        reserve_bytes=0, trouble="", reason="", recording=0, refused=6, public_key="",
        refusals=(
            Refusal(code="disk_full", reason="0 MiB are free, less than recording.reserve_bytes", candidates=many),
            Refusal(code="too_many_files", reason="the recorder may have 64 files open", candidates=("exam-102/ann",)),
        ),
    )  # fmt: skip
    commands._tell_disk(disk)
    assert capsys.readouterr().err.splitlines() == [
        "warning: 5 candidates (exam-101/c0, exam-101/c1, exam-101/c2, …) are NOT recorded: disk_full: "
        "0 MiB are free, less than recording.reserve_bytes",
        "warning: exam-102/ann is NOT recorded: too_many_files: the recorder may have 64 files open",
    ]
