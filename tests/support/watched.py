"""Rooms, peers and statistics for what watches them: shaped like the real ones, made up, with no worker behind."""

from __future__ import annotations

import random
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any, Final

from proctor_sfu.mediasoup.stats import InboundRtpStats, OutboundRtpStats, WebRtcTransportStats
from proctor_sfu.quality.sampler import Answers
from proctor_sfu.rooms.peer import Published
from proctor_sfu.rooms.roles import Role, Source

SOURCES: Final = (Source.CAMERA, Source.SCREEN, Source.MICROPHONE)
_chance = random.Random(1)


def producer(number: int, source: Source) -> Any:
    kind = "audio" if source is Source.MICROPHONE else "video"
    codec = SimpleNamespace(mime_type=f"{kind}/x", clock_rate=48_000 if kind == "audio" else 90_000)
    parameters = SimpleNamespace(codecs=(codec,), encodings=(SimpleNamespace(ssrc=1, rid=None),))
    return SimpleNamespace(
        id=f"producer-{number:08}-{source.value}", kind=kind, paused=False, closed=False, rtp_parameters=parameters,
        type="simple",
    )  # fmt: skip


def transport(number: int, address: str) -> Any:
    return SimpleNamespace(
        id=f"transport-{number:08}-of-a-peer", closed=False, dtls_state="connected", ice_state="completed",
        ice_selected_tuple=SimpleNamespace(remote_ip=address, protocol="udp"),
    )  # fmt: skip


def candidate(number: int, *, address: str | None = None, sources: Iterable[Source] = SOURCES) -> Any:
    address = address or f"192.0.{number // 250}.{number % 250}"
    producers = {each: producer(number, each) for each in sources}
    return SimpleNamespace(
        id=f"candidate-{number:04}", name=f"Candidate {number}", role=Role.CANDIDATE, joined=True, away=None,
        address=address, sending=transport(number, address), connected_at=0.0, missing=frozenset(), recording="on",
        uplink=None,
        published={each.id: Published(source=source, producer=each) for source, each in producers.items()}, viewed={},
    )  # fmt: skip


def proctor(number: int, watched: Iterable[Any]) -> Any:
    made = candidate(9000 + number, sources=())
    made.id, made.role, made.receiving = f"proctor-{number}", Role.PROCTOR, made.sending
    for owner in watched:
        consumer = SimpleNamespace(
            id=f"consumer-{number}-{owner.id}", paused=False, producer_paused=False, type="simple", closed=False
        )
        made.viewed[consumer.id] = SimpleNamespace(owner=owner, consumer=consumer)
    return made


class Worker:
    """A member of the pool."""

    def __init__(self, pid: int) -> None:
        self.worker = SimpleNamespace(pid=pid)


def room(name: str, peers: Iterable[Any], pid: int | None = None) -> Any:
    member = None if pid is None else Worker(pid)
    return SimpleNamespace(
        id=name, peers={each.id: each for each in peers}, roster={}, gone={}, open=False, created_at=0.0, router=None,
        member=member,
    )  # fmt: skip


_INBOUND: Final = dict.fromkeys(InboundRtpStats._fields, 0)
_OUTBOUND: Final = dict.fromkeys(OutboundRtpStats._fields, 0)
_TRANSPORT: Final = dict.fromkeys(WebRtcTransportStats._fields, 0)


def answers(people: Iterable[Any], second: int, *, lost: dict[str, int] | None = None) -> Answers:
    """What workers tell of peers that are well for ``second`` seconds; ``lost``: packets lost so far, by peer."""
    made = Answers()
    for each in people:
        missing = (lost or {}).get(each.id, 0)
        for key, published in each.published.items():
            made.producers[key] = (_inbound(second, published.producer.kind, missing),)
        for key, viewed in each.viewed.items():
            # Whoever receives also misses what never came to the worker.
            before = (lost or {}).get(viewed.owner.id, 0)
            stats = {
                "timestamp": 1000 * second, "packet_count": 40 * second, "packets_lost": missing + before,
                "round_trip_time": 30.0, "byte_count": 45_000 * second,
            }  # fmt: skip
            made.consumers[key] = (OutboundRtpStats(**_OUTBOUND | stats), _inbound(second, "video", before))
        if each.sending is None:
            continue
        sent = (1000 + 45_000 * len(each.viewed)) * second
        octets = {"timestamp": 1000 * second, "bytes_received": 130_000 * second, "bytes_sent": sent}
        made.transports[each.sending.id] = (WebRtcTransportStats(**_TRANSPORT | octets),)
    return made


def _inbound(second: int, kind: str, lost: int) -> InboundRtpStats:
    stats = {
        "timestamp": 1000 * second, "ssrc": 1, "kind": kind, "mime_type": f"{kind}/x", "rid": None, "rtx_ssrc": 7,
        "packet_count": 40 * second + _chance.randrange(3), "byte_count": 45_000 * second + _chance.randrange(900),
        "bitrate": 360_000, "packets_lost": lost, "jitter": _chance.randrange(900), "score": 10,
        "round_trip_time": 20 + _chance.random() * 9, "bitrate_by_layer": {},
    }  # fmt: skip
    return InboundRtpStats(**_INBOUND | stats)
