"""Where frames and events come from: a daemon, live. A feed works in threads of its own and tells a sink."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Final, TypeVar

from proctor_sfu.control.api.events import Event
from proctor_sfu.control.api.quality import Candidate, Frame, Layer, Source
from proctor_sfu.control.client import Client
from proctor_sfu.errors import PsfuError
from psfu_tui.happenings import REMEMBERED
from psfu_tui.links import Keeper, Link, Sink
from psfu_tui.sentences import happening

T = TypeVar("T")

FIRST_WAIT: Final = 0.5
LONGEST_WAIT: Final = 5.0
"""Seconds between two tries to reach a daemon that went away."""


class LiveFeed:
    """The streams of a daemon. It never gives up: a daemon that went away may come back."""

    def __init__(self, client: Client, room: str | None = None, *, keeper: Keeper | None = None) -> None:
        self._client = client
        self._room = room
        self._keeper = keeper
        self._stopped = threading.Event()

    def start(self, sink: Sink) -> None:
        """Begin to read."""
        sink.link(Link(state="connecting"))
        for name, read in {"frames": self._read_frames, "events": self._read_events}.items():
            # Readers block in their sockets; they must not keep the program from ending.
            threading.Thread(target=self._run, args=(read, sink), name=f"psfu-{name}", daemon=True).start()

    def stop(self) -> None:
        """Let the readers end with the next thing they get."""
        self._stopped.set()

    def _run(self, read: Callable[[Sink], None], sink: Sink) -> None:
        try:
            read(sink)
        except Exception as error:
            sink.failed(error)  # Or it would end up in a stream nobody sees while the screen is in use.

    def _read_frames(self, sink: Sink) -> None:
        for news in reconnecting(self._frames, self._stopped.wait):
            if self._stopped.is_set():
                return
            if isinstance(news, Link):
                sink.link(news)
            else:
                sink.frame(news)
                if self._keeper is not None:
                    self._keeper.frame(news)  # A disk may take its time.

    def _frames(self) -> Iterator[Frame]:
        # Of a thousand candidates fifty are looked at.
        return self._client.quality.stream(room=self._room, deferred={Source, Layer}, single={Candidate})

    def _read_events(self, sink: Sink) -> None:
        for news in reconnecting(self._events, self._stopped.wait):
            if self._stopped.is_set():
                return
            if not isinstance(news, Link):  # The other reader tells how the daemon is.
                events, anew = news
                events = tuple(events)
                if self._keeper is not None:
                    for event in events:
                        self._keeper.event(event)
                sink.happened([happening(each) for each in events], anew=anew)

    def _events(self) -> Iterator[tuple[Iterable[Event], bool]]:
        found, last = self._client.events.list(room=self._room, limit=REMEMBERED)
        yield found, True
        for event in self._client.events.follow(last, room=self._room):
            yield [event], False


def reconnecting(stream: Callable[[], Iterator[T]], rest: Callable[[float], object]) -> Iterator[T | Link]:
    """Yield what a stream has, without end, and a `Link` whenever the daemon went away or came back.

    ``rest`` waits so many seconds between two tries.
    """
    wait = 0.0
    connected = False
    while True:
        try:
            for news in stream():
                if not connected:
                    connected, wait = True, 0.0
                    yield Link(state="live")
                yield news
            reason = "the daemon ended the stream"
        except PsfuError as error:
            reason = str(error)
        connected = False
        yield Link(state="disconnected", text=reason)
        wait = min(max(FIRST_WAIT, 2 * wait), LONGEST_WAIT)
        rest(wait)
