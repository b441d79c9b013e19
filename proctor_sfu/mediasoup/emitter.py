"""Events of the mediasoup entities: ``on``, ``once``, ``off``, and a future for the next occurrence.

An own emitter rather than a library's: a busy server holds a hundred thousand consumers, and one that nobody listens
to costs one empty slot here.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Any, TypeAlias

Listener: TypeAlias = Callable[..., object]

_log = logging.getLogger("psfu.mediasoup")


class Emitter:
    """A source of named events. Listeners run in the order they were added, in the event loop."""

    __slots__ = ("_listeners",)

    def __init__(self) -> None:
        self._listeners: dict[str, list[Listener]] | None = None

    def on(self, event: str, listener: Listener) -> Listener:
        """Call ``listener`` at every ``event``; returns it, for `off`."""
        if self._listeners is None:
            self._listeners = {}
        self._listeners.setdefault(event, []).append(listener)
        return listener

    def once(self, event: str, listener: Listener) -> Listener:
        """Call ``listener`` at the next ``event`` only; returns what `off` takes."""

        def first(*args: Any) -> None:
            self.off(event, first)
            listener(*args)

        return self.on(event, first)

    def off(self, event: str, listener: Listener) -> None:
        """Remove one registration of ``listener``; one that is not registered is ignored."""
        listeners = (self._listeners or {}).get(event, [])
        if listener in listeners:
            listeners.remove(listener)

    def wait(self, event: str) -> asyncio.Future[tuple[Any, ...]]:
        """Return a future of the arguments of the next ``event``."""
        future: asyncio.Future[tuple[Any, ...]] = asyncio.get_running_loop().create_future()

        def resolve(*args: Any) -> None:
            if not future.done():
                future.set_result(args)

        listener = self.once(event, resolve)
        future.add_done_callback(lambda _: self.off(event, listener))
        return future

    def listener_count(self, event: str) -> int:
        """Return how many listeners ``event`` has."""
        return len((self._listeners or {}).get(event, ()))

    def emit(self, event: str, *args: Any) -> None:
        """Call the listeners of ``event``.

        A listener that raises does not stop the others: the failure is logged and emitted as ``listenererror``
        with the event's name and the exception.
        """
        if self._listeners is None:
            return
        for listener in tuple(self._listeners.get(event, ())):
            try:
                listener(*args)
            except Exception as error:  # Reported, and the cascade that emitted must go on.
                _log.error("listener of %r failed", event, exc_info=error)
                if event != "listenererror":
                    self.emit("listenererror", event, error)
