"""One candidate over time: what the worker tells of it in, its line of the frame out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Final

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api import quality as api
from proctor_sfu.mediasoup.stats import InboundRtpStats, WebRtcTransportStats
from proctor_sfu.quality.blame import Subject, network
from proctor_sfu.quality.health import Link, PeerHealth, Verdict
from proctor_sfu.quality.levels import Level
from proctor_sfu.quality.links import TransportTrack
from proctor_sfu.quality.sources import SourceTrack, whole
from proctor_sfu.rooms.peer import Peer, Published
from proctor_sfu.rooms.presence import State
from proctor_sfu.rooms.profile import Expected
from proctor_sfu.rooms.room import Room
from proctor_sfu.settings import Quality

_AWAY: Final = frozenset({"joining", "reconnecting", "lost"})
"""States in which a source that is not published is missed, rather than ended on purpose."""


class CandidateTrack:
    """Follows a candidate through reconnections. `feed` once a second, then ``shown`` is its line of the frame."""

    def __init__(self, room: Room, peer: Peer, bounds: Quality, relays: Collection[str], now: float) -> None:
        self.room, self.peer = room, peer
        self.health = PeerHealth(bounds, now)
        self.link = TransportTrack(now, relays)
        self.sources: dict[str, SourceTrack] = {}
        """``camera``, ``screen``, ``microphone`` -> its track."""
        self.worsened = False
        """Whether it fell into trouble with the last sample: bad, or nothing at all comes of it any more."""
        self._fallen = False
        self.changed = False
        """Whether state, level or reasons changed with the last sample."""
        self.counted: str | None = None
        """State that was counted last."""
        self.told: tuple[Level, tuple[str, ...]] = (Level.NONE, ())
        """Level and reasons that were told last."""
        self.gone_at: float | None = None
        """When it left the room, on the monotonic clock."""
        self._bounds = bounds
        self._published: tuple[Published, ...] = ()
        """What it published when its sources were looked at last."""
        self._connected_at = lru_cache(maxsize=1)(timestamp)

    @property
    def there(self) -> bool:
        """Whether it is in its room."""
        return self.room.peers.get(self.peer.id) is self.peer

    def follow(self, room: Room, peer: Peer) -> None:
        """It is in the room as ``peer``, which is another one when it came in anew."""
        if peer is not self.peer:
            self.health.enter_anew()
        self.room, self.peer, self.gone_at = room, peer, None

    def feed(
        self,
        now: float,
        transport: WebRtcTransportStats | None,
        producers: Mapping[str, Sequence[InboundRtpStats]],
    ) -> None:
        """Take what the worker told of its transport and of its producers by id; not there: it did not answer."""
        self.link.look(now, self.peer.sending)
        self.link.feed(now, transport)
        self._follow_sources(now)
        for source in self.sources.values():
            producer = source.published.producer
            # What is published no more sends nothing, which is known without asking.
            there = producer.id in self.peer.published and not producer.closed
            source.feed(now, producers.get(producer.id) if there else ())
        link = Link(self.peer.away is not None, self.peer.joined, self.link.media, self.link.silent_s, self._missing)
        self.changed = self.health.feed(now, link, [source.verdict for source in self.sources.values()])
        fallen = self.health.verdict.level is Level.BAD or self._silent
        self.worsened, self._fallen = fallen and not self._fallen, fallen

    def _follow_sources(self, now: float) -> None:
        current = tuple(self.peer.published.values())
        if current == self._published and len(current) == len(self.sources):
            return
        self._published = current
        published: dict[str, Published] = {each.source.value: each for each in current}
        for name, each in published.items():
            track = self.sources.get(name)
            if track is None:
                self.sources[name] = SourceTrack(each, self._bounds, now)
            elif track.published is not each:
                track.replace(each)
        for name in self.sources.keys() - published.keys():
            if self.health.state not in _AWAY:
                del self.sources[name]

    def gone(self, now: float, *, for_good: bool) -> None:
        """It is in the room no more."""
        if self.gone_at is None:
            self.gone_at = now
            self.link.look(now, None)
            self.sources.clear()
            self.changed = self.health.gone(now, for_good=for_good)
            self.worsened, self._fallen = self.changed and not for_good and not self._fallen, not for_good

    @property
    def _silent(self) -> bool:
        """Whether all it sends has stopped, which is noticed sooner than that its connection is gone."""
        patience, silent = self._bounds.gap_warn_seconds, False
        for each in self.sources.values():
            if each.silent_s is not None:
                if each.silent_s < patience:
                    return False
                silent = True
        return silent and self.health.state != "joining"

    @property
    def _missing(self) -> tuple[str, ...]:
        return tuple(sorted(each.value for each in self.peer.missing)) if self.peer.missing else ()

    @property
    def subject(self) -> Subject:
        """What it may have in common with others."""
        member = self.room.member
        return Subject(
            room=self.room.id, id=self.peer.id, well=not self._fallen,
            worker=None if member is None else str(member.worker.pid),
            network=network(self.link.address or self.peer.address), path=self.link.path,
        )  # fmt: skip

    def shown(self, now: float, watchers: tuple[str, ...]) -> api.Candidate:
        """Return its line of the frame."""
        verdict: Verdict = self.health.verdict
        sources = tuple([source.shown for source in self.sources.values()])
        loss, repaired, trip, jitter, gap = _worst(sources)
        member, link = self.room.member, self.link
        connected = self.health.state in ("live", "degraded")
        told = self.peer.uplink.available if self.peer.uplink is not None and connected else None
        available = told if told is not None else link.can_receive
        return api.Candidate(
            id=self.peer.id, room=self.room.id, name=self.peer.name, state=self.health.state,
            state_s=round(now - self.health.since, 1), level=verdict.level.word, reasons=verdict.reasons,
            health=verdict.health, worker=None if member is None else member.worker.pid,
            address=link.address or self.peer.address, path=link.path, ice=link.ice, dtls=link.dtls,
            bitrate=whole(link.received), loss=loss, repaired=repaired, rtt_ms=trip, jitter_ms=jitter, gap_s=gap,
            available_bitrate=whole(available),
            available_from=None if available is None else "client" if told is not None else "remb",
            connected_at=self._connected_at(self.peer.connected_at), sources=sources,
            missing=self._missing if self.gone_at is None else (), watchers=watchers,
            recording=self.peer.recording if self.gone_at is None else None,
        )  # fmt: skip


def absent(room: Room, expected: Expected) -> api.Candidate:
    """Return the line of somebody who is on the roster and not in the room."""
    ended = room.gone.get(expected.id, State.EXPECTED)
    lost = ended is State.LOST
    return api.Candidate(
        id=expected.id, room=room.id, name=expected.name, state=ended.value, state_s=None,
        level="bad" if lost else "none", reasons=("disconnected",) if lost else (), health=0 if lost else None,
        worker=None, address=None, path=None, ice=None, dtls=None, bitrate=None, loss=None, repaired=None, rtt_ms=None,
        jitter_ms=None, gap_s=None, available_bitrate=None, available_from=None, connected_at=None, sources=(),
        missing=(), watchers=(), recording=None,
    )  # fmt: skip


def _worst(sources: Sequence[api.Source]) -> tuple[float | None, ...]:
    """Return the largest loss, share repaired, round trip, jitter and gap there is."""
    loss = repaired = trip = jitter = gap = None
    for each in sources:
        loss, repaired = _larger(loss, each.loss), _larger(repaired, each.repaired)
        trip, jitter, gap = _larger(trip, each.rtt_ms), _larger(jitter, each.jitter_ms), _larger(gap, each.gap_s)
    return loss, repaired, trip, jitter, gap


def _larger(one: float | None, other: float | None) -> float | None:
    return other if one is None or (other is not None and other > one) else one
