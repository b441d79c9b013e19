"""A thread that does jobs in order and never gives one up: what a disk refuses is tried again until it takes it."""

from __future__ import annotations

import errno
import queue
import threading
import time
from collections.abc import Callable
from typing import Final, TypeAlias

Job: TypeAlias = Callable[[], None]
"""Does what is left of it. Raises `OSError` if that is not possible now."""

RETRY: Final = 0.25
"""Seconds between attempts."""
FAREWELL: Final = 3.0
"""Seconds a disk that refuses gets at the end."""
FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT})


class Lane:
    """Started by `start`, ended by `close`."""

    def __init__(self, name: str, gave_up: Callable[[OSError], None] = lambda error: None) -> None:
        """``gave_up`` is called in the lane, once, when a disk still refuses at the end."""
        self.trouble: OSError | None = None
        """Why the disk refuses at the moment."""
        self.errors = 0
        """How often it refused so far."""
        self.busy = 0.0
        """Seconds spent on jobs so far."""
        self._gave_up = gave_up
        self._jobs: queue.SimpleQueue[tuple[Job, bool] | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._given_up = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def put(self, job: Job, *, always: bool = False) -> None:
        """Have a job done after those before it; ``always``: also when those were given up, since it needs no disk."""
        self._jobs.put((job, always))

    def close(self) -> bool:
        """Do what is left and end; returns whether all was done."""
        self._ending.set()
        self._jobs.put(None)
        self._thread.join()
        return not self._given_up

    def _run(self) -> None:
        while (found := self._jobs.get()) is not None:
            job, always = found
            if not self._given_up:
                self._do(job)
            elif always:
                job()

    def _do(self, job: Job) -> None:
        deadline = float("inf")
        while True:
            began = time.monotonic()
            try:
                job()
            except OSError as error:
                self.trouble = refusal = error
                self.errors += 1
            else:
                self.trouble = None
                self.busy += time.monotonic() - began
                return
            if self._ending.is_set():
                deadline = min(deadline, began + FAREWELL)
                if began > deadline:
                    self._given_up = True
                    self._gave_up(refusal)
                    return
            # Nothing tells when the disk takes it again but trying.
            if self._ending.wait(RETRY):
                time.sleep(RETRY)


def kind_of(error: OSError) -> str:
    """Return the cause a ledger names for what a disk refused."""
    return "disk-full" if error.errno in FULL else "disk-failed"
