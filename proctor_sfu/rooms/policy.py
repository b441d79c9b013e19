"""Who may do what to whom: one table, default deny, no state and no I/O.

`TABLE` is the whole policy. A row names, for each role, the targets an action is allowed on; what is not in it is
refused. Conditions that need more than role and relation (a voice is heard only while it is addressed, a token may
allow fewer sources) come on top of it and never instead of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from proctor_sfu.rooms.roles import Role, Source


class Target(StrEnum):
    """What the other one is to whoever acts."""

    OWN = "own"
    """Itself and what it owns."""
    ASSIGNED = "assigned"
    """A candidate assigned to it."""
    UNASSIGNED = "unassigned"
    """A candidate that is not assigned to it; to candidates: every other candidate."""
    PROCTOR = "proctor"
    LEAD = "lead"
    OBSERVER = "observer"
    NONE = "none"
    """Nobody in particular: the room."""


class Action(StrEnum):
    """Everything that is asked for permission."""

    SEND = "send"
    """Have a transport to send with."""
    RECEIVE = "receive"
    """Have a transport to receive with."""
    PRODUCE_CAMERA = "produce_camera"
    PRODUCE_SCREEN = "produce_screen"
    PRODUCE_MICROPHONE = "produce_microphone"
    PRODUCE_VOICE = "produce_voice"
    LIST = "list"
    """Be told of peers at all."""
    SEE = "see"
    """Learn that a peer is there, its name, its state, its raised hand."""
    WATCH = "watch"
    """Declare that a candidate is shown."""
    CONSUME = "consume"
    """Receive what a candidate publishes."""
    HEAR = "hear"
    """Receive a voice while it is addressed to oneself."""
    WHISPER = "whisper"
    """Speak to one candidate."""
    ANNOUNCE = "announce"
    """Speak to all candidates one may see."""
    MESSAGE = "message"
    """Write to one candidate."""
    MESSAGE_ALL = "message_all"
    """Write to all candidates one may see."""
    MESSAGE_PROCTORS = "message_proctors"
    """Write to those who watch oneself."""
    READ = "read"
    """Read what a candidate and those who watch it write to each other, or what is written to all."""
    RAISE_HAND = "raise_hand"
    BOOKMARK = "bookmark"
    """Note an incident of a candidate."""
    PAUSE_SOURCE = "pause_source"
    """Pause and resume what another one publishes."""
    KICK = "kick"
    ASSIGN = "assign"
    """Say which candidates somebody watches."""
    VIEW_RECORDING = "view_recording"


_OWN: Final = frozenset({Target.OWN})
_ROOM: Final = frozenset({Target.NONE})
_ASSIGNED: Final = frozenset({Target.ASSIGNED})
_CANDIDATES: Final = frozenset({Target.ASSIGNED, Target.UNASSIGNED})
_TALKERS: Final = frozenset({Target.PROCTOR, Target.LEAD})
_STAFF: Final = frozenset({Target.PROCTOR, Target.LEAD, Target.OBSERVER})
_C, _P, _L, _O = Role.CANDIDATE, Role.PROCTOR, Role.LEAD, Role.OBSERVER

TABLE: Final[Mapping[Action, Mapping[Role, frozenset[Target]]]] = {
    Action.SEND: {_C: _OWN, _P: _OWN, _L: _OWN},
    Action.RECEIVE: {_C: _OWN, _P: _OWN, _L: _OWN, _O: _OWN},
    Action.PRODUCE_CAMERA: {_C: _OWN},
    Action.PRODUCE_SCREEN: {_C: _OWN},
    Action.PRODUCE_MICROPHONE: {_C: _OWN},
    Action.PRODUCE_VOICE: {_P: _OWN, _L: _OWN},
    Action.LIST: {_P: _ROOM, _L: _ROOM, _O: _ROOM},
    Action.SEE: {_C: _OWN, _P: _OWN | _ASSIGNED, _L: _OWN | _CANDIDATES | _STAFF, _O: _OWN | _ASSIGNED},
    Action.WATCH: {_P: _ASSIGNED, _L: _CANDIDATES, _O: _ASSIGNED},
    Action.CONSUME: {_P: _ASSIGNED, _L: _CANDIDATES, _O: _ASSIGNED},
    Action.HEAR: {_C: _TALKERS},
    Action.WHISPER: {_P: _ASSIGNED, _L: _CANDIDATES},
    Action.ANNOUNCE: {_P: _ROOM, _L: _ROOM},
    Action.MESSAGE: {_P: _ASSIGNED, _L: _CANDIDATES},
    Action.MESSAGE_ALL: {_P: _ROOM, _L: _ROOM},
    Action.MESSAGE_PROCTORS: {_C: _ROOM},
    Action.READ: {_C: _OWN, _P: _ASSIGNED | _ROOM, _L: _CANDIDATES | _ROOM},
    Action.RAISE_HAND: {_C: _OWN},
    Action.BOOKMARK: {_P: _ASSIGNED, _L: _CANDIDATES},
    Action.PAUSE_SOURCE: {_L: _CANDIDATES},
    Action.KICK: {_L: _CANDIDATES | {Target.PROCTOR, Target.OBSERVER}},
    Action.ASSIGN: {_L: frozenset({Target.PROCTOR, Target.OBSERVER})},
    Action.VIEW_RECORDING: {_P: _ASSIGNED, _L: _CANDIDATES},
}
"""Action -> role -> targets it is allowed on."""

PRODUCE: Final[Mapping[Source, Action]] = {
    Source.CAMERA: Action.PRODUCE_CAMERA,
    Source.SCREEN: Action.PRODUCE_SCREEN,
    Source.MICROPHONE: Action.PRODUCE_MICROPHONE,
    Source.VOICE: Action.PRODUCE_VOICE,
}

_PHRASES: Final[Mapping[Target, str]] = {
    Target.OWN: "itself",
    Target.ASSIGNED: "a candidate assigned to it",
    Target.UNASSIGNED: "a candidate not assigned to it",
    Target.PROCTOR: "a proctor",
    Target.LEAD: "a lead",
    Target.OBSERVER: "an observer",
    Target.NONE: "the room",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether something is allowed; ``reason`` is one line that names rule and relation, no peer."""

    allowed: bool
    reason: str

    def __bool__(self) -> bool:
        return self.allowed


@cache  # Of how candidates are, each of the staff is asked about several times a second.
def roles_that_may(action: Action) -> frozenset[Role]:
    """Return the roles that may do ``action`` to anybody but themselves."""
    return frozenset(role for role, targets in TABLE[action].items() if targets - _OWN)


@cache  # There are some hundred answers.
def decide(role: Role, action: Action, target: Target) -> Decision:
    """Return whether ``role`` may do ``action`` to ``target``, and by which row of `TABLE`."""
    targets = TABLE[action].get(role, frozenset())
    who, what = f"{'an' if role is Role.OBSERVER else 'a'} {role}", action.replace("_", " ")
    if target in targets:
        return Decision(allowed=True, reason=f"{who} may {what}: {_PHRASES[target]}")
    if not targets:
        return Decision(allowed=False, reason=f"{who} may not {what}")
    only = " or ".join(_PHRASES[each] for each in Target if each in targets)
    return Decision(allowed=False, reason=f"{who} may {what} only: {only}; not: {_PHRASES[target]}")


def ever(role: Role, action: Action) -> Decision:
    """Return whether there is any target on which ``role`` may do ``action``."""
    targets = TABLE[action].get(role, frozenset())
    return decide(role, action, next(iter(sorted(targets)), Target.NONE))


def decide_produce(role: Role, source: Source, allowed: Collection[Source]) -> Decision:
    """Return whether ``role`` may publish ``source`` when its token allows the sources ``allowed``."""
    decision = decide(role, PRODUCE[source], Target.OWN)
    if decision and source not in allowed:
        return Decision(allowed=False, reason=f"the token does not allow {source}")
    return decision


def sources_of(role: Role) -> tuple[Source, ...]:
    """Return what ``role`` may publish at all."""
    return tuple(source for source in Source if decide(role, PRODUCE[source], Target.OWN))


def relation(actor: str, target: str, target_role: Role, *, assigned: bool) -> Target:
    """Return what peer ``target`` is to peer ``actor``; ``assigned`` matters for candidates only."""
    if actor == target:
        return Target.OWN
    match target_role:
        case Role.CANDIDATE:
            return Target.ASSIGNED if assigned else Target.UNASSIGNED
        case Role.PROCTOR:
            return Target.PROCTOR
        case Role.LEAD:
            return Target.LEAD
        case Role.OBSERVER:
            return Target.OBSERVER
