"""Why somebody may see a candidate or not: the chain of rules that decides, in words."""

from __future__ import annotations

from dataclasses import dataclass

from proctor_sfu.rooms.policy import Action, decide, relation
from proctor_sfu.rooms.roles import Role
from proctor_sfu.rooms.room import Room


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """The answer and its reasons, in the order in which they were asked."""

    allowed: bool
    chain: tuple[str, ...]


def explain(room: Room, viewer: str, candidate: str, *, role: Role | None = None) -> Explanation:
    """Return whether ``viewer`` may consume what ``candidate`` publishes.

    Decided by the very functions that decide when it is asked for. ``role`` is that of a viewer who is not here.
    """
    chain = []
    known, how = _role(room, viewer)
    chain.append(f"{viewer} {how}")
    if known is None:
        if role is None:
            return Explanation(allowed=False, chain=(*chain, "without a role nobody may see anything: say one"))
        chain.append(f"taken for {'an' if role is Role.OBSERVER else 'a'} {role}")
    actor = known or role
    assert actor is not None
    target, how = _role(room, candidate)
    chain.append(f"{candidate} {how}")
    if target is None:
        chain.append("taken for a candidate")
        target = Role.CANDIDATE
    assigned = room.assigned(viewer, actor, candidate)
    if target is Role.CANDIDATE and viewer != candidate:
        chain.append(_assignment(room, viewer, actor, candidate))
    decision = decide(actor, Action.CONSUME, relation(viewer, candidate, target, assigned=assigned))
    return Explanation(allowed=decision.allowed, chain=(*chain, decision.reason))


def _role(room: Room, peer_id: str) -> tuple[Role | None, str]:
    if (peer := room.peers.get(peer_id)) is not None:
        return peer.role, f"is in the room as {peer.role}"
    if (expected := room.roster.get(peer_id)) is not None:
        return expected.role, f"is on the roster as {expected.role}, and not in the room"
    return None, "is neither in the room nor on its roster"


def _assignment(room: Room, viewer: str, role: Role, candidate: str) -> str:
    match role:
        case Role.CANDIDATE:
            return "no candidate is ever assigned to another"
        case Role.LEAD:
            return "a lead is assigned all candidates of the room"
        case _:
            return room.assignments.covers(viewer, role, candidate).reason
