"""What happens in the exams, as typed facts, and the bus in the process that carries them.

Events are for those who watch and react (monitor, webhooks, pages); what has to be provable later is in the audit.
"""

from __future__ import annotations

import dataclasses
import difflib
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final, Literal, TypeAlias

import structlog

from proctor_sfu.clock import timestamp
from proctor_sfu.feed import Feed, Missed

_log = structlog.get_logger("psfu.events")

REMEMBERED: Final = 10_000
"""Events a follower may be behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Base of all; ``kind`` is stable and unique."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomEvent(Event):
    """Something happened in a room."""

    room: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerEvent(RoomEvent):
    """Something happened to a peer of a room."""

    peer: str


# Rooms.


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomCreated(RoomEvent):
    """A room can be joined."""

    kind: ClassVar[str] = "room_created"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomMoved(RoomEvent):
    """A room's worker died and another one took over; its peers begin again."""

    kind: ClassVar[str] = "room_moved"
    worker: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoomClosed(RoomEvent):
    """A room and all connections in it were closed."""

    kind: ClassVar[str] = "room_closed"
    reason: str
    by: Mapping[str, Any] = field(default_factory=lambda: {"kind": "daemon"})
    """Who did, as in the audit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentsChanged(RoomEvent):
    """Somebody watches other candidates than before."""

    kind: ClassVar[str] = "assignments_changed"
    mode: str


# Peers.


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerEntered(PeerEvent):
    """A peer authenticated and has its place in the room."""

    kind: ClassVar[str] = "peer_entered"
    role: str
    name: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerStateChanged(PeerEvent):
    """A peer went from one connection state to another."""

    kind: ClassVar[str] = "peer_state_changed"
    before: str
    state: str
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerLeft(PeerEvent):
    """A peer gave up its place, or lost it."""

    kind: ClassVar[str] = "peer_left"
    reason: str
    note: str = ""
    """Of whoever took it out (``kicked``): why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondLogin(PeerEvent):
    """Somebody authenticated as a peer that is there already."""

    kind: ClassVar[str] = "second_login"
    outcome: Literal["refused", "takeover"]
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginRefused(Event):
    """Somebody with a token that is no good, or not now; ``code`` says why."""

    kind: ClassVar[str] = "login_refused"
    code: str
    address: str
    room: str | None
    """The room the token is for, if its signature is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandRaised(PeerEvent):
    """A candidate raised its hand or took it down."""

    kind: ClassVar[str] = "hand_raised"
    raised: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmarked(PeerEvent):
    """A proctor noted an incident of a candidate."""

    kind: ClassVar[str] = "bookmarked"
    id: str
    by: str
    note: str


# Sources.


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePublished(PeerEvent):
    """A peer sends a source."""

    kind: ClassVar[str] = "source_published"
    source: str
    producer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEnded(PeerEvent):
    """A peer sends a source no more."""

    kind: ClassVar[str] = "source_ended"
    source: str
    producer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceMissing(PeerEvent):
    """A candidate that is connected does not send a source its room requires."""

    kind: ClassVar[str] = "source_missing"
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceBack(PeerEvent):
    """A source that was missing is there."""

    kind: ClassVar[str] = "source_back"
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UplinkThin(PeerEvent):
    """A candidate's uplink is too thin for ``held_back`` (nothing: any more); ``available``: bits per second."""

    kind: ClassVar[str] = "uplink_thin"
    held_back: tuple[str, ...]
    available: int


# Quality.


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChanged(PeerEvent):
    """A candidate or proctor is in more or less trouble than before, or in another kind of it."""

    kind: ClassVar[str] = "level_changed"
    role: str
    before: str
    level: str
    """``none``, ``ok``, ``warn``, ``bad``."""
    reasons: tuple[str, ...]
    health: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFound(Event):
    """Several candidates got worse within 3 s, and what they share; ``summary`` names all that explains it as well."""

    kind: ClassVar[str] = "incident_found"
    id: int
    room: str | None
    """The room of all of them, None if there are several."""
    candidates: tuple[str, ...]
    shared: str
    value: str
    others: int
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLevelChanged(Event):
    """A worker has no processor time left or answers late, or is well again."""

    kind: ClassVar[str] = "worker_level_changed"
    pid: int
    before: str
    level: str
    reasons: tuple[str, ...]


# Recordings.


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingBegun(PeerEvent):
    """A candidate is recorded; ``resumed``: again, after an interruption."""

    kind: ClassVar[str] = "recording_begun"
    recording: str
    resumed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFinished(PeerEvent):
    """A recording is complete and signed."""

    kind: ClassVar[str] = "recording_finished"
    recording: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingUploaded(PeerEvent):
    """The command of ``recording.upload_command`` took a finished recording."""

    kind: ClassVar[str] = "recording_uploaded"
    recording: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingNotUploaded(PeerEvent):
    """It failed; it is run again until it succeeds, and the recording stays where it is."""

    kind: ClassVar[str] = "recording_not_uploaded"
    recording: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDamaged(PeerEvent):
    """That command deleted or cut files of the recording, which psfu leaves alone; verify tells what is left."""

    kind: ClassVar[str] = "recording_damaged"
    recording: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingErased(PeerEvent):
    """The journals of a recording were deleted; its ledger says so."""

    kind: ClassVar[str] = "recording_erased"
    recording: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingRefused(PeerEvent):
    """A candidate that should be recorded is not; ``code`` says why."""

    kind: ClassVar[str] = "recording_refused"
    code: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStalled(PeerEvent):
    """Nothing of a source was written for some seconds."""

    kind: ClassVar[str] = "recording_stalled"
    source: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingFlows(PeerEvent):
    """A source that was stalled is written again."""

    kind: ClassVar[str] = "recording_flows"
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecorderDied(Event):
    """The recorder process ended unexpectedly; another one goes on."""

    kind: ClassVar[str] = "recorder_died"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingDisk(Event):
    """The disk of the recordings is in trouble, ``disk-full``, ``disk-slow`` or ``disk-failed``, or no more: ``""``."""

    kind: ClassVar[str] = "recording_disk"
    trouble: str
    reason: str


# The daemon.


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerDied(Event):
    """A worker process ended unexpectedly."""

    kind: ClassVar[str] = "worker_died"
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditStuck(Event):
    """Audit records cannot be written; they are kept in memory and written when that is possible again."""

    kind: ClassVar[str] = "audit_stuck"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditResumed(Event):
    """Audit records are written again; ``lost`` did not fit into memory meanwhile."""

    kind: ClassVar[str] = "audit_resumed"
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditChanged(Event):
    """Somebody else had a hand in the audit's file: it was ``truncated``, ``moved`` or ``written``; records go on."""

    kind: ClassVar[str] = "audit_changed"
    how: str


KINDS: Final[Mapping[str, type[Event]]] = {
    each.kind: each
    for each in tuple(globals().values())
    if isinstance(each, type) and issubclass(each, Event) and hasattr(each, "kind")
}
"""Kind -> the event, of all there are."""


def unknown(kinds: Iterable[str]) -> str:
    """Return what is wrong with names of kinds, empty if nothing is: whoever waits for one that is none waits long."""
    for kind in kinds:
        if kind not in KINDS:
            alike = difflib.get_close_matches(kind, KINDS, 2)
            return f"no such kind of event: {kind!r}" + (f"; did you mean {' or '.join(alike)}?" if alike else "")
    return ""


# The bus.


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An event, its number since the daemon started, and when it happened in seconds of Unix time."""

    number: int
    at: float
    event: Event

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it: ``number``, ``at``, ``kind`` and the members of the event."""
        return {"number": self.number, "at": self.at, "kind": self.event.kind, **dataclasses.asdict(self.event)}

    def told(self) -> dict[str, Any]:
        """Return it as the control API and webhooks tell it, with what depends on the kind in ``details``."""
        details = dataclasses.asdict(self.event)
        room, peer = details.pop("room", None), details.pop("peer", None)
        return {
            "number": self.number, "at": timestamp(self.at), "kind": self.event.kind, "room": room, "peer": peer,
            "details": details,
        }  # fmt: skip


Subscriber: TypeAlias = Callable[[Record], None]


class Bus:
    """Carries events of one daemon from wherever they happen to whoever wants them; all in one thread."""

    def __init__(self, *, clock: Callable[[], float] = time.time, remembered: int = REMEMBERED) -> None:
        self._clock = clock
        self._feed: Feed[Record] = Feed(remembered)
        self._subscribers: list[Subscriber] = []

    @property
    def last(self) -> int:
        """Number of the newest event."""
        return self._feed.last

    def publish(self, event: Event) -> None:
        """Tell everybody; never blocks and never raises because of a subscriber."""
        record = Record(number=self._feed.last + 1, at=self._clock(), event=event)
        self._feed.add(record)
        for subscriber in tuple(self._subscribers):
            try:
                subscriber(record)
            except Exception:
                # Whoever publishes is in the middle of an exam and has nothing to do with it.
                _log.exception("event_subscriber_failed", kind=event.kind)

    def subscribe(self, subscriber: Subscriber) -> Callable[[], None]:
        """Call ``subscriber`` with every event, at once and in order, until the function returned is called."""
        self._subscribers.append(subscriber)
        return lambda: self._subscribers.remove(subscriber)

    def after(self, number: int) -> list[Record | Missed]:
        """Return the events after ``number`` that are remembered."""
        return self._feed.after(number)

    def follow(self, number: int) -> AsyncIterator[Record | Missed]:
        """Yield events after ``number`` without end; one who is slow gets `Missed` instead of those forgotten."""
        return self._feed.follow(number)
