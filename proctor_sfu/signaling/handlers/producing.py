"""What candidates publish."""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from proctor_sfu.errors import RefusedError
from proctor_sfu.events import UplinkThin
from proctor_sfu.rooms.codecs import without_lone_layers
from proctor_sfu.rooms.peer import Published
from proctor_sfu.rooms.policy import Action, decide_produce
from proctor_sfu.rooms.roles import AUDIO, Source
from proctor_sfu.rooms.uplink import Uplink
from proctor_sfu.signaling.bodies import OfProducer, Produce, UplinkReport
from proctor_sfu.signaling.handlers.transports import camel_stats
from proctor_sfu.signaling.session import Session

_log = structlog.get_logger("psfu.signaling")


async def produce(session: Session, body: Produce) -> dict[str, Any]:
    """Publish a source; each only once."""
    room, peer = session.room, session.peer
    assert room is not None and peer is not None
    source = body.app_data.source or (Source.MICROPHONE if body.kind == "audio" else Source.CAMERA)
    decision = decide_produce(peer.role, source, peer.sources)
    if not decision.allowed:
        raise RefusedError("forbidden", decision.reason)
    if peer.sending is None or peer.sending.id != body.transport_id:
        raise RefusedError("transport_not_found", f"you have no transport {body.transport_id} to send with")
    if (source in AUDIO) != (body.kind == "audio"):
        raise RefusedError("bad_data", f"appData.source: {source} is not {body.kind}")
    if room.source_of(peer, source) is not None:
        raise RefusedError("source_exists", f"your {source} is published already")
    producer = await peer.sending.produce(
        kind=body.kind,
        rtp_parameters=without_lone_layers(body.rtp_parameters),
        app_data={"peer": peer.id, "source": source},
        key_frame_request_delay=session.registry.key_frame_delay,
    )
    while producer.paused is not (held := source in room.held.get(peer.id, ())):
        # A lead may think again meanwhile.
        await (producer.pause() if held else producer.resume())
    if producer.closed or room.peers.get(peer.id) is not peer:
        raise RefusedError("transport_not_found", "the transport was closed meanwhile")
    if held:
        peer.link.notify("sourceHeld", {"source": source, "held": True})
    room.forwarding.publish(peer, Published(source=source, producer=producer, width=body.app_data.width))
    _log.info("source_published", room=room.id, peer=peer.id, source=source, type=producer.type)
    return {"id": producer.id}


async def uplink(session: Session, body: UplinkReport) -> dict[str, Any]:
    """Take the client's estimate of its uplink; the answer says how much to send as each source, 0: nothing for now."""
    room, peer = session.room, session.peer
    assert room is not None and peer is not None
    room.require(peer, Action.SEND, peer)
    if peer.uplink is None:
        peer.uplink = Uplink(session.registry.bitrates(peer))
    before = peer.uplink.absent
    limits = peer.uplink.report(
        asyncio.get_running_loop().time(), available=body.available, limited=body.limited,
        publishing={each.source for each in peer.published.values()},
    )  # fmt: skip
    if (absent := peer.uplink.absent) != before:
        room.events.publish(UplinkThin(room=room.id, peer=peer.id, held_back=tuple(absent), available=body.available))
        room.note("uplink", by=peer.by, held_back=list(absent), available=body.available)
        _log.warning("uplink", room=room.id, peer=peer.id, held_back=list(absent), available=body.available)
    return {"sources": limits}


async def close(session: Session, body: OfProducer) -> dict[str, Any]:
    """Stop publishing a source."""
    published = _own(session, body)
    published.producer.close()
    _note(session, "close_source", published)
    return {}


async def pause(session: Session, body: OfProducer) -> dict[str, Any]:
    """Stop forwarding a source for now."""
    published = _own(session, body)
    assert session.peer is not None
    session.peer.resting.add(body.producer_id)
    await published.producer.pause()
    _note(session, "pause_source", published)
    return {}


async def resume(session: Session, body: OfProducer) -> dict[str, Any]:
    """Forward it again."""
    published = _own(session, body)
    assert session.room is not None and session.peer is not None
    session.peer.resting.discard(body.producer_id)
    if published.source in session.room.held.get(session.peer.id, ()):
        raise RefusedError("source_held", f"a proctor paused your {published.source}")
    await published.producer.resume()
    _note(session, "resume_source", published)
    return {}


async def stats(session: Session, body: OfProducer) -> Any:
    """Return its statistics."""
    return [camel_stats(each) for each in await _own(session, body).producer.get_stats()]


def _note(session: Session, action: str, published: Published) -> None:
    assert session.room is not None and session.peer is not None
    session.room.note(action, by=session.peer.by, target=session.peer, source=published.source)


def _own(session: Session, body: OfProducer) -> Published:
    assert session.peer is not None
    published = session.peer.published.get(body.producer_id)
    if published is None:
        raise RefusedError("producer_not_found", f"you have no producer {body.producer_id}")
    return published
