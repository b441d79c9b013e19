"""Which request is handled where, and in which state of the session it is allowed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from proctor_sfu.errors import RefusedError
from proctor_sfu.signaling import bodies
from proctor_sfu.signaling.handlers import consuming, joining, producing, talking, transports
from proctor_sfu.signaling.session import Session

State: TypeAlias = Literal["connected", "authenticated", "joined"]


class Entry(NamedTuple):
    """A method: its body, its handler, and the state it needs."""

    body: type[bodies.Body]
    handle: Callable[[Session, Any], Awaitable[Any]]
    state: State


TABLE: Final[Mapping[str, Entry]] = {
    "authenticate": Entry(bodies.Authenticate, joining.authenticate, "connected"),
    "getRouterRtpCapabilities": Entry(bodies.Nothing, joining.router_capabilities, "authenticated"),
    "createWebRtcTransport": Entry(bodies.CreateTransport, transports.create, "authenticated"),
    "connectWebRtcTransport": Entry(bodies.ConnectTransport, transports.connect, "authenticated"),
    "restartIce": Entry(bodies.OfTransport, transports.restart_ice, "authenticated"),
    "getTransportStats": Entry(bodies.OfTransport, transports.stats, "authenticated"),
    "join": Entry(bodies.Join, joining.join, "authenticated"),
    "produce": Entry(bodies.Produce, producing.produce, "joined"),
    "uplink": Entry(bodies.UplinkReport, producing.uplink, "joined"),
    "closeProducer": Entry(bodies.OfProducer, producing.close, "joined"),
    "pauseProducer": Entry(bodies.OfProducer, producing.pause, "joined"),
    "resumeProducer": Entry(bodies.OfProducer, producing.resume, "joined"),
    "getProducerStats": Entry(bodies.OfProducer, producing.stats, "joined"),
    "watch": Entry(bodies.Watch, consuming.watch, "joined"),
    "consume": Entry(bodies.Consume, consuming.consume, "joined"),
    "closeConsumer": Entry(bodies.OfConsumer, consuming.close, "joined"),
    "pauseConsumer": Entry(bodies.OfConsumer, consuming.pause, "joined"),
    "resumeConsumer": Entry(bodies.OfConsumer, consuming.resume, "joined"),
    "setConsumerPreferredLayers": Entry(bodies.PreferredLayers, consuming.set_preferred_layers, "joined"),
    "setConsumerPriority": Entry(bodies.Priority, consuming.set_priority, "joined"),
    "requestConsumerKeyFrame": Entry(bodies.OfConsumer, consuming.request_key_frame, "joined"),
    "getConsumerStats": Entry(bodies.OfConsumer, consuming.stats, "joined"),
    "whisper": Entry(bodies.Whisper, talking.whisper, "joined"),
    "announce": Entry(bodies.Announce, talking.announce, "joined"),
    "message": Entry(bodies.Message, talking.message, "joined"),
    "raiseHand": Entry(bodies.RaiseHand, talking.raise_hand, "joined"),
    "bookmark": Entry(bodies.Bookmark, talking.bookmark, "joined"),
    "leave": Entry(bodies.Nothing, joining.leave, "authenticated"),
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
