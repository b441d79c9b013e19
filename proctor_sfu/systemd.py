"""Talking to the service manager: the protocol of sd_notify(3), a datagram on the socket it names."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

LASTING: Final = frozenset({"READY=1", "STOPPING=1"})
"""What is said once."""
STATUS_SECONDS: Final = 30.0
"""Between two statuses when there is no watchdog."""


class Manager:
    """The service manager, or nobody: then every call does nothing."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        # A leading @ stands for the NUL of an abstract socket.
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._unsent: tuple[str, ...] = ()
        self.watchdog_seconds = _watchdog(environment)
        """How often it wants to hear from us at least; 0: not at all."""

    @property
    def listens(self) -> bool:
        """Whether there is a service manager that hears what is told."""
        return bool(self._address)

    def tell(self, *lines: str) -> None:
        """Send assignments such as ``READY=1``. Never waits, and a manager that went away is no reason to fail."""
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        news = (*self._unsent, *lines)
        self._unsent = ()
        with socket.socket(socket.AF_UNIX, kind) as notify:
            try:
                notify.sendto("\n".join(news).encode(), self._address)
            except BlockingIOError:
                # It does not read at the moment, for which no exam may stop: what stays true is told next time.
                self._unsent = tuple(line for line in news if line in LASTING)
            except OSError:
                self._address = ""

    async def keep_alive(self, status: Callable[[], str], alive: Callable[[float], Awaitable[bool]]) -> None:
        """Tell the status now and then and, if it wants that, that the service works.

        ``alive(seconds)`` has to find that out within ``seconds``; it runs in the event loop, so that a loop that hangs
        is noticed as well. While it says no nothing is sent, and the service manager acts after its own time.
        """
        if not self._address:
            return
        if not self.watchdog_seconds:
            while True:
                await asyncio.sleep(STATUS_SECONDS)
                self.tell(f"STATUS={status()}")
        interval = self.watchdog_seconds / 2
        clock = asyncio.get_running_loop().time
        while True:
            began = clock()
            if await alive(interval / 2):
                self.tell("WATCHDOG=1", f"STATUS={status()}")
            await asyncio.sleep(began + interval - clock())


def _watchdog(environment: Mapping[str, str]) -> float:
    if environment.get("WATCHDOG_PID", str(os.getpid())) != str(os.getpid()):
        return 0.0
    text = environment.get("WATCHDOG_USEC", "")
    return int(text) / 1e6 if text.isascii() and text.isdigit() else 0.0
