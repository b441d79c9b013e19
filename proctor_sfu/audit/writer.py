"""The thread that writes audit lines, so that no disk ever holds up an exam."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from proctor_sfu.audit.files import Files

WAITING: Final = 100_000
"""Lines that wait in memory for the disk."""
RETRY: Final = 1.0
"""Seconds between attempts to write to a disk that refused."""
FAREWELL: Final = 5.0
"""Seconds the last lines get at the end."""


class Writer:
    """Writes in order what `put` gives it.

    ``stuck(reason)`` is called in the thread when the disk begins to refuse, ``resumed(lost)`` when it takes lines
    again, with the number of those that did not fit into memory meanwhile.
    """

    def __init__(
        self, files: Files, *, sync_seconds: float, stuck: Callable[[str], None], resumed: Callable[[int], None]
    ) -> None:
        self._files = files
        self._sync_seconds = sync_seconds
        self._tell_stuck = stuck
        self._tell_resumed = resumed
        self._changed = threading.Condition()
        self._waiting: deque[bytes] = deque()
        self._lost = 0
        self._stuck = False
        self._ending = False
        self._dirty = False
        self._synced = 0.0
        self._thread = threading.Thread(target=self._run, name="audit", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def put(self, line: bytes) -> None:
        """Have a line written; it is counted as lost if too many wait."""
        with self._changed:
            if len(self._waiting) >= WAITING:
                self._lost += 1
                return
            self._waiting.append(line)
            self._changed.notify()

    def close(self) -> int:
        """Write what waits and end; returns how many lines the disk did not take, or took and refused to keep."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(FAREWELL)
        return len(self._waiting) + self._files.unconfirmed

    def _run(self) -> None:
        last_try = False
        while True:
            try:
                self._append()
                self._sync()
            except OSError as error:
                if last_try:
                    break
                last_try = self._ending
                self._stick(error)
                continue
            self._unstick()
            with self._changed:
                if self._waiting:
                    continue
                if self._ending:
                    break
                self._changed.wait(self._sync_seconds if self._dirty else None)
        self._files.close()

    def _append(self) -> None:
        """Write everything that waits; a line is taken off only when it is written."""
        while self._waiting:
            self._dirty = True
            self._files.append(self._waiting[0])
            self._waiting.popleft()

    def _sync(self) -> None:
        now = time.monotonic()
        if self._dirty and (self._ending or now - self._synced >= self._sync_seconds):
            self._files.sync()
            self._synced, self._dirty = now, False

    def _stick(self, error: OSError) -> None:
        if not self._stuck:
            self._stuck = True
            self._tell_stuck(error.strerror or str(error))
        with self._changed:
            self._changed.wait_for(lambda: self._ending, RETRY)

    def _unstick(self) -> None:
        if self._stuck:
            self._stuck = False
            with self._changed:
                lost, self._lost = self._lost, 0
            self._tell_resumed(lost)
