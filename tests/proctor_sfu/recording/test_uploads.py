"""The upload command: what it is told, how often it is run, and that the recording is never touched."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import resource
import signal
from pathlib import Path
from typing import Final

import pytest
import uvloop

from proctor_sfu.events import Bus, Event, RecordingDamaged, RecordingNotUploaded, RecordingUploaded
from proctor_sfu.recording.folder import LEDGER, MANIFEST
from proctor_sfu.recording.keeping import erase
from proctor_sfu.recording.uploads import NOTE, Uploads
from support.deck import is_alive
from support.recorded import ID, KEY, finished

BOB: Final = "exam-101/bob/20260101T090000Z"


def script(folder: Path, text: str) -> list[str]:
    path = folder / "upload.sh"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return [str(path), "an argument"]


class Heard:
    """Events, and a way to wait for them."""

    def __init__(self) -> None:
        self.bus = Bus()
        self.queue: asyncio.Queue[Event] = asyncio.Queue()
        self.bus.subscribe(lambda record: self.queue.put_nowait(record.event))

    async def next(self) -> Event:
        async with asyncio.timeout(20):
            return await self.queue.get()


async def test_it_is_run_until_it_succeeds_and_touches_nothing(tmp_path: Path) -> None:
    directory = tmp_path / "recordings"
    folder = finished(directory)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    command = script(
        tmp_path,
        f'echo "$1 $PSFU_RECORDING $PSFU_ROOM $PSFU_CANDIDATE $PSFU_FOLDER $PSFU_ATTEMPT $SECRET" >> {tmp_path}/said\n'
        "echo working; echo no space there >&2\n[ $PSFU_ATTEMPT = 3 ]",
    )
    heard = Heard()
    uploads = Uploads(directory, command, heard.bus, first_wait=0.01)
    await uploads.add(ID, folder)
    failed = await heard.next()
    assert failed == RecordingNotUploaded(
        room="exam-101", peer="ann", recording=ID, reason="exit status 1: no space there"
    )
    assert await heard.next() == RecordingUploaded(room="exam-101", peer="ann", recording=ID)
    await uploads.close()
    lines = (tmp_path / "said").read_text().splitlines()
    assert lines == [f"an argument {ID} exam-101 ann {folder} {attempt} " for attempt in (1, 2, 3)]
    assert json.loads((folder / NOTE).read_text())["state"] == "done"
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.name != NOTE} == before


async def test_what_a_daemon_left_the_next_one_does(tmp_path: Path) -> None:
    directory = tmp_path / "recordings"
    folder = finished(directory)
    finished(directory, "exam-101/bob/20260101T090000Z")  # Finished when no command was set.
    heard = Heard()
    first = Uploads(directory, ["/nonexistent/upload"], heard.bus, first_wait=60)
    await first.add(ID, folder)
    failed = await heard.next()
    assert isinstance(failed, RecordingNotUploaded)
    assert failed.reason == "/nonexistent/upload: no such file or directory"
    await first.close()
    second = Uploads(directory, script(tmp_path, "exit 0"), heard.bus)
    await second.start()
    assert await heard.next() == RecordingUploaded(room="exam-101", peer="ann", recording=ID)
    await second.close()
    assert heard.queue.empty()


async def test_an_upload_that_hangs_ends_with_the_daemon(tmp_path: Path) -> None:
    directory = tmp_path / "recordings"
    folder = finished(directory)
    uploads = Uploads(directory, script(tmp_path, f"touch {tmp_path}/began; exec sleep 600"), Heard().bus)
    await uploads.add(ID, folder)
    async with asyncio.timeout(20):
        while not (tmp_path / "began").exists():
            await asyncio.sleep(0.02)
    await uploads.close()
    assert json.loads((folder / NOTE).read_text())["state"] == "waiting"


async def test_without_a_command_nothing_is_noted(tmp_path: Path) -> None:
    folder = finished(tmp_path)
    uploads = Uploads(tmp_path, [], Heard().bus)
    await uploads.start()
    await uploads.add(ID, folder)
    await uploads.close()
    assert not (folder / NOTE).exists()


async def test_a_command_that_hangs_is_ended_with_what_it_started_and_others_get_their_turn(tmp_path: Path) -> None:
    directory = tmp_path / "recordings"
    ann, bob = finished(directory), finished(directory, BOB)
    command = script(
        tmp_path,
        f'[ $PSFU_CANDIDATE$PSFU_ATTEMPT = ann1 ] || exit 0\ntrap "" TERM\nsleep 300 & echo $! > {tmp_path}/pid\n'
        "wait\nwait",
    )
    heard = Heard()
    uploads = Uploads(directory, command, heard.bus, first_wait=0.01, longest_run=2)
    await uploads.add(ID, ann)
    await uploads.add(BOB, bob)
    said = [await heard.next() for _ in range(3)]
    await uploads.close()
    # Bob has his turn once ann's is over, and may be told of before that is noted.
    hung, done = (
        RecordingNotUploaded(room="exam-101", peer="ann", recording=ID, reason="it did not end within 2 s"),
        RecordingUploaded(room="exam-101", peer="ann", recording=ID),
    )
    assert [each for each in said if each.peer == "ann"] == [hung, done]
    assert RecordingUploaded(room="exam-101", peer="bob", recording=BOB) in said
    pid = int((tmp_path / "pid").read_text())
    assert not is_alive(pid)


async def test_only_the_last_words_of_a_command_are_kept(tmp_path: Path) -> None:
    directory = tmp_path / "recordings"
    command = script(tmp_path, "head -c 50000000 /dev/urandom; echo; echo that was all; exit 9")
    heard = Heard()
    uploads = Uploads(directory, command, heard.bus, first_wait=60)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await uploads.add(ID, finished(directory))
    failed = await heard.next()
    assert isinstance(failed, RecordingNotUploaded) and failed.reason == "exit status 9: that was all"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000, "KiB"
    await uploads.close()


async def test_what_a_command_leaves_running_keeps_nobody_waiting(tmp_path: Path) -> None:
    directory = tmp_path / "recordings"
    command = script(tmp_path, f"sleep 300 & echo $! > {tmp_path}/pid")
    heard = Heard()
    uploads = Uploads(directory, command, heard.bus)
    await uploads.add(ID, finished(directory))
    assert isinstance(await heard.next(), RecordingUploaded)
    os.kill(int((tmp_path / "pid").read_text()), signal.SIGKILL)
    await uploads.close()


@pytest.mark.parametrize(
    ("text", "files"),
    [
        ('rm -r "$PSFU_FOLDER"', ("camera-0001.mjr", "camera-0002.mjr", "microphone-0001.mjr", LEDGER, MANIFEST)),
        ("rm camera-0001.mjr", ("camera-0001.mjr",)),
        ("truncate -s 100 microphone-0001.mjr; rm manifest.json", ("microphone-0001.mjr", MANIFEST)),
    ],
)
@pytest.mark.parametrize("code", [0, 1])
async def test_a_command_that_deletes_or_cuts_files_is_told_of(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, files: tuple[str, ...], code: int
) -> None:
    directory = tmp_path / "recordings"
    heard = Heard()
    uploads = Uploads(directory, script(tmp_path, f"{text}; exit {code}"), heard.bus, first_wait=60)
    await uploads.add(ID, finished(directory))
    damaged = await heard.next()
    assert isinstance(damaged, RecordingDamaged) and damaged.recording == ID
    assert sorted(damaged.files) == sorted(files)
    assert isinstance(await heard.next(), RecordingNotUploaded if code else RecordingUploaded)
    await uploads.close()
    assert "the upload command did that" in capsys.readouterr().out


async def test_an_erasure_while_a_command_runs_is_none_of_its_doing(tmp_path: Path) -> None:
    directory = tmp_path / "recordings"
    folder = finished(directory)
    heard = Heard()
    command = script(tmp_path, f"touch {tmp_path}/began; while [ ! -e {tmp_path}/erased ]; do sleep 0.02; done")
    uploads = Uploads(directory, command, heard.bus)
    await uploads.add(ID, folder)
    async with asyncio.timeout(20):
        while not (tmp_path / "began").exists():
            await asyncio.sleep(0.02)
    erase(folder, ID, by={"kind": "test"}, reason="a test", key=KEY)
    (tmp_path / "erased").touch()
    assert isinstance(await heard.next(), RecordingUploaded)
    await uploads.close()


async def test_nothing_runs_whose_output_nobody_can_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")  # No more watches, which nothing here can bring about.

    monkeypatch.setattr(asyncio.get_running_loop(), "connect_read_pipe", refuse)
    heard = Heard()
    uploads = Uploads(tmp_path, script(tmp_path, f"echo $$ > {tmp_path}/pid; sleep 300"), heard.bus, first_wait=60)
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text()
    await uploads.add(ID, finished(tmp_path / "recordings"))
    assert isinstance(await heard.next(), RecordingNotUploaded)
    assert children.read_text() == before
    await uploads.close()


async def test_a_folder_that_takes_no_note_is_uploaded_all_the_same(tmp_path: Path) -> None:
    directory = tmp_path / "recordings"
    folder = finished(directory)
    (folder / f".{NOTE}.new").mkdir()
    heard = Heard()
    uploads = Uploads(directory, script(tmp_path, "true"), heard.bus)
    await uploads.add(ID, folder)
    assert isinstance(await heard.next(), RecordingUploaded)
    await uploads.close()


def test_it_is_run_under_the_loop_of_the_daemon_too(tmp_path: Path) -> None:
    async def upload() -> Event:
        directory = tmp_path / "recordings"
        heard = Heard()
        uploads = Uploads(directory, script(tmp_path, "echo no; exit 3"), heard.bus, first_wait=60)
        await uploads.add(ID, finished(directory))
        try:
            return await heard.next()
        finally:
            await uploads.close()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        said = runner.run(upload())
    assert isinstance(said, RecordingNotUploaded) and said.reason == "exit status 3: no"
