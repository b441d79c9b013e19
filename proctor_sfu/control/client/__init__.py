"""The control API from the other side, one file for each noun: ``Client(path).rooms.list()``.

What is used of it is imported when it is used: a command uses little, and what is imported costs it time.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from proctor_sfu.control.client.audit import Audit
    from proctor_sfu.control.client.candidates import Candidates
    from proctor_sfu.control.client.daemon import Daemon
    from proctor_sfu.control.client.events import Events
    from proctor_sfu.control.client.quality import Quality
    from proctor_sfu.control.client.recordings import Recordings
    from proctor_sfu.control.client.rooms import Rooms
    from proctor_sfu.control.client.tokens import Tokens
    from proctor_sfu.control.client.transport import Transport
    from proctor_sfu.control.client.workers import Workers

TIMEOUT: Final = 10.0
"""Seconds a request may take."""


class Client:
    """Talks to the daemon at a socket. Every method raises `UnreachableError` or `AnswerError`."""

    def __init__(self, path: Path, *, timeout: float = TIMEOUT) -> None:
        self._path = path
        self._timeout = timeout

    @cached_property
    def _transport(self) -> Transport:
        from proctor_sfu.control.client.transport import Transport

        return Transport(self._path, timeout=self._timeout)

    @cached_property
    def daemon(self) -> Daemon:
        """The daemon itself."""
        from proctor_sfu.control.client.daemon import Daemon

        return Daemon(self._transport)

    @cached_property
    def rooms(self) -> Rooms:
        """Rooms."""
        from proctor_sfu.control.client.rooms import Rooms

        return Rooms(self._transport)

    @cached_property
    def audit(self) -> Audit:
        """The audit."""
        from proctor_sfu.control.client.audit import Audit

        return Audit(self._transport)

    @cached_property
    def candidates(self) -> Candidates:
        """Who is in the rooms."""
        from proctor_sfu.control.client.candidates import Candidates

        return Candidates(self._transport)

    @cached_property
    def tokens(self) -> Tokens:
        """Join tokens."""
        from proctor_sfu.control.client.tokens import Tokens

        return Tokens(self._transport)

    @cached_property
    def workers(self) -> Workers:
        """The worker processes."""
        from proctor_sfu.control.client.workers import Workers

        return Workers(self._transport)

    @cached_property
    def recordings(self) -> Recordings:
        """Recordings."""
        from proctor_sfu.control.client.recordings import Recordings

        return Recordings(self._transport)

    @cached_property
    def quality(self) -> Quality:
        """Live quality."""
        from proctor_sfu.control.client.quality import Quality

        return Quality(self._transport)

    @cached_property
    def events(self) -> Events:
        """What happened."""
        from proctor_sfu.control.client.events import Events

        return Events(self._transport)
