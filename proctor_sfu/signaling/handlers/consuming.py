"""What proctors and observers see."""

from __future__ import annotations

from typing import Any

from proctor_sfu.errors import RefusedError
from proctor_sfu.rooms.peer import Viewed
from proctor_sfu.rooms.policy import Action
from proctor_sfu.rooms.views import View
from proctor_sfu.signaling.bodies import Consume, OfConsumer, PreferredLayers, Priority, Watch
from proctor_sfu.signaling.handlers.transports import camel_stats
from proctor_sfu.signaling.session import Session, describe


async def consume(session: Session, body: Consume) -> dict[str, Any]:
    """See one producer, paused until `resumeConsumer`."""
    room, peer = session.room, session.peer
    assert room is not None and peer is not None
    # Before looking the producer up: whoever may see nobody must not learn what exists.
    room.require_ever(peer, Action.CONSUME)
    owner, published = room.find(body.producer_id)
    if any(viewed.consumer.producer_id == body.producer_id for viewed in peer.viewed.values()):
        raise RefusedError("conflict", f"you consume producer {body.producer_id} already")
    return describe(await room.forwarding.consume(peer, owner, published, led_by_client=True, paused=body.paused))


async def watch(session: Session, body: Watch) -> dict[str, Any]:
    """See these tiles and no others; consumers, layers and pauses follow from their sizes."""
    room, peer = session.room, session.peer
    assert room is not None and peer is not None
    room.forwarding.watch(
        peer,
        [
            View(peer_id=each.peer_id, source=each.source, width=each.width, height=each.height, focus=each.focus)
            for each in body.views
        ],
    )
    return {}


async def close(session: Session, body: OfConsumer) -> dict[str, Any]:
    """See it no more."""
    viewed = _own(session, body)
    viewed.consumer.close()
    _note(session, "close", viewed)
    return {}


async def pause(session: Session, body: OfConsumer) -> dict[str, Any]:
    """Get nothing for now."""
    viewed = _own(session, body)
    await viewed.consumer.pause()
    _note(session, "pause", viewed)
    return {}


async def resume(session: Session, body: OfConsumer) -> dict[str, Any]:
    """Get it again, beginning with a key frame."""
    viewed = _own(session, body)
    await viewed.consumer.resume()
    _note(session, "resume", viewed)
    return {}


async def set_preferred_layers(session: Session, body: PreferredLayers) -> dict[str, Any]:
    """Get at most these layers."""
    consumer = _own(session, body).consumer
    await consumer.set_preferred_layers(spatial_layer=body.spatial_layer, temporal_layer=body.temporal_layer)
    return {}


async def set_priority(session: Session, body: Priority) -> dict[str, Any]:
    """Get bandwidth before or after others."""
    await _own(session, body).consumer.set_priority(body.priority)
    return {}


async def request_key_frame(session: Session, body: OfConsumer) -> dict[str, Any]:
    """Ask for a key frame."""
    await _own(session, body).consumer.request_key_frame()
    return {}


async def stats(session: Session, body: OfConsumer) -> Any:
    """Return its statistics."""
    return [camel_stats(each) for each in await _own(session, body).consumer.get_stats()]


def _note(session: Session, action: str, viewed: Viewed) -> None:
    assert session.room is not None and session.peer is not None
    session.room.note(action, by=session.peer.by, target=viewed.owner, source=viewed.published.source)


def _own(session: Session, body: OfConsumer) -> Viewed:
    assert session.peer is not None
    viewed = session.peer.viewed.get(body.consumer_id)
    if viewed is None:
        raise RefusedError("consumer_not_found", f"you have no consumer {body.consumer_id}")
    return viewed
