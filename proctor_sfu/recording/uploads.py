"""Hands finished recordings to a command of the operator's, again and again until it succeeds.

What is still to be done is noted beside each recording, so that a restart goes on with it. The recording itself is
never touched here; if the command itself deletes or cuts files of it, that is noticed when it ends, and told.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, Final

import structlog

from proctor_sfu import events
from proctor_sfu.aio import spawn
from proctor_sfu.errors import PsfuError
from proctor_sfu.events import Bus
from proctor_sfu.recording import contents, folder, ledger_file
from proctor_sfu.recording.seal import replace

_log = structlog.get_logger("psfu.recording")

NOTE: Final = "upload.json"
FIRST_WAIT: Final = 5.0
"""Seconds before the first repetition; each further wait is twice as long."""
LONGEST_WAIT: Final = 3600.0
LONGEST_RUN: Final = 4 * 3600.0
"""Seconds after which a command hangs: it is ended and run again later, since others wait for it."""
FAREWELL: Final = 3.0
"""Seconds a command has to end when it is told to."""
LAST_WORDS: Final = 4096
"""Bytes that are kept of what it prints."""
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Uploads:
    """Runs ``command``, one recording after the other. Nothing is done if it is empty."""

    def __init__(
        self, directory: Path, command: Sequence[str], bus: Bus, *, first_wait: float = FIRST_WAIT,
        longest_run: float = LONGEST_RUN,
    ) -> None:  # fmt: skip
        self._directory = directory
        self._command = tuple(command)
        self._bus = bus
        self._first_wait = first_wait
        self._longest_run = longest_run
        self._one_at_a_time = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Go on with what an earlier daemon left."""
        if self._command:
            for name, path in await asyncio.to_thread(lambda: list(folder.recordings(self._directory))):
                if await asyncio.to_thread(_waits, path):
                    self._begin(name, path)

    async def close(self) -> None:
        """End; what is not done is done by the next daemon."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def add(self, name: str, path: Path) -> None:
        """Have a finished recording uploaded."""
        if self._command:
            try:
                await asyncio.to_thread(_write, path, "waiting", 0, "")
            except OSError as error:
                # It is uploaded all the same, but for a daemon that ends before that.
                _log.error("upload_not_noted", recording=name, reason=str(error))
            self._begin(name, path)

    def _begin(self, name: str, path: Path) -> None:
        task = spawn(self._upload(name, path), name=f"upload {name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _upload(self, name: str, path: Path) -> None:
        wait, attempt = self._first_wait, 0
        while True:
            attempt += 1
            async with self._one_at_a_time:
                if not await asyncio.to_thread((path / folder.LEDGER).exists):
                    _log.error("recording_gone", recording=name, reason="somebody deleted it before it was uploaded")
                    return
                before = await asyncio.to_thread(_sizes, path)
                problem = await self._run(name, path, attempt)
                await self._look(name, path, before)
            with suppress(OSError):
                # Without the note it is only uploaded again after a restart.
                await asyncio.to_thread(_write, path, "waiting" if problem else "done", attempt, problem)
            room, candidate, _ = folder.split_id(name)
            if not problem:
                _log.info("recording_uploaded", recording=name, attempts=attempt)
                self._bus.publish(events.RecordingUploaded(room=room, peer=candidate, recording=name))
                return
            _log.warning("recording_not_uploaded", recording=name, attempt=attempt, reason=problem, seconds=wait)
            if attempt == 1:
                self._bus.publish(
                    events.RecordingNotUploaded(room=room, peer=candidate, recording=name, reason=problem)
                )
            await asyncio.sleep(wait)
            wait = min(LONGEST_WAIT, 2 * wait)

    async def _look(self, name: str, path: Path, before: Mapping[str, int]) -> None:
        """Tell if files are gone or shorter since ``before``, but for what an erasure deleted meanwhile."""
        files = await asyncio.to_thread(_damaged, path, before)
        if files:
            _log.error("recording_damaged", recording=name, files=files, reason="the upload command did that")
            room, candidate, _ = folder.split_id(name)
            self._bus.publish(
                events.RecordingDamaged(room=room, peer=candidate, recording=name, files=tuple(files))
            )  # fmt: skip

    async def _run(self, name: str, path: Path, attempt: int) -> str:
        """Run the command once; returns why it failed, or nothing."""
        room, candidate, begun = folder.split_id(name)
        given = {
            "PSFU_RECORDING": name, "PSFU_ROOM": room, "PSFU_CANDIDATE": candidate, "PSFU_BEGUN": begun,
            "PSFU_FOLDER": str(path), "PSFU_MANIFEST": str(path / folder.MANIFEST), "PSFU_ATTEMPT": str(attempt),
        }  # fmt: skip
        inherited = {each: os.environ[each] for each in _INHERITED if each in os.environ}
        said = _LastWords()
        try:
            process = await said.start(self._command, inherited | given, path)
        except OSError as error:
            return f"{self._command[0]}: {(error.strerror or str(error)).lower()}"
        try:
            async with asyncio.timeout(self._longest_run):
                code = await process.wait()
        except TimeoutError:
            await _end(process)
            return f"it did not end within {self._longest_run:g} s"
        except asyncio.CancelledError:
            await _end(process)
            raise
        finally:
            last = await said.end()
        return "" if code == 0 else f"exit status {code}" + (f": {last[:500]}" if last else "")


class _LastWords(asyncio.Protocol):
    """Keeps the end of what a command prints, however much that is and whoever else has its output still open."""

    def __init__(self) -> None:
        self._kept = b""
        self._over = asyncio.Event()
        self._pipe: asyncio.ReadTransport | None = None

    async def start(self, command: Sequence[str], environment: dict[str, str], cwd: Path) -> asyncio.subprocess.Process:
        """Run a command in a session, hence a process group, of its own. Raises `OSError`."""
        read, write = os.pipe()
        try:
            # First, so that nothing runs whose output nobody can read.
            await self._watch(os.fdopen(read, "rb"))
            return await asyncio.create_subprocess_exec(
                *command, env=environment, stdin=asyncio.subprocess.DEVNULL, stdout=write, stderr=write, cwd=cwd,
                start_new_session=True,
            )  # fmt: skip
        except BaseException:
            if self._pipe is not None:
                self._pipe.close()
            raise
        finally:
            os.close(write)

    async def _watch(self, pipe: BinaryIO) -> None:
        try:
            self._pipe, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: self, pipe)
        except BaseException:
            pipe.close()
            raise

    async def end(self) -> str:
        """Return its last line; the command has ended, but what it left behind may go on."""
        with suppress(TimeoutError):
            async with asyncio.timeout(0.5):
                await self._over.wait()
        if self._pipe is not None:
            self._pipe.close()
        return self._kept.decode(errors="replace").strip().rpartition("\n")[2]

    def data_received(self, data: bytes) -> None:
        self._kept = (self._kept + data)[-LAST_WORDS:]

    def connection_lost(self, reason: Exception | None) -> None:
        self._over.set()


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a command, and what it started, which nobody can wait for."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            async with asyncio.timeout(FAREWELL):
                await process.wait()
        except TimeoutError:
            continue
        return


def _sizes(path: Path) -> dict[str, int]:
    """Return what a recording is made of, with its bytes; nothing if it is gone."""
    sizes = {}
    with suppress(FileNotFoundError):
        for each in [*folder.journals(path), *(path / name for name in (folder.LEDGER, folder.MANIFEST, folder.KEY))]:
            with suppress(FileNotFoundError):
                sizes[each.name] = each.stat().st_size
    return sizes


def _damaged(path: Path, before: Mapping[str, int]) -> list[str]:
    """Return which files are gone or shorter than ``before``, though nobody erased them."""
    after = _sizes(path)
    files = [name for name, size in before.items() if after.get(name, -1) < size and name != folder.MANIFEST]
    files += [folder.MANIFEST] if folder.MANIFEST in before and folder.MANIFEST not in after else []
    if not files:
        return []
    try:
        stated = contents.journals(ledger_file.read(path).rows)
    except (OSError, PsfuError, ValueError):
        return files
    erased = {each.file for each in stated.values() if each.erased}
    return [name for name in files if name not in erased and not (erased and name == folder.KEY)]


def _write(path: Path, state: str, attempts: int, problem: str) -> None:
    note = {"state": state, "attempts": attempts, "at": time.time(), "problem": problem}
    replace(path / NOTE, json.dumps(note).encode() + b"\n")


def _waits(path: Path) -> bool:
    try:
        return bool(json.loads((path / NOTE).read_bytes())["state"] == "waiting")
    except (OSError, ValueError, KeyError, TypeError):
        return False
