"""What a lead does besides watching: assigns, sends away, pauses what others send."""

from __future__ import annotations

from typing import Any

import structlog

from proctor_sfu.errors import RefusedError
from proctor_sfu.rooms.names import checked_id
from proctor_sfu.rooms.policy import Action, decide, relation
from proctor_sfu.rooms.roles import Role
from proctor_sfu.signaling.bodies import Assign, Kick, Nothing, PausePeer
from proctor_sfu.signaling.handlers.talking import present, seat
from proctor_sfu.signaling.session import Session
from proctor_sfu.text import safe_text

_log = structlog.get_logger("psfu.signaling")


async def assignments(session: Session, body: Nothing) -> dict[str, Any]:
    """Return who watches whom: every proctor and observer that is here, on the roster or has a list."""
    room, peer = seat(session)
    room.require_ever(peer, Action.ASSIGN)
    roles = {each.id: each.role for each in room.roster.values()} | {each.id: each.role for each in room.peers.values()}
    names = {each.id: each.name for each in room.roster.values()} | {each.id: each.name for each in room.peers.values()}
    viewers = [each for each, role in roles.items() if role in (Role.PROCTOR, Role.OBSERVER)]
    listed = room.assignments.lists
    return {
        "mode": room.assignments.mode,
        "groupSize": room.assignments.group_size or None,
        "viewers": [
            {
                "peerId": each, "displayName": names.get(each, each), "role": roles.get(each, Role.PROCTOR),
                "present": each in room.peers, "peerIds": sorted(listed[each]) if each in listed else None,
            }
            for each in dict.fromkeys((*viewers, *listed))
        ],
    }  # fmt: skip


async def assign(session: Session, body: Assign) -> dict[str, Any]:
    """Give a proctor or observer a list of candidates; without one the room's mode decides for it."""
    room, peer = seat(session)
    viewer = checked_id("proctorId", body.proctor_id)
    found = room.peers.get(viewer) or room.roster.get(viewer)
    # One that is not known yet can only be meant as a proctor.
    role = Role.PROCTOR if found is None else found.role
    decision = decide(peer.role, Action.ASSIGN, relation(peer.id, viewer, role, assigned=True))
    if not decision.allowed:
        raise RefusedError("forbidden", decision.reason)
    listed = None if body.peer_ids is None else [checked_id("peerIds", each) for each in body.peer_ids]
    await session.registry.assign(room, lambda before: before.with_list(viewer, listed), by=peer.by)
    return {}


async def kick(session: Session, body: Kick) -> dict[str, Any]:
    """Send somebody away."""
    room, peer = seat(session)
    other = present(room, peer, Action.KICK, body.peer_id)
    session.registry.kick(room, other, safe_text(body.reason, 100) or f"by {peer.name}", by=peer.by)
    return {}


async def pause_peer(session: Session, body: PausePeer) -> dict[str, Any]:
    """Pause what a candidate sends, or let it go on; until then the candidate cannot resume it itself."""
    room, peer = seat(session)
    candidate = present(room, peer, Action.PAUSE_SOURCE, body.peer_id)
    held = room.held.setdefault(candidate.id, set())
    published = room.source_of(candidate, body.source)
    if published is None and body.paused:
        raise RefusedError("producer_not_found", f"{candidate.id} does not send its {body.source}")
    if body.paused:
        held.add(body.source)
    else:
        held.discard(body.source)
    if published is not None:
        # What its owner paused as well goes on when the owner says so.
        rests = body.paused or published.producer.id in candidate.resting
        await (published.producer.pause() if rests else published.producer.resume())
    candidate.link.notify("sourceHeld", {"source": body.source, "held": body.paused})
    action = "hold_source" if body.paused else "release_source"
    room.note(action, by=peer.by, target=candidate, source=body.source)
    _log.info("source_held", room=room.id, peer=candidate.id, source=body.source, held=body.paused, by=peer.id)
    return {}
