"""Room: one exam sitting: its peers, its router, and who may do what in it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Iterable, Iterator
from typing import Any

import structlog

from proctor_sfu.audit.audit import Audit
from proctor_sfu.audit.entry import By, Outcome
from proctor_sfu.errors import RefusedError
from proctor_sfu.events import Bus, PeerEntered, PeerLeft, PeerStateChanged
from proctor_sfu.events import SecondLogin as SecondLoginEvent
from proctor_sfu.mediasoup.router import Router
from proctor_sfu.mediasoup.webrtc_transport import WebRtcTransport
from proctor_sfu.pool.member import Member
from proctor_sfu.rooms.assignments import EVERYBODY, Assignments
from proctor_sfu.rooms.forwarding import Forwarding
from proctor_sfu.rooms.peer import Absent, Link, Peer, Published, describe
from proctor_sfu.rooms.policy import Action, Decision, Target, decide, ever, relation, roles_that_may
from proctor_sfu.rooms.presence import Light, State, state_of
from proctor_sfu.rooms.profile import Expected, Profile, SecondLogin
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.said import Said
from proctor_sfu.rooms.talk import ALL, Talk
from proctor_sfu.settings import Rtc

_log = structlog.get_logger("psfu.rooms")


class Room:
    """A room on a worker. ``open`` rooms let anybody in who knows the id."""

    def __init__(
        self, profile: Profile, *, roster: Iterable[Expected] = (), assignments: Assignments = EVERYBODY, rtc: Rtc,
        audit: Audit, events: Bus,
    ) -> None:  # fmt: skip
        self.profile = profile
        self.id = profile.id
        self.open = profile.open
        self.max_candidates = profile.max_candidates
        self.created_at = profile.created_at
        self.record: frozenset[Source] = frozenset(profile.record)
        """Sources of its candidates that are recorded."""
        self.roster = {each.id: each for each in roster}
        self.assignments = assignments
        self.peers: dict[str, Peer] = {}
        self.gone: dict[str, State] = {}
        """How those on the roster ended who were here and are not any more."""
        self.held: dict[str, set[Source]] = {}
        """Peer -> sources a lead paused; they stay so until a lead says otherwise."""
        self.changing = asyncio.Lock()
        """Held while roster or assignments are changed, here and on disk."""
        self.member: Member | None = None
        self.router: Router | None = None
        self.events = events
        self._audit = audit
        self.talk = Talk()
        self.said = Said()
        self.forwarding = Forwarding(self)
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
        """Let a peer in. Raises `RefusedError`: its seat is taken, or the room is full."""
        if peer.id in self.peers:
            raise RefusedError("peer_exists", f"{peer.id} is in room {self.id} already, from another connection")
        if peer.role is Role.CANDIDATE and len(self.by_role(Role.CANDIDATE)) >= self.max_candidates:
            raise RefusedError("room_full", f"room {self.id} has its {self.max_candidates} candidates")
        self.peers[peer.id] = peer
        self.gone.pop(peer.id, None)
        self.note("enter", by=peer.by, name=peer.name, token=peer.claims.id if peer.claims else None)
        self.events.publish(
            PeerEntered(room=self.id, peer=peer.id, role=peer.role, name=peer.name, address=peer.address)
        )

    def second_login(self, peer: Peer, role: Role, address: str) -> None:
        """Somebody logs in as ``peer``, which is here: free its seat, or raise `RefusedError`, as the room wants it.

        A seat whose connection is lost is free for whoever has the right to it.
        """
        if peer.role is not role:
            raise RefusedError("peer_exists", f"{peer.id} is in room {self.id} already, as {peer.role}")
        if peer.away is None:
            taken = self.profile.second_login is SecondLogin.TAKEOVER
            self.events.publish(
                SecondLoginEvent(
                    room=self.id, peer=peer.id, outcome="takeover" if taken else "refused", address=address
                )
            )
            self.note(
                "second_login", by=By(peer=peer.id, role=role, address=address), target=peer,
                outcome="done" if taken else "refused",
            )  # fmt: skip
            _log.warning("second_login", room=self.id, peer=peer.id, taken_over=taken, address=address)
            if not taken:
                raise RefusedError("peer_exists", f"{peer.id} is in room {self.id} already, from another connection")
        link = peer.link
        self.leave(peer, "replaced")
        link.end("replaced", "this seat is used from another connection")

    def joined(self, peer: Peer) -> None:
        """The peer is ready for media: tell those who may know, and show it what it may see."""
        peer.joined = peer.introduced = True
        peer.state = state_of(peer.facts)
        for other in self.those_who_may(Action.SEE, peer):
            other.link.notify("newPeer", describe(peer))
        self.forwarding.refresh(peer)

    def leave(self, peer: Peer, reason: str, note: str = "") -> None:
        """Take a peer and all its media out of the room; ``note``: what somebody says of it."""
        if self.peers.get(peer.id) is not peer:
            return
        del self.peers[peer.id]
        if peer.away is not None:
            peer.away.cancel()
        watchers = list(self.those_who_may(Action.SEE, peer)) if peer.introduced else []
        for listener in self.listeners(peer):
            listener.link.notify("talk", self.talk_of(peer, on=False))
        peer.clear()
        self.talk.forget(peer.id)
        if peer.id in self.roster:
            self.gone[peer.id] = State.LOST if reason == "lost" else State.LEFT
        self.note("leave", by=peer.by, reason=reason)
        self.events.publish(PeerLeft(room=self.id, peer=peer.id, reason=reason, note=note))
        for other in watchers:
            other.link.notify("peerClosed", {"peerId": peer.id, "reason": reason})

    def disconnected(self, peer: Peer, link: Link, grace: float) -> None:
        """The connection of a peer is lost: keep its seat and its media for ``grace`` seconds."""
        if self.peers.get(peer.id) is not peer or peer.link is not link:
            return
        peer.link = Absent()
        peer.away = asyncio.get_running_loop().call_later(grace, self._give_up, peer)
        _log.warning("peer_away", room=self.id, peer=peer.id, grace=grace)
        self.changed(peer)

    def _give_up(self, peer: Peer) -> None:
        _log.warning("peer_lost", room=self.id, peer=peer.id)
        self.leave(peer, "lost")

    def resume(self, peer: Peer, key: str, link: Link) -> bool:
        """Give a peer its new connection, if ``key`` is that of its seat; whoever held it before is sent away."""
        if not hmac.compare_digest(peer.resume_key.encode(), key.encode()):
            return False
        before, peer.link = peer.link, link
        if peer.away is not None:
            peer.away.cancel()
            peer.away = None
        before.end("replaced", "this seat is used from another connection")
        _log.info("peer_resumed", room=self.id, peer=peer.id)
        self.changed(peer)
        return True

    def changed(self, peer: Peer) -> None:
        """Something a peer's state depends on changed: tell those who may see it, if the state did."""
        if self.peers.get(peer.id) is not peer:
            return
        facts = peer.facts
        peer.connected_once = peer.connected_once or facts.connected
        state = state_of(facts)
        if state is not peer.state:
            _log.info("peer_state", room=self.id, peer=peer.id, before=peer.state, state=state)
            self.events.publish(
                PeerStateChanged(room=self.id, peer=peer.id, before=peer.state, state=state, reasons=peer.reasons)
            )
            peer.state = state
            self.tell_state(peer)

    def judged(self, peer: Peer, light: Light, reasons: tuple[str, ...], *, interrupted: bool) -> None:
        """The quality of a peer's media changed: tell those who may see it. ``interrupted``: nothing comes at all."""
        before = peer.state
        peer.light, peer.reasons, peer.interrupted = light, reasons, interrupted
        self.changed(peer)
        if peer.state is before:
            self.tell_state(peer)

    def tell_state(self, peer: Peer) -> None:
        """Tell those who may see a peer how it is."""
        if peer.introduced:
            data = {"peerId": peer.id, "state": peer.state, "light": peer.light, "reasons": list(peer.reasons)}
            for other in self.those_who_may(Action.SEE, peer):
                other.link.notify("peerState", data)

    def those_who_may(self, action: Action, owner: Peer) -> Iterator[Peer]:
        """Yield the other joined peers that may do ``action`` to ``owner``."""
        roles = roles_that_may(action)
        for other in self.peers.values():
            if other.role in roles and other is not owner and other.joined and self.may(other, action, owner):
                yield other

    # Who speaks.

    def listeners(self, speaker: Peer) -> list[Peer]:
        """Return the candidates that ``speaker`` speaks to now."""
        return [
            peer
            for peer in self.by_role(Role.CANDIDATE)
            if self.talk.hears(peer.id, speaker.id) and self.may(speaker, Action.WHISPER, peer)
        ]

    def talk_of(self, speaker: Peer, *, on: bool) -> dict[str, Any]:
        """Return what those whom ``speaker`` speaks to are told of it, or, off, that it is over."""
        to = "all" if on and self.talk.addressee(speaker.id) is ALL else "you"
        return {"peerId": speaker.id, "displayName": speaker.name, "to": to, "on": on}

    def talks_to(self, listener: Peer) -> list[dict[str, Any]]:
        """Return what ``listener`` is to be told of those who speak to it now."""
        return [
            self.talk_of(peer, on=True)
            for peer in self.peers.values()
            if self.talk.addressee(peer.id) is not None and listener in self.listeners(peer)
        ]

    # Policy.

    def relation(self, actor: Peer, target: Peer | None) -> Target:
        """Return what ``target`` is to ``actor``; None is the room."""
        if target is None:
            return Target.NONE
        return relation(actor.id, target.id, target.role, assigned=self.assigned(actor.id, actor.role, target.id))

    def assigned(self, actor: str, role: Role, candidate: str) -> bool:
        """Return whether somebody in that role watches a candidate."""
        if role is Role.CANDIDATE:
            return False
        return role is Role.LEAD or self.assignments.covers(actor, role, candidate).assigned

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
        protocols = self._rtc.protocols
        if tcp_only and "tcp" not in protocols:
            raise RefusedError("unsupported", "this server takes media over UDP only")
        transport = await router.create_webrtc_transport(
            webrtc_server=self.member.server, enable_udp="udp" in protocols and not tcp_only,
            enable_tcp="tcp" in protocols, prefer_udp=True,
            initial_available_outgoing_bitrate=self._rtc.initial_outgoing_bitrate,
        )  # fmt: skip
        return transport

    def follow_transport(self, peer: Peer, transport: WebRtcTransport) -> None:
        """Let the peer's state follow the transport's."""
        peer.interrupted = False
        transport.on("icestatechange", lambda _: self.changed(peer))
        transport.on("dtlsstatechange", lambda _: self.changed(peer))

    def source_of(self, peer: Peer, source: Source) -> Published | None:
        """Return what a peer publishes as ``source``."""
        return next((each for each in peer.published.values() if each.source is source), None)

    def find(self, producer_id: str) -> tuple[Peer, Published]:
        """Return a producer of the room and its owner; raises `RefusedError`."""
        for owner in self.peers.values():
            if (published := owner.published.get(producer_id)) is not None:
                return owner, published
        raise RefusedError("producer_not_found", f"there is no producer {producer_id} in room {self.id}")
