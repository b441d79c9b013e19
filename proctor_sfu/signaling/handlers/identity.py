"""Who somebody is: what a token says, or, in an open room, what they say themselves."""

from __future__ import annotations

import time
from dataclasses import dataclass

import structlog

from proctor_sfu.errors import RefusedError
from proctor_sfu.events import LoginRefused
from proctor_sfu.rooms.claims import Claims
from proctor_sfu.rooms.names import checked_id, clean_name
from proctor_sfu.rooms.peer import Peer
from proctor_sfu.rooms.roles import Role
from proctor_sfu.rooms.room import Room
from proctor_sfu.signaling.bodies import Authenticate
from proctor_sfu.signaling.session import Session

_log = structlog.get_logger("psfu.signaling")


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A good answer to who wants in where. ``claims``: those of its token, None in an open room."""

    room: Room
    peer_id: str
    role: Role
    name: str
    claims: Claims | None

    def peer(self, session: Session) -> Peer:
        """Return a new peer."""
        return Peer(self.peer_id, self.role, self.name, session.address, session, self.claims)


def identify(session: Session, body: Authenticate) -> Identity:
    """Return who wants in; raises `RefusedError`, and then tells of it, since somebody may be trying keys."""
    token = body.token if body.token is not None else session.bearer
    if token is None:
        return _stated(session, body)
    found = session.registry.tokens.inspect(token)
    try:
        if found.problem is not None:
            raise found.problem
        assert found.claims is not None
        return _proved(session, body, found.claims)
    except RefusedError as error:
        _tell(session, error, found.claims)
        raise


def _stated(session: Session, body: Authenticate) -> Identity:
    if body.room_id is None or body.peer_id is None or body.role is None:
        raise RefusedError("bad_data", "a token is needed, or for an open room roomId, peerId and role")
    room_id, peer_id = checked_id("roomId", body.room_id), checked_id("peerId", body.peer_id)
    room = session.registry.get(room_id)
    if not room.open:
        raise RefusedError("token_required", f"room {room.id} can only be joined with a token")
    expected = room.roster.get(peer_id)
    name = clean_name(body.display_name, expected.name if expected is not None else peer_id)
    _require_open(room, body.role)
    return Identity(room=room, peer_id=peer_id, role=body.role, name=name, claims=None)


def _proved(session: Session, body: Authenticate, claims: Claims) -> Identity:
    if body.room_id not in (None, claims.room):
        raise RefusedError("token_wrong_room", "the token is for another room")
    if body.peer_id not in (None, claims.subject) or body.role not in (None, claims.role):
        raise RefusedError("token_conflict", "peerId or role are not those of the token")
    if session.registry.revoked.find(claims) is not None:
        raise RefusedError("token_revoked", "the token was taken back; ask for a new link")
    room = session.registry.get(claims.room)
    _require_open(room, claims.role)
    expected = room.roster.get(claims.subject)
    name = claims.name if claims.name != claims.subject or expected is None else expected.name
    return Identity(room=room, peer_id=claims.subject, role=claims.role, name=name, claims=claims)


def _require_open(room: Room, role: Role) -> None:
    """Candidates wait for the room to open; those who prepare it need not."""
    now = time.time()
    room.profile.require_open_at(now if role is Role.CANDIDATE else max(now, room.profile.not_before or 0.0))


def _tell(session: Session, error: RefusedError, claims: Claims | None) -> None:
    room = claims.room if claims is not None else None
    _log.warning("login_refused", code=error.reason, room=room, address=session.address)
    if not session.registry.refusals.take(time.monotonic()):
        return  # Whoever floods us with bad tokens fills the log, not the audit.
    session.registry.events.publish(LoginRefused(code=error.reason, address=session.address, room=room))
    session.registry.audit.record(
        "login", room=room, target=claims.subject if claims is not None else None, outcome="refused",
        code=error.reason, address=session.address,
    )  # fmt: skip
