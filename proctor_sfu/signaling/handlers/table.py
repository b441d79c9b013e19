"""Which request is handled where, and in which state of the session it is allowed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from proctor_sfu.errors import RefusedError
from proctor_sfu.mediasoup.rtp import RtpCapabilities
from proctor_sfu.signaling import bodies, shapes
from proctor_sfu.signaling.handlers import consuming, joining, leading, producing, talking, transports
from proctor_sfu.signaling.session import Session

State: TypeAlias = Literal["connected", "authenticated", "joined"]


class Entry(NamedTuple):
    """A method: its body, its handler, the state it needs, and its answer."""

    body: type[bodies.Body]
    handle: Callable[[Session, Any], Awaitable[Any]]
    state: State
    answer: Any


TABLE: Final[Mapping[str, Entry]] = {
    "authenticate": Entry(bodies.Authenticate, joining.authenticate, "connected", shapes.Welcome),
    "getRouterRtpCapabilities": Entry(bodies.Nothing, joining.router_capabilities, "authenticated", RtpCapabilities),
    "createWebRtcTransport": Entry(bodies.CreateTransport, transports.create, "authenticated", shapes.Transport),
    "connectWebRtcTransport": Entry(bodies.ConnectTransport, transports.connect, "authenticated", shapes.Empty),
    "restartIce": Entry(bodies.OfTransport, transports.restart_ice, "authenticated", shapes.FreshIce),
    "getTransportStats": Entry(bodies.OfTransport, transports.stats, "authenticated", shapes.Stats),
    "ping": Entry(bodies.Nothing, joining.ping, "authenticated", shapes.Empty),
    "join": Entry(bodies.Join, joining.join, "authenticated", shapes.Joined),
    "produce": Entry(bodies.Produce, producing.produce, "joined", shapes.ProducerMade),
    "uplink": Entry(bodies.UplinkReport, producing.uplink, "joined", shapes.UplinkPlan),
    "closeProducer": Entry(bodies.OfProducer, producing.close, "joined", shapes.Empty),
    "pauseProducer": Entry(bodies.OfProducer, producing.pause, "joined", shapes.Empty),
    "resumeProducer": Entry(bodies.OfProducer, producing.resume, "joined", shapes.Empty),
    "getProducerStats": Entry(bodies.OfProducer, producing.stats, "joined", shapes.Stats),
    "watch": Entry(bodies.Watch, consuming.watch, "joined", shapes.Empty),
    "consume": Entry(bodies.Consume, consuming.consume, "joined", shapes.ConsumerShape),
    "closeConsumer": Entry(bodies.OfConsumer, consuming.close, "joined", shapes.Empty),
    "pauseConsumer": Entry(bodies.OfConsumer, consuming.pause, "joined", shapes.Empty),
    "resumeConsumer": Entry(bodies.OfConsumer, consuming.resume, "joined", shapes.Empty),
    "setConsumerPreferredLayers": Entry(bodies.PreferredLayers, consuming.set_preferred_layers, "joined", shapes.Empty),
    "setConsumerPriority": Entry(bodies.Priority, consuming.set_priority, "joined", shapes.Empty),
    "requestConsumerKeyFrame": Entry(bodies.OfConsumer, consuming.request_key_frame, "joined", shapes.Empty),
    "getConsumerStats": Entry(bodies.OfConsumer, consuming.stats, "joined", shapes.Stats),
    "whisper": Entry(bodies.Whisper, talking.whisper, "joined", shapes.Empty),
    "announce": Entry(bodies.Announce, talking.announce, "joined", shapes.Empty),
    "message": Entry(bodies.Message, talking.message, "joined", shapes.MessageSent),
    "raiseHand": Entry(bodies.RaiseHand, talking.raise_hand, "joined", shapes.Empty),
    "bookmark": Entry(bodies.Bookmark, talking.bookmark, "joined", shapes.BookmarkMade),
    "getAssignments": Entry(bodies.Nothing, leading.assignments, "joined", shapes.AssignmentsShape),
    "assign": Entry(bodies.Assign, leading.assign, "joined", shapes.Empty),
    "kick": Entry(bodies.Kick, leading.kick, "joined", shapes.Empty),
    "pausePeer": Entry(bodies.PausePeer, leading.pause_peer, "joined", shapes.Empty),
    "leave": Entry(bodies.Nothing, joining.leave, "authenticated", shapes.Empty),
}


async def dispatch(session: Session, method: str, data: Mapping[str, Any]) -> Any:
    """Handle a request; raises `RefusedError` and what the mediasoup host raises."""
    entry = TABLE.get(method)
    if entry is None:
        raise RefusedError("unknown_method", f"there is no method {method!r}")
    if entry.state != "connected" and session.peer is None:
        raise RefusedError("not_authenticated", f"{method} comes after authenticate")
    if entry.state == "joined" and session.peer is not None and not session.peer.joined:
        raise RefusedError("not_joined", f"{method} comes after join")
    return await entry.handle(session, entry.body.of(data))
