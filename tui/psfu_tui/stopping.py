"""A process that is stopped and goes on: Textual takes the terminal a second time when it had not given it up before.

It gives it up on SIGTSTP and takes it back on SIGCONT. A SIGSTOP, which nobody is told of, is followed by SIGCONT too;
then two threads would read the keys, and one of them for ever.
"""

from __future__ import annotations

import signal
from collections.abc import Callable
from types import FrameType


class Stopping:
    """Stands before the handlers there are. ``repaint`` is called after a stop that was not announced."""

    def __init__(self, repaint: Callable[[], object]) -> None:
        self._repaint = repaint
        self._stop = signal.getsignal(signal.SIGTSTP)
        self._go_on = signal.getsignal(signal.SIGCONT)
        self._announced = False

    def begin(self) -> None:
        """Take the signals; in the main thread."""
        if callable(self._stop) and callable(self._go_on):
            signal.signal(signal.SIGTSTP, self._stopped)
            signal.signal(signal.SIGCONT, self._continued)

    def _stopped(self, number: int, frame: FrameType | None) -> None:
        self._announced = True
        if callable(self._stop):
            self._stop(number, frame)

    def _continued(self, number: int, frame: FrameType | None) -> None:
        if self._announced and callable(self._go_on):
            self._announced = False
            self._go_on(number, frame)
        else:
            self._repaint()
