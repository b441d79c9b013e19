"""The outbox: what there is to say at one end of the socket between daemon and recorder, said as far as it is heard."""

from __future__ import annotations

import os
import queue
import socket

from proctor_sfu.recording import pipe, protocol
from proctor_sfu.recording.protocol import ToDaemon


class Outbox:
    """Filled from any thread, sent by the one that waits for `wake`, an event descriptor, to be readable."""

    def __init__(self, control: socket.socket) -> None:
        self.wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._control = control
        self._waiting: queue.SimpleQueue[ToDaemon] = queue.SimpleQueue()
        self._unsent: bytes | None = None

    def put(self, message: ToDaemon) -> None:
        """Have something said. From any thread."""
        self._waiting.put(message)
        self.rouse()

    def rouse(self) -> None:
        """Make `wake` readable. From any thread, and from a signal."""
        os.eventfd_write(self.wake, 1)

    def hear(self) -> None:
        """Make it readable no more."""
        os.eventfd_read(self.wake)

    def send(self) -> None:
        """Send what there is, as far as the other end takes it at the moment. Raises `OSError` when that is gone."""
        while self._unsent is not None or not self._waiting.empty():
            data = self._unsent or protocol.encode(self._waiting.get())
            try:
                self._unsent = None if pipe.send(self._control, data) else data
            except OSError:
                self._unsent = None
                raise
            if self._unsent is not None:
                return
