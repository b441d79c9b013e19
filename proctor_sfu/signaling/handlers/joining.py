"""Getting in: `authenticate`, `getRouterRtpCapabilities`, `join`."""

from __future__ import annotations

from typing import Any

import structlog

from proctor_sfu.errors import RefusedError
from proctor_sfu.mediasoup.check import check_rtp_capabilities
from proctor_sfu.rooms.names import checked_id, clean_name
from proctor_sfu.rooms.peer import Peer
from proctor_sfu.rooms.policy import Action, ever
from proctor_sfu.signaling.bodies import Authenticate, Join, Nothing, wire
from proctor_sfu.signaling.session import Session

_log = structlog.get_logger("psfu.signaling")


async def authenticate(session: Session, body: Authenticate) -> dict[str, Any]:
    """Become a peer of an open room."""
    if session.peer is not None:
        raise RefusedError("already_authenticated", f"this connection is peer {session.peer.id}")
    if body.token is not None:
        raise RefusedError("token_unsupported", "tokens are not understood by this version; open rooms need none")
    if body.room_id is None or body.peer_id is None or body.role is None:
        raise RefusedError("bad_data", "roomId, peerId and role are needed")
    room_id, peer_id = checked_id("roomId", body.room_id), checked_id("peerId", body.peer_id)
    room = session.registry.get(room_id)
    if not room.open:
        raise RefusedError("not_open", f"room {room.id} is not open")
    peer = Peer(peer_id, body.role, clean_name(body.display_name, peer_id), session.address, session)
    room.enter(peer)
    session.room, session.peer = room, peer
    _log.warning("joined_without_token", room=room.id, peer=peer.id, role=peer.role, address=peer.address)
    return {"roomId": room.id, "peerId": peer.id, "role": peer.role}


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
    if body.display_name is not None:
        peer.name = clean_name(body.display_name, peer.id)
    peer.auto_consume = body.auto_consume
    room.joined(peer)
    return {
        "peers": [
            _described(other)
            for other in room.peers.values()
            if other is not peer and other.joined and room.may(peer, Action.SEE, other)
        ]
    }


def _described(peer: Peer) -> dict[str, Any]:
    return {
        "id": peer.id,
        "displayName": peer.name,
        "role": peer.role,
        "sources": [
            {
                "source": each.source,
                "producerId": each.producer.id,
                "kind": each.producer.kind,
                "paused": each.producer.paused,
            }
            for each in peer.published.values()
        ],
    }
