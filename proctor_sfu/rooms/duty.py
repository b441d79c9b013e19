"""What has to be looked at again and again: rooms that end, and sources that have to be there."""

from __future__ import annotations

from typing import Final

import structlog

from proctor_sfu.audit.entry import DAEMON
from proctor_sfu.events import SourceBack, SourceMissing
from proctor_sfu.rooms.peer import Peer
from proctor_sfu.rooms.required import Required, Sending
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.rooms.room import Room

_log = structlog.get_logger("psfu.rooms")

PACE: Final = 0.5
"""Seconds between two looks."""


class Duty:
    """Watches the required sources of the candidates of one room."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._watched: dict[Peer, Required] = {}

    def missing(self, peer: Peer) -> frozenset[Source]:
        """Return what a candidate was told to be missing."""
        watched = self._watched.get(peer)
        return frozenset(watched.missing) if watched is not None else frozenset()

    def look(self, now: float) -> None:
        """Tell what changed; ``now`` is of a clock that never jumps."""
        room = self._room
        if not room.profile.required:
            return
        present = [peer for peer in room.by_role(Role.CANDIDATE) if peer.joined]
        self._watched = {peer: self._watched.get(peer) or Required() for peer in present}
        for peer, watched in self._watched.items():
            facts = peer.facts
            connected = not facts.away and (facts.connected or not facts.connected_once)
            for change in watched.check(
                room.profile.required, _sending(peer, room.held.get(peer.id, set())), connected=connected, now=now
            ):  # fmt: skip
                self._tell(peer, change.source, missing=change.missing)
            peer.missing = frozenset(watched.missing)

    def _tell(self, peer: Peer, source: Source, *, missing: bool) -> None:
        room = self._room
        if missing:
            room.events.publish(SourceMissing(room=room.id, peer=peer.id, source=source))
            _log.warning("source_missing", room=room.id, peer=peer.id, source=source)
        else:
            room.events.publish(SourceBack(room=room.id, peer=peer.id, source=source))
            _log.info("source_back", room=room.id, peer=peer.id, source=source)
        room.note("source_missing" if missing else "source_back", by=DAEMON, target=peer, source=source)


def _sending(peer: Peer, held: set[Source]) -> dict[Source, Sending]:
    return {
        each.source: Sending(
            # What a lead paused is not the candidate's fault.
            paused=each.producer.paused and each.source not in held,
            silent=all(score.score == 0 for score in each.producer.score),
        )
        for each in peer.published.values()
    }
