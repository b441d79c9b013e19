"""Putting a changed roster or changed assignments into effect: whoever may see less loses it at once, whoever may see
more is shown it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from proctor_sfu.rooms.assignments import Assignments
from proctor_sfu.rooms.peer import Peer, describe
from proctor_sfu.rooms.policy import Action
from proctor_sfu.rooms.presence import State
from proctor_sfu.rooms.profile import Expected
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.rooms.talk import ALL


def people(room: Room) -> tuple[list[str], list[str]]:
    """Return candidates and proctors of a room, those on the roster first, in an order that only grows."""
    candidates = [each.id for each in room.roster.values() if each.role is Role.CANDIDATE]
    proctors = [each.id for each in room.roster.values() if each.role is Role.PROCTOR]
    for ids, role in ((candidates, Role.CANDIDATE), (proctors, Role.PROCTOR)):
        known = set(ids)
        ids += [peer.id for peer in room.by_role(role) if peer.id not in known]
    return candidates, proctors


def reassign(room: Room, after: Assignments, roster: Iterable[Expected] | None = None) -> None:
    """Let ``after`` be the assignments of a room, and, if given, ``roster`` those it expects."""
    viewers = [peer for peer in room.peers.values() if peer.joined and peer.role is not Role.CANDIDATE]
    before = {viewer.id: _visible(room, viewer) for viewer in viewers}
    heard = {viewer.id: room.listeners(viewer) for viewer in viewers}
    room.assignments = after
    if roster is not None:
        room.roster = {each.id: each for each in roster}
    for viewer in viewers:
        visible = _visible(room, viewer)
        for gone in before[viewer.id].keys() - visible.keys():
            viewer.link.notify("peerClosed", {"peerId": gone, "reason": "unassigned"})
        for new in visible.keys() - before[viewer.id].keys():
            viewer.link.notify("newPeer", visible[new])
        _hush(room, viewer, heard[viewer.id])
        room.forwarding.refresh(viewer)


def expected_by(room: Room, viewer: Peer) -> list[dict[str, Any]]:
    """Return the candidates on the roster that are not here yet, or not any more, and that ``viewer`` would see, as
    signaling has them."""
    if not room.may(viewer, Action.LIST):
        return []
    return [
        _absent(each, room.gone.get(each.id, State.EXPECTED))
        for each in room.roster.values()
        if each.role is Role.CANDIDATE
        and not (each.id in room.peers and room.peers[each.id].introduced)
        and room.assigned(viewer.id, viewer.role, each.id)
    ]  # fmt: skip


def _absent(expected: Expected, state: State) -> dict[str, Any]:
    return {
        "id": expected.id, "displayName": expected.name, "role": expected.role, "state": state, "light": "grey",
        "reasons": [], "handRaised": False, "handRaisedAt": None, "sources": [],
    }  # fmt: skip


def _visible(room: Room, viewer: Peer) -> dict[str, dict[str, Any]]:
    present = {
        other.id: describe(other)
        for other in room.peers.values()
        if other is not viewer and other.introduced and room.may(viewer, Action.SEE, other)
    }
    return present | {each["id"]: each for each in expected_by(room, viewer)}


def _hush(room: Room, speaker: Peer, before: list[Peer]) -> None:
    """End what is said to candidates the speaker may not speak to any more."""
    if not before:
        return
    for listener in before:
        if not room.may(speaker, Action.WHISPER, listener):
            listener.link.notify("talk", room.talk_of(speaker, on=False))
            if room.talk.addressee(speaker.id) is not ALL:
                room.talk.address(speaker.id, None)
    if room.source_of(speaker, Source.VOICE) is not None:
        room.forwarding.heard_by(speaker)
