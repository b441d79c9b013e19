"""What can be done to an exam from the monitor: nothing without a question answered by typing a name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from proctor_sfu.control.client import Client

SOURCES: Final = ("camera", "screen", "microphone")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """Something to be done, once confirmed."""

    question: str
    consequence: str
    done: str
    """What is said afterwards."""
    run: Callable[[str], object]
    """Does it; takes the reason. Raises `PsfuError`."""


def kick(client: Client, room: str, peer: str, name: str) -> Deed:
    """Return how somebody, called ``name`` here, is taken out of a room."""
    return Deed(
        question=f"Kick {name} out of {room}?",
        consequence="Everything it publishes and watches ends, and its client is told why.",
        done=f"{name} was kicked out of {room}",
        run=lambda reason: client.candidates.kick(room, peer, reason=reason),
    )


def record(client: Client, room: str, peer: str | None, name: str, *, on: bool) -> Deed:
    """Return how a candidate, or everybody of a room, is recorded or no longer recorded."""
    who = f"everybody in {room}" if peer is None else f"{name} in {room}"
    if on:
        return Deed(
            question=f"Stop recording {who}?",
            consequence="What is recorded so far is finished and kept; what follows is not recorded.",
            done=f"{who} is no longer recorded",
            run=lambda reason: client.recordings.stop(room, peer, SOURCES),
        )
    return Deed(
        question=f"Record {who}?",
        consequence="Camera, screen and microphone, from now on.",
        done=f"{who} is recorded",
        run=lambda reason: client.recordings.start(room, peer, SOURCES, None),
    )


def close(client: Client, room: str) -> Deed:
    """Return how a room is closed."""
    return Deed(
        question=f"Close {room}?",
        consequence="Everybody in it is sent away. This ends the exam in this room.",
        done=f"{room} was closed",
        run=lambda reason: client.rooms.close(room, reason=reason),
    )
