"""What people say to each other: voices, messages, raised hands, bookmarks."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final
from uuid import uuid4

import structlog

from proctor_sfu.errors import RefusedError
from proctor_sfu.events import Bookmarked, HandRaised
from proctor_sfu.rooms.peer import Peer
from proctor_sfu.rooms.policy import Action
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.room import Room
from proctor_sfu.rooms.said import Entry
from proctor_sfu.rooms.talk import ALL, Addressee
from proctor_sfu.signaling.bodies import Announce, Bookmark, Message, RaiseHand, Whisper
from proctor_sfu.signaling.session import Session
from proctor_sfu.text import safe_text

_log = structlog.get_logger("psfu.signaling")

MAX_TEXT: Final = 1000
"""Characters of a message or note."""


async def whisper(session: Session, body: Whisper) -> dict[str, Any]:
    """Speak to one candidate and nobody else; without one: to nobody."""
    room, peer = seat(session)
    if body.peer_id is None:
        room.require_ever(peer, Action.WHISPER)
        _address(room, peer, None)
        room.note("whisper", by=peer.by, on=False)
    else:
        candidate = present(room, peer, Action.WHISPER, body.peer_id)
        _need_voice(room, peer)
        _address(room, peer, candidate.id)
        room.note("whisper", by=peer.by, target=candidate, on=True)
    return {}


async def announce(session: Session, body: Announce) -> dict[str, Any]:
    """Speak to all candidates one may speak to, or to nobody."""
    room, peer = seat(session)
    room.require(peer, Action.ANNOUNCE)
    if body.on:
        _need_voice(room, peer)
    _address(room, peer, ALL if body.on else None)
    room.note("announce", by=peer.by, on=body.on)
    return {}


def _need_voice(room: Room, peer: Peer) -> None:
    if room.source_of(peer, Source.VOICE) is None:
        raise RefusedError("voice_missing", "produce your voice before you speak")


def _address(room: Room, speaker: Peer, to: Addressee) -> None:
    before = room.listeners(speaker)
    room.talk.address(speaker.id, to)
    after = room.listeners(speaker)
    for listener in before:
        if listener not in after:
            listener.link.notify("talk", room.talk_of(speaker, on=False))
    for listener in after:
        listener.link.notify("talk", room.talk_of(speaker, on=True))
    room.forwarding.heard_by(speaker)
    _log.info("talk", room=room.id, peer=speaker.id, to="all" if to is ALL else to)


async def message(session: Session, body: Message) -> dict[str, Any]:
    """Write: a candidate to its proctors, a proctor to one candidate or, without one, to all.

    The other proctors of a candidate read what is written to it, so that nobody is answered twice.
    """
    room, peer = seat(session)
    text = safe_text(body.text, MAX_TEXT)
    if not text:
        raise RefusedError("bad_data", "text: nothing is left of it without control characters")
    to: str | None = None
    copies: Iterable[Peer] = ()
    if peer.role is Role.CANDIDATE and body.peer_id is None:
        room.require(peer, Action.MESSAGE_PROCTORS)
        candidate: str | None = peer.id
        readers = list(room.those_who_may(Action.READ, peer))
    elif body.peer_id is None:
        room.require(peer, Action.MESSAGE_ALL)
        candidate = None
        readers = [each for each in room.peers.values() if room.may(peer, Action.MESSAGE, each)]
        copies = [each for each in room.peers.values() if each is not peer and room.may(each, Action.READ)]
    else:
        reader = present(room, peer, Action.MESSAGE, body.peer_id)
        to = candidate = reader.id
        readers = [reader]
        copies = [each for each in room.those_who_may(Action.READ, reader) if each is not peer]
    data = {
        "id": str(uuid4()), "from": peer.id, "displayName": peer.name, "role": peer.role, "to": to, "text": text,
        "at": _now(),
    }  # fmt: skip
    room.said.add(Entry(method="message", author=peer.id, role=peer.role, candidate=candidate, data=data))
    _tell((*readers, *copies), "message", data)
    room.note("message", by=peer.by, target=room.peers.get(to or ""), id=data["id"], text=text, readers=len(readers))
    return {"id": data["id"], "at": data["at"], "readers": len(readers)}


async def raise_hand(session: Session, body: RaiseHand) -> dict[str, Any]:
    """Ask for attention, or no more."""
    room, peer = seat(session)
    room.require(peer, Action.RAISE_HAND, peer)
    if (peer.hand_raised_at is not None) is not body.raised:
        peer.hand_raised_at = _now() if body.raised else None
        room.events.publish(HandRaised(room=room.id, peer=peer.id, raised=body.raised))
        _tell(room.those_who_may(Action.SEE, peer), "handRaised", {"peerId": peer.id, "raised": body.raised})
    return {}


async def bookmark(session: Session, body: Bookmark) -> dict[str, Any]:
    """Note an incident of a candidate at this moment."""
    room, peer = seat(session)
    candidate = present(room, peer, Action.BOOKMARK, body.peer_id)
    data: dict[str, Any] = {
        "id": str(uuid4()), "peerId": candidate.id, "by": peer.id, "note": safe_text(body.note, MAX_TEXT), "at": _now(),
    }  # fmt: skip
    room.said.add(Entry(method="bookmark", author=peer.id, role=peer.role, candidate=candidate.id, data=data))
    _tell(room.those_who_may(Action.SEE, candidate), "bookmark", data)
    room.note("bookmark", by=peer.by, target=candidate, id=data["id"], note=data["note"])
    room.events.publish(Bookmarked(room=room.id, peer=candidate.id, id=data["id"], by=peer.id, note=data["note"]))
    return {"id": data["id"], "at": data["at"]}


def seat(session: Session) -> tuple[Room, Peer]:
    """Return the room and the peer of an authenticated session."""
    assert session.room is not None and session.peer is not None
    return session.room, session.peer


def present(room: Room, actor: Peer, action: Action, peer_id: str) -> Peer:
    """Return a peer that ``actor`` may do ``action`` to; nobody learns more about others than it may."""
    room.require_ever(actor, action)
    found = room.peers.get(peer_id)
    if found is None:
        raise RefusedError("peer_not_found", f"nobody called {safe_text(peer_id, 64)} is in the room")
    room.require(actor, action, found)
    return found


def _tell(peers: Iterable[Peer], method: str, data: dict[str, Any]) -> None:
    for peer in peers:
        peer.link.notify(method, data)


def _now() -> float:
    return round(time.time(), 3)
