"""The upload command: what it is told, how often it is run, and that the recording is never touched."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from proctor_sfu.events import Bus, Event, RecordingNotUploaded, RecordingUploaded
from proctor_sfu.recording.uploads import NOTE, Uploads
from support.recorded import ID, finished


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
