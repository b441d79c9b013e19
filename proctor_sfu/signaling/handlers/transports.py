"""Transports of a peer: one to send with, one to receive with."""

from __future__ import annotations

from typing import Any

from proctor_sfu.errors import RefusedError
from proctor_sfu.mediasoup.rtp import camel
from proctor_sfu.mediasoup.sctp import SctpParameters
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.rooms.policy import Action
from proctor_sfu.signaling.bodies import ConnectTransport, CreateTransport, OfTransport, wire
from proctor_sfu.signaling.session import Session


async def create(session: Session, body: CreateTransport) -> dict[str, Any]:
    """Make a transport; an earlier one of the same direction is closed."""
    room, peer = session.room, session.peer
    assert room is not None and peer is not None
    room.require(peer, Action.SEND if body.direction == "send" else Action.RECEIVE, peer)
    transport = await room.new_transport(tcp_only=body.force_tcp)
    if body.direction == "send":
        await transport.set_max_incoming_bitrate(session.registry.uplink_limit(peer))
    if room.peers.get(peer.id) is not peer:
        transport.close()
        raise RefusedError("room_not_found", "the room was left meanwhile")
    if body.direction == "send":
        before, peer.sending = peer.sending, transport
    else:
        before, peer.receiving = peer.receiving, transport
    if before is not None:
        before.close()
    room.follow_transport(peer, transport)
    room.forwarding.refresh(peer)
    return {**_described(transport), "iceServers": session.ice_servers()}


def _described(transport: WebRtcTransport) -> dict[str, Any]:
    candidates = wire(transport.ice_candidates)
    return {
        "id": transport.id,
        "iceParameters": wire(transport.ice_parameters),
        # mediasoup-client and pymediasoup still ask for the address under its old name.
        "iceCandidates": [{**each, "ip": each["address"]} for each in candidates],
        "dtlsParameters": wire(transport.dtls_parameters),
        **({"sctpParameters": _sctp(transport.sctp_parameters)} if transport.sctp_parameters else {}),
    }


def _sctp(parameters: SctpParameters) -> dict[str, Any]:
    """Return SCTP parameters with the names older clients read as well."""
    old = {"OS": 65535, "MIS": 65535, "maxMessageSize": parameters.max_receive_message_size}
    return {**wire(parameters), **old}


async def connect(session: Session, body: ConnectTransport) -> dict[str, Any]:
    """Take the client's DTLS parameters."""
    await _own(session, body.transport_id).connect(dtls_parameters=body.dtls_parameters)
    return {}


async def restart_ice(session: Session, body: OfTransport) -> Any:
    """Return fresh ICE credentials, and TURN credentials as fresh."""
    parameters = wire(await _own(session, body.transport_id).restart_ice())
    return {**parameters, "iceServers": session.ice_servers()}


async def stats(session: Session, body: OfTransport) -> Any:
    """Return the transport's statistics."""
    return [camel_stats(each) for each in await _own(session, body.transport_id).get_stats()]


def camel_stats(stats: Any) -> dict[str, Any]:
    """Return one entry of statistics in camelCase; what the worker has no number for is left out."""
    return {camel(name): wire(value) for name, value in stats._asdict().items() if value is not None}


def _own(session: Session, transport_id: str) -> WebRtcTransport:
    assert session.peer is not None
    transport = session.peer.transport(transport_id)
    if transport is None:
        raise RefusedError("transport_not_found", f"you have no transport {transport_id}")
    return transport
