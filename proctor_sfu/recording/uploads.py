"""Hands finished recordings to a command of the operator's, again and again until it succeeds.

What is still to be done is noted beside each recording, so that a restart goes on with it. The recording itself is
never touched: whatever the command does, the local copy stays until retention or an erasure ends it.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from proctor_sfu import events
from proctor_sfu.aio import spawn
from proctor_sfu.events import Bus
from proctor_sfu.recording import folder
from proctor_sfu.recording.seal import replace

_log = structlog.get_logger("psfu.recording")

NOTE: Final = "upload.json"
FIRST_WAIT: Final = 5.0
"""Seconds before the first repetition; each further wait is twice as long."""
LONGEST_WAIT: Final = 3600.0
FAREWELL: Final = 3.0
"""Seconds a command has to end when the daemon does."""
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")


class Uploads:
    """Runs ``command``, one recording after the other. Nothing is done if it is empty."""

    def __init__(self, directory: Path, command: Sequence[str], bus: Bus, *, first_wait: float = FIRST_WAIT) -> None:
        self._directory = directory
        self._command = tuple(command)
        self._bus = bus
        self._first_wait = first_wait
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
            await asyncio.to_thread(_write, path, "waiting", 0, "")
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
                problem = await self._run(name, path, attempt)
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

    async def _run(self, name: str, path: Path, attempt: int) -> str:
        """Run the command once; returns why it failed, or nothing."""
        room, candidate, begun = folder.split_id(name)
        given = {
            "PSFU_RECORDING": name, "PSFU_ROOM": room, "PSFU_CANDIDATE": candidate, "PSFU_BEGUN": begun,
            "PSFU_FOLDER": str(path), "PSFU_MANIFEST": str(path / folder.MANIFEST), "PSFU_ATTEMPT": str(attempt),
        }  # fmt: skip
        inherited = {each: os.environ[each] for each in _INHERITED if each in os.environ}
        try:
            process = await asyncio.create_subprocess_exec(
                *self._command, env=inherited | given, stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=path,
            )  # fmt: skip
        except OSError as error:
            return f"{self._command[0]}: {(error.strerror or str(error)).lower()}"
        try:
            output, _ = await process.communicate()
        except asyncio.CancelledError:
            await _end(process)
            raise
        if process.returncode == 0:
            return ""
        last = output.decode(errors="replace").strip().rpartition("\n")[2]
        return f"exit status {process.returncode}" + (f": {last[:500]}" if last else "")


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a command the daemon cannot wait for."""
    with suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(FAREWELL):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.communicate()


def _write(path: Path, state: str, attempts: int, problem: str) -> None:
    note = {"state": state, "attempts": attempts, "at": time.time(), "problem": problem}
    replace(path / NOTE, json.dumps(note).encode() + b"\n")


def _waits(path: Path) -> bool:
    try:
        return bool(json.loads((path / NOTE).read_bytes())["state"] == "waiting")
    except (OSError, ValueError, KeyError, TypeError):
        return False
