"""Getting in: `authenticate`, `getRouterRtpCapabilities`, `join`."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from proctor_sfu.errors import RefusedError
from proctor_sfu.mediasoup.check import check_rtp_capabilities
from proctor_sfu.rooms.assigning import expected_by
from proctor_sfu.rooms.names import clean_name
from proctor_sfu.rooms.peer import Peer, describe
from proctor_sfu.rooms.policy import Action, ever
from proctor_sfu.rooms.roles import Role
from proctor_sfu.rooms.room import Room
from proctor_sfu.signaling.bodies import Authenticate, Join, Nothing, wire
from proctor_sfu.signaling.handlers.identity import identify
from proctor_sfu.signaling.session import Session

_log = structlog.get_logger("psfu.signaling")


async def authenticate(session: Session, body: Authenticate) -> dict[str, Any]:
    """Become a peer of a room, or again the peer one was before the connection was lost."""
    if session.peer is not None:
        raise RefusedError("already_authenticated", f"this connection is peer {session.peer.id}")
    who = identify(session, body)
    if (before := who.room.peers.get(who.peer_id)) is not None:
        async with before.turn:
            pass  # What its last connection began is over: the answer has it.
        who = identify(session, body)  # The room may have been closed meanwhile, or the token taken back.
    room = who.room
    peer = room.peers.get(who.peer_id)
    resumed = peer is not None and peer.role is who.role and room.resume(peer, body.resume_key or "", session)
    if peer is not None and resumed:
        peer.show(who.claims)
    else:
        if peer is not None:
            room.second_login(peer, who.role, session.address)
        peer = who.peer(session)
        room.enter(peer)
        if who.claims is None:
            _log.warning("joined_without_token", room=room.id, peer=peer.id, role=peer.role, address=peer.address)
    session.room, session.peer = room, peer
    if resumed:
        room.forwarding.resume(peer)
    return _welcome(session, room, peer, resumed=resumed)


def _welcome(session: Session, room: Room, peer: Peer, *, resumed: bool) -> dict[str, Any]:
    answer = {
        "roomId": room.id,
        "peerId": peer.id,
        "role": peer.role,
        "displayName": peer.name,
        "sources": list(peer.sources),
        "required": list(room.profile.required) if peer.role is Role.CANDIDATE else [],
        "resumed": resumed,
        "resumeKey": peer.resume_key,
        "graceSeconds": session.grace_seconds,
        "iceServers": session.ice_servers(),
        "bitrates": session.registry.bitrates(peer),
        "held": sorted(room.held.get(peer.id, ())),
    }
    return {**answer, **_standing(room, peer)} if resumed else answer


def _standing(room: Room, peer: Peer) -> dict[str, Any]:
    """Return what a peer that comes back still has, so that its client can compare."""
    transports = (("send", peer.sending), ("recv", peer.receiving))
    return {
        "joined": peer.joined,
        "transports": [
            {"id": each.id, "direction": direction} for direction, each in transports if each and not each.closed
        ],
        "producers": [
            {"id": each.producer.id, "source": each.source, "paused": each.producer.paused}
            for each in peer.published.values()
        ],
        "consumers": [
            {
                "id": each.consumer.id,
                "producerId": each.consumer.producer_id,
                "peerId": each.owner.id,
                "source": each.published.source,
                "paused": each.consumer.paused,
            }
            for each in peer.viewed.values()
        ],
        **_known(room, peer),
    }


def _known(room: Room, peer: Peer) -> dict[str, Any]:
    """Return who is there, what was written and who speaks, as far as it is for a peer."""
    said = room.said.to(peer.id, peer.role, room.assigned)
    return {
        "peers": _visible_peers(room, peer),
        "messages": [each.data for each in said if each.method == "message"],
        "bookmarks": [each.data for each in said if each.method == "bookmark"],
        "talks": room.talks_to(peer),
    }


async def leave(session: Session, body: Nothing) -> dict[str, Any]:
    """Go on purpose, which nobody takes for a lost connection."""
    # Soon, since the answer goes first.
    asyncio.get_running_loop().call_soon(session.finish, "left", "goodbye")
    return {}


async def ping(session: Session, body: Nothing) -> dict[str, Any]:
    """Say that the connection stands, to clients that cannot see the pings of a WebSocket, such as browsers."""
    return {}


async def router_capabilities(session: Session, body: Nothing) -> Any:
    """Return what the client loads its device with."""
    assert session.room is not None
    return wire(session.room.media().rtp_capabilities)


async def join(session: Session, body: Join) -> dict[str, Any]:
    """The client's device is loaded: it may produce or is shown what it may see."""
    room, peer = session.room, session.peer
    assert room is not None and peer is not None
    if peer.joined:
        raise RefusedError("already_joined", f"peer {peer.id} has joined")
    room.media()
    if body.rtp_capabilities is not None:
        # Equal capabilities share one object, so that what was negotiated for one proctor serves the next.
        capabilities = check_rtp_capabilities(body.rtp_capabilities)
        peer.capabilities = session.registry.capabilities.setdefault(capabilities, capabilities)
    elif ever(peer.role, Action.CONSUME):
        raise RefusedError("bad_data", "rtpCapabilities are needed to consume")
    if body.display_name is not None and peer.claims is None:
        peer.name = clean_name(body.display_name, peer.id)
    peer.auto_consume = body.auto_consume
    room.joined(peer)
    return _known(room, peer)


def _visible_peers(room: Room, peer: Peer) -> list[dict[str, Any]]:
    return [
        describe(other)
        for other in room.peers.values()
        if other is not peer and other.introduced and room.may(peer, Action.SEE, other)
    ] + expected_by(room, peer)
