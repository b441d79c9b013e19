"""What a process of simulated peers tells its coordinator, and what it is told: one JSON object a line.

Times ``at`` are seconds of the monotonic clock, which all processes of a machine share; other times are seconds.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from proctor_sfu.simulate.plan import Part, Plan
from proctor_sfu.simulate.trust import Trust


class _Line(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Task(_Line):
    """The first line to a process. It answers with `Ready`; the second line is `Begin`; the end of input ends it."""

    url: str
    trust: Trust
    plan: Plan
    parts: tuple[Part, ...]
    credentials: dict[str, dict[str, Any]]
    """Peer -> data of its ``authenticate``."""
    clips: dict[str, str]
    """Source, for a camera in simulcast ``camera/0`` to ``camera/2`` -> file."""


class Begin(_Line):
    """When the simulation begins."""

    at: float


class Ready(_Line):
    """The process can begin."""

    event: Literal["ready"] = "ready"
    pid: int


class Joined(_Line):
    """A candidate publishes everything, or a proctor waits for what there is to see."""

    event: Literal["joined"] = "joined"
    peer: str
    role: Literal["candidate", "proctor"]
    at: float
    took: float
    """Since it began to connect."""
    again: bool
    """It was there before."""


class Left(_Line):
    """A peer went, as planned."""

    event: Literal["left"] = "left"
    peer: str
    at: float


class Trouble(_Line):
    """Something that was not planned; the peer tries again."""

    event: Literal["trouble"] = "trouble"
    peer: str
    at: float
    code: str
    reason: str


class Kicked(_Line):
    """Somebody took a peer out of the room, and it does not come again."""

    event: Literal["kicked"] = "kicked"
    peer: str
    at: float
    reason: str


class First(_Line):
    """The first picture, or sound, of a source reached a proctor."""

    event: Literal["first"] = "first"
    viewer: str
    peer: str
    source: str
    at: float
    took: float
    """Since the server offered it."""


class Gap(_Line):
    """Nothing came for a while."""

    event: Literal["gap"] = "gap"
    viewer: str
    peer: str
    source: str
    at: float
    seconds: float


class Watched(_Line):
    """A proctor's view of a source is over."""

    event: Literal["watched"] = "watched"
    viewer: str
    peer: str
    source: str
    offered: float
    """Seconds since the server offered it."""
    active: float
    """Seconds since the first arrival in which something should have come."""
    arrived: int
    """Complete pictures, or packets of sound."""
    packets: int
    lost: int
    repaired: int
    began: bool
    """Whether anything came at all."""


class Stretch(_Line):
    """From ``at`` on a candidate sends pictures ``number``, ``number`` + 1, … at a steady pace."""

    event: Literal["stretch"] = "stretch"
    peer: str
    source: str
    height: int
    at: float
    number: int


class Seen(_Line):
    """Pictures a proctor decoded: number and time of each."""

    event: Literal["seen"] = "seen"
    viewer: str
    peer: str
    source: str
    height: int
    pictures: tuple[tuple[int, float], ...]
    unreadable: int


class Pulse(_Line):
    """How the process is, every second."""

    event: Literal["pulse"] = "pulse"
    at: float
    present: dict[str, int]
    """Peers that are in the room now, by role."""
    arrived: int
    """Complete pictures and packets of sound so far."""
    received: int
    """Bytes so far."""
    lag: float
    """Longest the event loop was late since the last one."""
    cpu: float
    """Processor time so far."""
    memory: int
    """Resident bytes."""


Event: TypeAlias = Annotated[
    Ready | Joined | Left | Trouble | Kicked | First | Gap | Watched | Stretch | Seen | Pulse,
    Field(discriminator="event"),
]

EVENT: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads a line."""
