"""The test's end of the client processes: starts them, sends commands, collects their events and waits for them.

Waiting is always for an event, with a generous limit; the events carry the times that are judged.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeAlias

Event: TypeAlias = dict[str, Any]
Match: TypeAlias = Callable[[Event], bool]

_ROOT: Final = Path(__file__).resolve().parents[2]
LIMIT: Final = 20.0
"""Seconds after which a test stops waiting for an event."""


class CommandFailedError(AssertionError):
    """A client's command was refused; ``code`` is the server's."""

    def __init__(self, actor: str, event: Event) -> None:
        super().__init__(f"{actor}: {event['do']} failed: {event['code']} {event['reason']}")
        self.code = str(event["code"])


class Actor:
    """One client process. ``kind`` is ``candidate`` or ``proctor``."""

    def __init__(self, kind: str, log: Path) -> None:
        self.kind = kind
        self.name = kind
        self.log = log
        self.events: list[Event] = []
        self._changed = threading.Condition()
        environment = os.environ | {"PYTHONPATH": os.pathsep.join((str(_ROOT / "tests"), str(_ROOT)))}
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                [sys.executable, "-m", f"end_to_end.{kind}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment,
                text=True,
                bufsize=1,
            )
        self._reader = threading.Thread(target=self._read, name=f"events of {kind}", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    # -- Commands --------------------------------------------------------------------------------

    def start(self, command: str, **arguments: Any) -> int:
        """Send a command and return a mark before its first event."""
        mark = self.mark()
        if self._process.stdin is None:
            raise RuntimeError("the process has no stdin")
        self._process.stdin.write(json.dumps({"do": command, **arguments}) + "\n")
        self._process.stdin.flush()
        return mark

    def finish(self, command: str, mark: int) -> Any:
        """Wait for the end of a command sent by `start` and return its answer."""
        ended = self.wait(lambda e: e["event"] in ("done", "failed") and e["do"] == command, after=mark)
        if ended["event"] == "failed":
            raise CommandFailedError(self.name, ended)
        return ended["answer"]

    def do(self, command: str, **arguments: Any) -> Any:
        """Send a command, wait for its end and return its answer."""
        return self.finish(command, self.start(command, **arguments))

    def request(self, method: str, **data: Any) -> Any:
        """Send a signaling request and return its answer."""
        return self.do("request", method=method, data=data)

    def enter(self, url: str, room: str, peer: str, role: str | None = None) -> Actor:
        """Connect as ``peer`` and forget all earlier events."""
        with self._changed:
            self.events.clear()
        self.name = peer
        self.do("connect", url=url, room=room, peer=peer, role=role)
        return self

    def login(self, url: str, peer: str, token: str) -> Any:
        """Connect with a token, when the server is there, and return what it answers; earlier events are forgotten."""
        with self._changed:
            self.events.clear()
        self.name = peer
        return self.do("login", url=url, token=token)

    def freeze(self) -> None:
        """Stop the process where it is: nothing it sends goes on, and nothing says why."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)

    # -- Events ----------------------------------------------------------------------------------

    def mark(self) -> int:
        """Return the number of events so far."""
        with self._changed:
            return len(self.events)

    def caught_up(self) -> Actor:
        """Wait until everything it has told by now is among the events: what others tell of it may be there before."""
        self.do("nothing")
        return self

    def all(self, match: Match, *, after: int = 0) -> list[Event]:
        """Return the events so far that match."""
        with self._changed:
            return [event for event in self.events[after:] if match(event)]

    def wait(self, match: Match, *, after: int = 0, count: int = 1, limit: float = LIMIT) -> Event:
        """Wait for the ``count``-th event after the mark that matches, and return it."""
        end = time.monotonic() + limit
        with self._changed:
            while True:
                found = [event for event in self.events[after:] if match(event)]
                if len(found) >= count:
                    return found[count - 1]
                left = end - time.monotonic()
                if left <= 0 or self._process.poll() is not None:
                    raise AssertionError(f"{len(found)} of {count} events within {limit:g} s. {self._describe(after)}")
                self._changed.wait(min(left, 0.5))

    def told(self, method: str, *, after: int = 0, **data: Any) -> Event:
        """Wait for a notification with at least these members of its data."""
        return self.wait(lambda e: is_told(e, method, data), after=after)

    def offered(self, peer: str, source: str) -> Event:
        """Wait for the consumer of a source."""
        return self.wait(lambda e: e["event"] == "consumer" and (e["peer"], e["source"]) == (peer, source))

    def sees(self, peer: str, *, after: int = 0, count: int = 1) -> Event:
        """Wait for a decoded picture of ``peer`` with a readable number."""
        return self.wait(lambda e: is_frame(e, peer), after=after, count=count)

    def end(self) -> None:
        """End the process and wait for it; one that hangs is killed and is an error."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            code = self._process.wait(timeout=LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            raise
        finally:
            self._reader.join()
            if self._process.stdout is not None:
                self._process.stdout.close()
        if code != 0:
            raise AssertionError(f"the {self.kind} process ended with {code}: {self.log.read_text()[-2000:]}")

    def _read(self) -> None:
        if self._process.stdout is None:
            raise RuntimeError("the process has no stdout")
        for line in self._process.stdout:
            event = json.loads(line)
            with self._changed:
                self.events.append(event)
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _describe(self, after: int) -> str:
        recent = [event for event in self.events[after:] if event["event"] not in ("sent", "frame")][-12:]
        counts: dict[str, int] = {}
        for event in self.events[after:]:
            counts[event["event"]] = counts.get(event["event"], 0) + 1
        return f"{self.name}: {counts}; {recent}; exit {self._process.poll()}; {self.log.read_text()[-2000:]}"


def is_told(event: Event, method: str, data: Event) -> bool:
    """Whether an event is this notification."""
    if event["event"] != "notification" or event["method"] != method:
        return False
    return all(event["data"].get(key) == value for key, value in data.items())


def is_frame(event: Event, peer: str) -> bool:
    """Whether an event is a decoded picture of ``peer`` whose number could be read."""
    return event["event"] == "frame" and event["peer"] == peer and event["number"] is not None


def is_sent(event: Event) -> bool:
    """Whether an event is a picture that left a candidate."""
    return bool(event["event"] == "sent")
