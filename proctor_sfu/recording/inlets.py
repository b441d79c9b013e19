"""The inlets of a recorder: the sockets it was given, each with what comes in there."""

from __future__ import annotations

import resource
import select
import socket
from collections.abc import Iterator
from typing import Final

from proctor_sfu.recording.intake import Intake
from proctor_sfu.recording.receive import Batch, dropped

EACH: Final = 8
"""Files a candidate needs: its inlet, its ledger, and a journal of each source or two while one follows the other."""
OTHERS: Final = 32
"""Files the recorder needs besides."""


class Inlets:
    """Registered with ``epoll`` as long as they are open."""

    def __init__(self, epoll: select.epoll) -> None:
        self.by_descriptor: dict[int, Intake] = {}
        self.lost = 0
        """Packets the kernel dropped since somebody came too late for them."""
        self._epoll = epoll
        self._open: dict[int, tuple[socket.socket, Intake]] = {}

    def refusal(self) -> str:
        """Return why there is none for another candidate, who would keep others from their next journal; or nothing."""
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if (len(self._open) + 1) * EACH + OTHERS <= limit:
            return ""
        return f"the recorder may have {limit} files open (LimitNOFILE), enough for {len(self._open)} candidates"

    def has(self, number: int) -> bool:
        """Whether an inlet is open."""
        return number in self._open

    def open(self, number: int, recording: str, descriptor: int) -> None:
        """Receive from a socket, which belongs to us from now on."""
        made = socket.socket(fileno=descriptor)
        intake = Intake(made.fileno(), recording)
        intake.dropped = dropped(made)
        self._open[number] = made, intake
        self.by_descriptor[made.fileno()] = intake
        self._epoll.register(made, select.EPOLLIN)

    def close(self, number: int, batch: Batch) -> None:
        """Receive from it no more, but for what waits in it; one that is not known was another recorder's."""
        if number in self._open:
            made, intake = self._open.pop(number)
            intake.drain(batch)
            self._epoll.unregister(made)
            del self.by_descriptor[made.fileno()]
            made.close()

    def intake(self, number: int) -> Intake:
        """Return what comes in at an inlet."""
        return self._open[number][1]

    def drain(self, batch: Batch) -> None:
        """Take all that waits in any of them."""
        for _, intake in self._open.values():
            intake.drain(batch)

    def dropped(self) -> Iterator[tuple[str, int]]:
        """Yield the recordings of which the kernel dropped packets since the last time, and how many."""
        for made, intake in self._open.values():
            before, intake.dropped = intake.dropped, dropped(made)
            if new := intake.dropped - before:
                self.lost += new
                yield intake.recording, new
