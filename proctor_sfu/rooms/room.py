"""Room: one exam sitting: its peers, its router, and who sees whom in it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import structlog

from proctor_sfu.aio import spawn
from proctor_sfu.audit.audit import Audit
from proctor_sfu.audit.entry import By, Outcome
from proctor_sfu.errors import MediasoupError, RefusedError
from proctor_sfu.events import Bus, PeerEntered, PeerLeft, SourceEnded, SourcePublished
from proctor_sfu.mediasoup.consumer import Consumer
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.pool.member import Member
from proctor_sfu.rooms.peer import Peer, Published, Viewed
from proctor_sfu.rooms.policy import Action, Decision, Target, decide, ever, relation
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.settings import Rtc

_log = structlog.get_logger("psfu.rooms")


class Room:
    """A room on a worker. ``open`` rooms let anybody in who knows the id."""

    def __init__(
        self, room_id: str, *, open_to_all: bool, max_candidates: int, rtc: Rtc, audit: Audit, events: Bus
    ) -> None:
        self.id = room_id
        self.open = open_to_all
        self.max_candidates = max_candidates
        self.created_at = time.time()
        self.peers: dict[str, Peer] = {}
        self.member: Member | None = None
        self.router: Router | None = None
        self.events = events
        self._audit = audit
        self._rtc = rtc

    def by_role(self, role: Role) -> list[Peer]:
        """Return the peers of a role."""
        return [peer for peer in self.peers.values() if peer.role is role]

    def settle(self, member: Member, router: Router) -> None:
        """Take a router on a worker as the room's own."""
        self.member, self.router = member, router
        member.adopt(router)

    def media(self) -> Router:
        """Return the router; raises `RefusedError` while the room moves to another worker."""
        if self.router is None or self.router.closed:
            raise RefusedError("worker_closed", "the room is being moved to another worker; try again")
        return self.router

    def note(
        self, action: str, *, by: By, target: Peer | None = None, outcome: Outcome = "done", **details: Any
    ) -> None:
        """Write an audit record of this room."""
        whom = target.id if target is not None else None
        self._audit.record(action, by=by, room=self.id, target=whom, outcome=outcome, **details)

    # Peers.

    def enter(self, peer: Peer) -> None:
        """Let a peer in. Raises `RefusedError`: its id is taken, or the room is full."""
        if peer.id in self.peers:
            raise RefusedError("peer_exists", f"peer {peer.id} is in room {self.id} already")
        if peer.role is Role.CANDIDATE and len(self.by_role(Role.CANDIDATE)) >= self.max_candidates:
            raise RefusedError("room_full", f"room {self.id} has its {self.max_candidates} candidates")
        self.peers[peer.id] = peer
        self.note("enter", by=peer.by, name=peer.name)
        self.events.publish(
            PeerEntered(room=self.id, peer=peer.id, role=peer.role, name=peer.name, address=peer.address)
        )

    def joined(self, peer: Peer) -> None:
        """The peer is ready for media: tell those who may know, and show it what it may see."""
        peer.joined = True
        for other in self._those_who_may(Action.SEE, peer):
            other.link.notify("newPeer", {"id": peer.id, "displayName": peer.name, "role": peer.role})
        self.show_all(peer)

    def leave(self, peer: Peer, reason: str) -> None:
        """Take a peer and all its media out of the room."""
        if self.peers.get(peer.id) is not peer:
            return
        del self.peers[peer.id]
        watchers = list(self._those_who_may(Action.SEE, peer)) if peer.joined else []
        peer.clear()
        self.note("leave", by=peer.by, reason=reason)
        self.events.publish(PeerLeft(room=self.id, peer=peer.id, reason=reason))
        for other in watchers:
            other.link.notify("peerClosed", {"peerId": peer.id, "reason": reason})

    def _those_who_may(self, action: Action, owner: Peer) -> Iterator[Peer]:
        """Yield the other joined peers that may do ``action`` to ``owner``."""
        for other in self.peers.values():
            if other is not owner and other.joined and self.may(other, action, owner):
                yield other

    # Policy.

    def relation(self, actor: Peer, target: Peer | None) -> Target:
        """Return what ``target`` is to ``actor``; None is the room."""
        if target is None:
            return Target.NONE
        return relation(actor.id, target.id, target.role, assigned=actor.role is not Role.CANDIDATE)

    def decide(self, actor: Peer, action: Action, target: Peer | None = None) -> Decision:
        """Return whether ``actor`` may do ``action`` to ``target``, and why."""
        return decide(actor.role, action, self.relation(actor, target))

    def may(self, actor: Peer, action: Action, target: Peer | None = None) -> bool:
        """Return whether ``actor`` may do ``action`` to ``target``."""
        return self.decide(actor, action, target).allowed

    def require(self, actor: Peer, action: Action, target: Peer | None = None) -> None:
        """Raise `RefusedError` ``forbidden`` with the reason unless ``actor`` may do ``action`` to ``target``."""
        decision = self.decide(actor, action, target)
        if not decision.allowed:
            raise RefusedError("forbidden", decision.reason)

    def require_ever(self, actor: Peer, action: Action) -> None:
        """Raise `RefusedError` ``forbidden`` unless there is somebody to whom ``actor`` may do ``action``."""
        decision = ever(actor.role, action)
        if not decision.allowed:
            raise RefusedError("forbidden", decision.reason)

    # Media.

    async def new_transport(self, *, tcp_only: bool) -> WebRtcTransport:
        """Make a transport on the worker's shared port."""
        router = self.media()
        assert self.member is not None
        transport = await router.create_webrtc_transport(
            webrtc_server=self.member.server, enable_udp=not tcp_only, enable_tcp=True, prefer_udp=True,
            initial_available_outgoing_bitrate=self._rtc.initial_outgoing_bitrate,
        )  # fmt: skip
        if self._rtc.max_incoming_bitrate:
            await transport.set_max_incoming_bitrate(self._rtc.max_incoming_bitrate)
        return transport

    def publish(self, owner: Peer, published: Published) -> None:
        """A candidate produces: show it to everybody who may see it."""
        owner.published[published.producer.id] = published
        published.producer.observer.on("close", lambda: self._ended(owner, published))
        published.producer.on(
            "score",
            lambda score: owner.link.notify(
                "producerScore",
                {
                    "producerId": published.producer.id,
                    "score": [{"ssrc": each.ssrc, "rid": each.rid, "score": each.score} for each in score],
                },
            ),
        )
        self.events.publish(
            SourcePublished(room=self.id, peer=owner.id, source=published.source, producer=published.producer.id)
        )
        for viewer in self._those_who_may(Action.CONSUME, owner):
            if not viewer.auto_consume:
                viewer.link.announce(owner, published)
            elif viewer.watches:
                self._show(viewer, owner, published)

    def _ended(self, owner: Peer, published: Published) -> None:
        owner.published.pop(published.producer.id, None)
        self.events.publish(
            SourceEnded(room=self.id, peer=owner.id, source=published.source, producer=published.producer.id)
        )

    def show_all(self, viewer: Peer) -> None:
        """Make consumers of everything ``viewer`` may see and does not yet; all requests leave at once."""
        if not (viewer.watches and viewer.auto_consume):
            return
        seen = {viewed.consumer.producer_id for viewed in viewer.viewed.values()}
        for owner in list(self.peers.values()):
            if self.may(viewer, Action.CONSUME, owner):
                for published in list(owner.published.values()):
                    if published.producer.id not in seen:
                        self._show(viewer, owner, published)

    def _show(self, viewer: Peer, owner: Peer, published: Published) -> None:
        async def show() -> None:
            try:
                viewed = await self.consume(viewer, owner, published)
            except MediasoupError as error:
                # The viewer or the producer went away meanwhile, or has no codec in common: nothing to show.
                _log.info("source_not_shown", room=self.id, viewer=viewer.id, candidate=owner.id, reason=str(error))
                return
            viewer.link.offer(viewed)

        spawn(show(), name=f"show {owner.id} to {viewer.id}")

    async def consume(self, viewer: Peer, owner: Peer, published: Published, *, paused: bool = True) -> Viewed:
        """Make a consumer for ``viewer``, by default paused. Raises `RefusedError` and what the host raises."""
        self.require(viewer, Action.CONSUME, owner)
        if not viewer.watches or viewer.receiving is None or viewer.capabilities is None:
            raise RefusedError("transport_not_found", "consuming needs a transport to receive with")
        consumer = await viewer.receiving.consume(
            producer_id=published.producer.id, rtp_capabilities=viewer.capabilities, paused=paused
        )
        viewed = Viewed(owner=owner, source=published.source, consumer=consumer)
        viewer.viewed[consumer.id] = viewed
        self.note("consume", by=viewer.by, target=owner, source=published.source, consumer=consumer.id)
        self._follow(viewer, consumer)
        return viewed

    def _follow(self, viewer: Peer, consumer: Consumer) -> None:
        """Pass on what happens to a consumer."""
        name = {"consumerId": consumer.id}
        notify = viewer.link.notify
        consumer.observer.on("close", lambda: viewer.viewed.pop(consumer.id, None))
        consumer.on("producerclose", lambda: notify("consumerClosed", {**name, "reason": "producer_closed"}))
        consumer.on("producerpause", lambda: notify("consumerPaused", name))
        consumer.on("producerresume", lambda: notify("consumerResumed", name))
        consumer.on(
            "score",
            lambda score: notify(
                "consumerScore",
                {
                    **name,
                    "score": {
                        "score": score.score,
                        "producerScore": score.producer_score,
                        "producerScores": list(score.producer_scores),
                    },
                },
            ),
        )
        consumer.on(
            "layerschange",
            lambda layers: notify(
                "consumerLayersChanged",
                {
                    **name,
                    "spatialLayer": None if layers is None else layers.spatial_layer,
                    "temporalLayer": None if layers is None else layers.temporal_layer,
                },
            ),
        )

    def source_of(self, peer: Peer, source: Source) -> Published | None:
        """Return what a peer publishes as ``source``."""
        return next((each for each in peer.published.values() if each.source is source), None)

    def find(self, producer_id: str) -> tuple[Peer, Published]:
        """Return a producer of the room and its owner; raises `RefusedError`."""
        for owner in self.peers.values():
            if (published := owner.published.get(producer_id)) is not None:
                return owner, published
        raise RefusedError("producer_not_found", f"there is no producer {producer_id} in room {self.id}")
