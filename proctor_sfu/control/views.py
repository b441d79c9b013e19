"""Rooms, peers and workers as the control API shows them."""

from __future__ import annotations

from collections.abc import Iterable

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api.candidates import Candidate, Source
from proctor_sfu.control.api.rooms import Assignment, Assignments, Expected
from proctor_sfu.control.api.rooms import Room as RoomView
from proctor_sfu.control.api.workers import Worker
from proctor_sfu.pool.member import Member, resident
from proctor_sfu.rooms.assigning import people
from proctor_sfu.rooms.peer import Peer, Published
from proctor_sfu.rooms.presence import State
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
        not_before=_moment(room.profile.not_before),
        expires=_moment(room.profile.expires),
        worker=None if moving or room.member is None else room.member.worker.pid,
        max_candidates=room.max_candidates,
        expected=sum(each.role is Role.CANDIDATE for each in room.roster.values()),
        candidates=candidates,
        proctors=len(room.peers) - candidates,
        producers=sum(len(peer.published) for peer in room.peers.values()),
        consumers=sum(len(peer.viewed) for peer in room.peers.values()),
        required=room.profile.required,
        record=tuple(sorted(room.record)),
        retain_days=room.profile.retain_days,
        second_login=room.profile.second_login.value,
        codec=room.profile.codec.value,
        assign=room.assignments.mode.value,
    )


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else timestamp(seconds)


def expected_view(room: Room) -> list[Expected]:
    """Show the roster of a room."""

    def state(peer_id: str) -> State:
        peer = room.peers.get(peer_id)
        return room.gone.get(peer_id, State.EXPECTED) if peer is None else peer.state

    return [Expected(id=each.id, name=each.name, role=each.role, state=state(each.id)) for each in room.roster.values()]


def assignments_view(room: Room) -> Assignments:
    """Show who watches whom in a room."""
    candidates, _ = people(room)
    roles = {each.id: each.role for each in room.roster.values()} | {each.id: each.role for each in room.peers.values()}
    named = [*(each for each, role in roles.items() if role is not Role.CANDIDATE), *room.assignments.lists]
    viewers = tuple(_assignment(room, each, roles.get(each), candidates) for each in dict.fromkeys(named))
    watched = {each for viewer in viewers if viewer.rule != "lead" for each in viewer.candidates}
    return Assignments(
        room=room.id,
        mode=room.assignments.mode.value,
        group_size=room.assignments.group_size or None,
        viewers=viewers,
        unwatched=tuple(each for each in candidates if each not in watched),
    )


def _assignment(room: Room, viewer: str, role: Role | None, candidates: list[str]) -> Assignment:
    listed = viewer in room.assignments.lists
    return Assignment(
        viewer=viewer,
        role=role,
        present=viewer in room.peers,
        rule="lead" if role is Role.LEAD else "list" if listed else room.assignments.mode.value,
        candidates=tuple(each for each in candidates if room.assigned(viewer, role or Role.PROCTOR, each)),
    )


def peer_view(room: Room, peer: Peer) -> Candidate:
    """Show a peer of a room."""
    transports = [each for each in (peer.sending, peer.receiving) if each is not None]
    selected = next((each.ice_selected_tuple for each in transports if each.ice_selected_tuple is not None), None)
    watched = sum(viewed.owner is peer for other in room.peers.values() for viewed in other.viewed.values())
    return Candidate(
        id=peer.id,
        room=room.id,
        name=peer.name,
        role=peer.role,
        state=peer.state.value,
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
