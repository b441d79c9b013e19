"""Whom a proctor speaks to; state without I/O.

A voice is published once and heard by nobody until it is addressed: to one candidate (a whisper) or to all the proctor
may speak to (an announcement). It is addressed to one of both at a time.
"""

from __future__ import annotations

from enum import Enum
from typing import Final, Literal, TypeAlias


class _All(Enum):
    ALL = "all"


ALL: Final = _All.ALL
"""Everybody the speaker may whisper to."""
Addressee: TypeAlias = str | Literal[_All.ALL] | None


class Talk:
    """Who speaks to whom in a room."""

    def __init__(self) -> None:
        self._to: dict[str, str | Literal[_All.ALL]] = {}

    def address(self, speaker: str, to: Addressee) -> Addressee:
        """Let ``speaker`` be heard by ``to`` and nobody else, None: by nobody; returns who heard it before."""
        before = self._to.pop(speaker, None)
        if to is not None:
            self._to[speaker] = to
        return before

    def addressee(self, speaker: str) -> Addressee:
        """Return whom ``speaker`` speaks to."""
        return self._to.get(speaker)

    def hears(self, listener: str, speaker: str) -> bool:
        """Return whether what ``speaker`` says is addressed to ``listener``, if it may speak to it at all."""
        to = self._to.get(speaker)
        return to is ALL or to == listener

    def forget(self, peer: str) -> None:
        """The peer is gone: it neither speaks nor is spoken to alone."""
        self._to.pop(peer, None)
        for speaker in [speaker for speaker, to in self._to.items() if to == peer]:
            del self._to[speaker]
