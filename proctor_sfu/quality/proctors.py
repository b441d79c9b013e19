"""One proctor or observer over time: its downlink, measured on a handful of the streams it receives."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from proctor_sfu.control.api import quality as api
from proctor_sfu.mediasoup.stats import InboundRtpStats, OutboundRtpStats, RtpStats, WebRtcTransportStats
from proctor_sfu.quality.health import Link, PeerHealth, Verdict
from proctor_sfu.quality.levels import Debounce, Level, above
from proctor_sfu.quality.links import TransportTrack
from proctor_sfu.quality.rates import LONG, Meter, Rates, feed_inbound, feed_outbound
from proctor_sfu.quality.sources import hundredth, tenth, whole
from proctor_sfu.rooms.peer import Peer, Viewed
from proctor_sfu.rooms.room import Room
from proctor_sfu.settings import Quality

ASKED: Final = 8
"""Streams of a proctor that are asked for; all of them share its downlink."""
LATE: Final = 5_000
"""Milliseconds after which at the latest a client reports what it misses."""


class _Stream:
    """One stream to a proctor, and the stream of the candidate it is made of."""

    def __init__(self) -> None:
        self.sent = Meter()
        self._came = Meter(LONG + LATE)
        self._ssrc: int | None = None
        self._apart = False

    def feed(self, several: Sequence[RtpStats]) -> float | None:
        """Take what the worker told of both; returns the round trip to the proctor, None if it is not known."""
        trip = None
        for stats in several:
            if isinstance(stats, OutboundRtpStats):
                feed_outbound(self.sent, stats)
                trip = stats.round_trip_time or None
            else:
                self._feed_origin(stats)
        return trip

    def _feed_origin(self, stats: InboundRtpStats) -> None:
        if stats.ssrc != self._ssrc:
            # Another layer of simulcast, with counters of its own.
            self._ssrc, self._came = stats.ssrc, Meter(LONG + LATE)
        self._apart = stats.rtx_ssrc is not None
        feed_inbound(self._came, stats)

    def lost_of_sent(self) -> tuple[int, int] | None:
        """Return packets lost on the way to the proctor, and sent on it, over 10 s; None: too few.

        The worker keeps the numbers of packets, so a client also reports missing what never reached the worker. It does
        so a little later than the worker knows: what was lost then counts just as well as what was lost now.
        """
        share = self.sent.lost_of_sent()
        if share is None:
            return None
        before = max(self._came.missing(repaired_apart=self._apart, ago=ago) for ago in (0, LATE))
        return max(0, share[0] - before), share[1]


class ProctorTrack:
    """Follows a proctor or observer. `feed` once a second, then `shown` is its line of the frame."""

    def __init__(self, room: Room, peer: Peer, bounds: Quality, relays: Collection[str], now: float) -> None:
        self.room, self.peer = room, peer
        self.health = PeerHealth(bounds, now)
        self.link = TransportTrack(now, relays)
        self.packets_out: float | None = None
        """Packets a second of all it is sent; of more streams than were asked for, as far as their bytes tell."""
        self.loss: float | None = None
        self.rtt: float | None = None
        self.told: tuple[Level, tuple[str, ...]] = (Level.NONE, ())
        """Level and reasons that were told last."""
        self.worsened = False
        self.changed = False
        self._bounds = bounds
        self._streams: dict[str, _Stream] = {}
        self._levels = {"downlink": Debounce(), "rtt": Debounce()}

    @property
    def there(self) -> bool:
        """Whether it is in its room."""
        return self.room.peers.get(self.peer.id) is self.peer

    def to_ask(self) -> list[Viewed]:
        """Return the streams to ask for: the same ones as long as they flow."""
        flowing = {key: viewed for key, viewed in self.peer.viewed.items() if _flows(viewed)}
        kept = [key for key in self._streams if key in flowing]
        more = [key for key in flowing if key not in self._streams]
        return [flowing[key] for key in (*kept, *more)[:ASKED]]

    def feed(
        self,
        now: float,
        transport: WebRtcTransportStats | None,
        consumers: Mapping[str, Sequence[RtpStats]],
    ) -> None:
        """Take what the worker told of its transport and of its consumers by id; not there: not asked."""
        self.link.look(now, self.peer.receiving)
        self.link.feed(now, transport)
        self._measure(consumers)
        verdict = self._judge()
        link = Link(
            away=self.peer.away is not None,
            joined=self.peer.joined,
            media=self.link.media,
            silent_s=self.link.silent_s,
            missing=(),
        )
        before = self.health.verdict.level
        self.changed = self.health.feed(now, link, [verdict])
        self.worsened = self.health.verdict.level is Level.BAD and before < Level.BAD

    def _measure(self, consumers: Mapping[str, Sequence[RtpStats]]) -> None:
        answered = {key: consumers[key] for key in self.peer.viewed if key in consumers}
        self._streams = {key: self._streams.get(key) or _Stream() for key in answered}
        lost, sent, trips, rates = 0, 0, [], []
        for key, several in answered.items():
            stream = self._streams[key]
            trip = stream.feed(several)
            share = stream.lost_of_sent()
            if share is not None:
                lost, sent = lost + share[0], sent + share[1]
            rates.append(stream.sent.rates(repaired_apart=False))
            if trip is not None:
                trips.append(trip)
        self.packets_out = self._packets(rates)
        self.loss = 100 * lost / sent if sent else None
        self.rtt = sorted(trips)[len(trips) // 2] if trips else None

    def _packets(self, rates: Sequence[Rates]) -> float | None:
        """Return the packets a second of all streams, from those that were asked for."""
        flowing = sum(_flows(each) for each in self.peer.viewed.values())
        packets = [each.packets for each in rates if each.packets is not None]
        bits = sum(each.bitrate for each in rates if each.bitrate is not None)
        if len(packets) < min(flowing, ASKED):
            return None
        if flowing <= ASKED:
            return sum(packets)
        if self.link.sent is None or not bits:
            return None
        return sum(packets) * max(1.0, self.link.sent / bits)

    def _judge(self) -> Verdict:
        bounds = self._bounds
        levels = {
            "downlink": self._levels["downlink"].feed(above(self.loss, bounds.loss_warn, bounds.loss_bad)),
            "rtt": self._levels["rtt"].feed(above(self.rtt, bounds.rtt_warn_ms, bounds.rtt_bad_ms)),
        }
        reasons = sorted((each for each in levels if levels[each] > Level.OK), key=lambda each: -levels[each])
        return Verdict(max(levels.values()), tuple(reasons), None)

    def shown(self, now: float, first_guess: int) -> api.Proctor:
        """Return its line of the frame. ``first_guess``: the estimate the worker has until a client lets it measure."""
        viewed = list(self.peer.viewed.values())
        estimate = None if self.link.can_send == first_guess else self.link.can_send
        verdict, member = self.health.verdict, self.room.member
        return api.Proctor(
            id=self.peer.id, room=self.room.id, name=self.peer.name, role=self.peer.role.value,
            state=self.health.state, state_s=round(now - self.health.since, 1), level=verdict.level.word,
            reasons=verdict.reasons, worker=None if member is None else member.worker.pid,
            address=self.link.address or self.peer.address, path=self.link.path, bitrate=whole(self.link.sent),
            loss=hundredth(self.loss), rtt_ms=tenth(self.rtt), rtt_from=None if self.rtt is None else "rr",
            available_bitrate=whole(estimate), available_from=None if estimate is None else "twcc",
            consumers=len(viewed), paused_consumers=sum(each.consumer.paused for each in viewed),
            lowered_consumers=sum(_lowered(each) for each in viewed),
        )  # fmt: skip


def _flows(viewed: Viewed) -> bool:
    return not viewed.consumer.paused and not viewed.consumer.producer_paused


def _lowered(viewed: Viewed) -> bool:
    """Whether somebody gets a smaller layer than asked for, or none, because the downlink carries no more."""
    consumer = viewed.consumer
    if consumer.type != "simulcast" or not _flows(viewed):
        return False
    current, wanted = consumer.current_layers, consumer.preferred_layers
    if current is None:
        return True
    return wanted is not None and current.spatial_layer < wanted.spatial_layer
