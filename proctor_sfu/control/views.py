"""Rooms, peers and workers as the control API shows them."""

from __future__ import annotations

from collections.abc import Iterable

from proctor_sfu.control.api.base import timestamp
from proctor_sfu.control.api.candidates import Candidate, Source
from proctor_sfu.control.api.rooms import Room as RoomView
from proctor_sfu.control.api.workers import Worker
from proctor_sfu.pool.member import Member, resident
from proctor_sfu.rooms.peer import Peer, Published
from proctor_sfu.rooms.roles import Role
from proctor_sfu.rooms.room import Room


def room_view(room: Room) -> RoomView:
    """Show a room."""
    moving = room.router is None or room.router.closed
    candidates = len(room.by_role(Role.CANDIDATE))
    return RoomView(
        id=room.id,
        open=room.open,
        state="moving" if moving else "running",
        created_at=timestamp(room.created_at),
        worker=None if moving or room.member is None else room.member.worker.pid,
        max_candidates=room.max_candidates,
        candidates=candidates,
        proctors=len(room.peers) - candidates,
        producers=sum(len(peer.published) for peer in room.peers.values()),
        consumers=sum(len(peer.viewed) for peer in room.peers.values()),
        record=tuple(sorted(room.record)),
    )


def peer_view(room: Room, peer: Peer) -> Candidate:
    """Show a peer of a room."""
    transport = peer.sending or peer.receiving
    selected = transport.ice_selected_tuple if transport is not None else None
    watched = sum(viewed.owner is peer for other in room.peers.values() for viewed in other.viewed.values())
    return Candidate(
        id=peer.id,
        room=room.id,
        name=peer.name,
        role=peer.role,
        state="live" if peer.joined and transport and transport.dtls_state == "connected" else "joining",
        connected_at=timestamp(peer.connected_at),
        address=peer.address,
        transport=selected.protocol if selected is not None else None,
        sources=tuple(_source_view(each) for each in peer.published.values()),
        consumers=watched if peer.role is Role.CANDIDATE else len(peer.viewed),
    )


def _source_view(published: Published) -> Source:
    producer = published.producer
    return Source(
        source=published.source,
        producer=producer.id,
        codec=producer.rtp_parameters.codecs[0].mime_type,
        paused=producer.paused,
        score=min((each.score for each in producer.score), default=None),
    )


async def worker_view(member: Member, rooms: Iterable[Room]) -> Worker:
    """Show a worker, which is asked for its processor time; raises what the host raises if it dies meanwhile."""
    usage = await member.worker.get_resource_usage()
    own = [room for room in rooms if room.member is member]
    peers = [peer for room in own for peer in room.peers.values()]
    return Worker(
        pid=member.worker.pid,
        state=member.state,
        port=member.port,
        started_at=timestamp(member.started_at),
        rooms=tuple(room.id for room in own),
        transports=sum(router.transport_count for router in member.routers.values()),
        producers=sum(len(peer.published) for peer in peers),
        consumers=sum(len(peer.viewed) for peer in peers),
        cpu_s=(usage.ru_utime + usage.ru_stime) / 1000,
        rss_bytes=resident(member.worker.pid),
    )
