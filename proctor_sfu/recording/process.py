"""The recorder as the daemon has it: started when first needed, talked to, started again when it dies."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Final

import structlog

from proctor_sfu.aio import spawn
from proctor_sfu.errors import RecorderError
from proctor_sfu.pool.backoff import Backoff
from proctor_sfu.recording import pipe, protocol
from proctor_sfu.recording.protocol import Configure, Ready, Said, ToDaemon, ToRecorder

_log = structlog.get_logger("psfu.recording")

START: Final = 10.0
"""Seconds a recorder has to report."""
FAREWELL: Final = 20.0
"""Seconds it has to write what it has."""
_INHERITED: Final = ("PATH", "HOME", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "TZ", "PYTHONPATH")


class RecorderProcess:
    """One recorder at a time.

    ``heard`` gets its messages; ``came_back`` is called when another one took the place of one that died, and knows
    nothing yet.
    """

    def __init__(
        self, configure: Configure, *, heard: Callable[[ToDaemon], None], came_back: Callable[[], None]
    ) -> None:
        self.deaths = 0
        self.public_key = ""
        """Fingerprint of the key it signs with."""
        self._configure = configure
        self._heard = heard
        self._came_back = came_back
        self._process: subprocess.Popen[bytes] | None = None
        self._end: socket.socket | None = None
        self._unsent: deque[tuple[bytes, list[int]]] = deque()
        self._ready: asyncio.Future[None] | None = None
        self._gone: asyncio.Future[int] | None = None
        self._backoff = Backoff()
        self._starting = asyncio.Lock()
        self._returning: asyncio.Task[None] | None = None
        """Replaces one that died."""
        self._told = False
        """Whether there is one that knows what it has to."""
        self._closing = False

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process is not None and self._end is not None else None

    async def start(self) -> None:
        """Have one that runs and knows what it has to. Raises `RecorderError`."""
        while not self._told and not self._closing:
            if self._returning is not None:
                # Who replaces it tells it of what is recorded, before anything else is begun.
                await self._return(self._returning)
                continue
            async with self._starting:
                if not self._told and self._returning is None and not self._closing:
                    await self._start()
                    self._told = True

    async def _return(self, returning: asyncio.Task[None]) -> None:
        try:
            async with asyncio.timeout(START):
                await asyncio.shield(returning)
        except TimeoutError:
            raise RecorderError(f"the recorder died and another one did not report within {START:g} s") from None

    async def _start(self) -> None:
        loop = asyncio.get_running_loop()
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        here.setblocking(False)
        try:
            process = _spawn(there.fileno())
        except OSError as error:
            here.close()
            raise RecorderError(f"the recorder cannot be started: {error.strerror or error}") from error
        finally:
            there.close()
        self._process, self._end = process, here
        self._ready, self._gone = loop.create_future(), loop.create_future()
        assert process.stderr is not None
        await loop.connect_read_pipe(partial(_Lines, process.pid), process.stderr)
        watched = os.pidfd_open(process.pid)
        loop.add_reader(watched, self._died, watched)
        loop.add_reader(here.fileno(), self._listen)
        self._put(self._configure)
        try:
            async with asyncio.timeout(START):
                await self._ready
        except TimeoutError:
            process.kill()
            await self._gone
            raise RecorderError(f"the recorder did not report within {START:g} s") from None
        if self._end is not here:
            raise RecorderError("the recorder ended as soon as it had reported; see the log")
        _log.info("recorder_started", pid=process.pid)

    def send(self, message: ToRecorder, *descriptors: int) -> bool:
        """Send a message, at once or as soon as the recorder takes it; returns whether there is one.

        Dropped while there is none: the next one is told everything anew by whoever ``came_back`` calls.
        """
        if self._told:
            self._put(message, *descriptors)
        return self._told

    def _put(self, message: ToRecorder, *descriptors: int) -> None:
        if self._end is None:
            return
        data = protocol.encode(message)
        if not self._unsent and self._try(data, list(descriptors)):
            return
        if self._end is not None:
            # The caller may close its own descriptors meanwhile.
            self._unsent.append((data, [os.dup(each) for each in descriptors]))
            asyncio.get_running_loop().add_writer(self._end.fileno(), self._flush)

    def _try(self, data: bytes, descriptors: list[int]) -> bool:
        assert self._end is not None
        try:
            return pipe.send(self._end, data, descriptors)
        except OSError:
            return True  # It is dying; `_died` follows, and another one is told everything anew.

    def _flush(self) -> None:
        assert self._end is not None
        while self._unsent:
            data, descriptors = self._unsent[0]
            if not self._try(data, descriptors):
                return
            self._unsent.popleft()
            _close(descriptors)
        asyncio.get_running_loop().remove_writer(self._end.fileno())

    def _listen(self) -> None:
        assert self._end is not None
        try:
            while (received := pipe.receive(self._end)) is not None:
                self._take(received[0])
        except EOFError:
            asyncio.get_running_loop().remove_reader(self._end.fileno())

    def _take(self, message: Any) -> None:
        match message:
            case Ready():
                self.public_key = message.public_key
                if self._ready is not None and not self._ready.done():
                    self._ready.set_result(None)
            case Said():
                _log.log(_LEVELS[message.level], message.event, **message.fields)
            case _:
                self._heard(message)

    def _died(self, watched: int) -> None:
        loop = asyncio.get_running_loop()
        loop.remove_reader(watched)
        os.close(watched)
        assert self._process is not None and self._end is not None and self._gone is not None
        code = self._process.wait()
        # What it said last still counts.
        self._listen()
        loop.remove_reader(self._end.fileno())
        loop.remove_writer(self._end.fileno())
        self._end.close()
        knew, self._end, self._told = self._told, None, False
        for _, descriptors in self._unsent:
            _close(descriptors)
        self._unsent.clear()
        self._gone.set_result(code)
        if self._ready is not None and not self._ready.done():
            self._ready.set_exception(RecorderError(f"the recorder ended at once (exit code {code}); see the log"))
        elif knew and not self._closing:
            # One that had not begun yet is missed by whoever starts it.
            self.deaths += 1
            _log.error("recorder_died", pid=self._process.pid, code=code)
            self._returning = spawn(self._come_back(), name="restart the recorder")

    async def _come_back(self) -> None:
        while not self._closing:
            if delay := self._backoff.died(asyncio.get_running_loop().time()):
                await asyncio.sleep(delay)
            try:
                async with self._starting:
                    await self._start()
            except RecorderError as error:
                _log.error("recorder_not_started", reason=str(error))
                continue
            self._told, self._returning = True, None
            self._came_back()
            return

    async def close(self) -> None:
        """Let it write what it has and end; one that does not is killed."""
        self._closing = True
        if self._end is None or self._process is None or self._gone is None:
            return
        with suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)
        try:
            async with asyncio.timeout(FAREWELL):
                await asyncio.shield(self._gone)
        except TimeoutError:
            _log.error("recorder_killed", pid=self._process.pid, seconds=FAREWELL)
            self._process.kill()
            await asyncio.shield(self._gone)


def _spawn(descriptor: int) -> subprocess.Popen[bytes]:
    environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    # In a process group of its own: Ctrl-C is for the daemon, which ends it in order.
    return subprocess.Popen(
        [sys.executable, "-m", "proctor_sfu.recording.recorder", str(descriptor)], pass_fds=(descriptor,),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment,
        process_group=0,
    )  # fmt: skip


_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def _close(descriptors: list[int]) -> None:
    for each in descriptors:
        os.close(each)


class _Lines(asyncio.Protocol):
    """Logs what the recorder prints, which is only what nobody foresaw."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def data_received(self, data: bytes) -> None:
        for line in data.decode(errors="replace").splitlines():
            _log.error("recorder_printed", pid=self.pid, line=line)
