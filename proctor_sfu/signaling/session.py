"""One client's connection: states, limits, requests in both directions. Knows messages, not sockets.

A session is *connected*, then *authenticated* (it is a peer of a room), then *joined* (it has media capabilities).
Requests of a peer are handled one after the other, those of its last connection first; requests to the client wait for
their answers elsewhere, so that the two can never wait for each other.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Final, Literal, Protocol

import structlog

from proctor_sfu.aio import spawn
from proctor_sfu.errors import MediasoupError, PsfuError, RefusedError
from proctor_sfu.limits import Bucket
from proctor_sfu.rooms.peer import Peer, Published, Viewed
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.room import Room
from proctor_sfu.settings import Signaling
from proctor_sfu.signaling import messages
from proctor_sfu.signaling.bodies import wire

_log = structlog.get_logger("psfu.signaling")

RECENT_IDS: Final = 256
"""Request ids remembered to notice one used twice."""
MAX_PENDING: Final = 1000
"""Requests to a client that may wait for an answer; a client that answers none is not sent more."""
FLOOD: Final = 100
"""Messages refused for being too many, less those taken meanwhile, after which a client is closed."""

FORBIDDEN_PER_SECOND: Final = 0.1
FORBIDDEN_BURST: Final = 20
"""How many of the things a client may not do are audited."""

CLOSE_CODES: Final = {
    "left": 1000, "shutdown": 1001, "authenticate": 4001, "kicked": 4003, "room_closed": 4004, "replaced": 4005,
    "flood": 4008,
}  # fmt: skip
LEAVING: Final = frozenset({1000, 1001, 4000})
"""WebSocket codes of a client that goes on purpose: normal, the page is closed, and protoo-client's own."""


class Wire(Protocol):
    """The socket under a session."""

    def send(self, text: str) -> None:
        """Queue a text; silently dropped when the socket is closed."""

    def close(self, code: int, reason: str) -> None:
        """Close after what is queued."""


class Dispatcher(Protocol):
    """Turns a request into its answer; see `handlers.table`."""

    async def __call__(self, session: Session, method: str, data: Mapping[str, Any]) -> Any:
        """Return the answer; raises `RefusedError` or what the host raises."""


class Session:
    """The server's side of one client; also the `Link` of its peer."""

    def __init__(
        self, wire: Wire, registry: Registry, limits: Signaling, dispatch: Dispatcher, *, address: str, now: float,
        bearer: str | None = None,
    ) -> None:  # fmt: skip
        self.registry = registry
        self.address = address
        self.bearer = bearer
        """The token of the ``Authorization`` header, if there was one."""
        self.room: Room | None = None
        self.peer: Peer | None = None
        self._wire = wire
        self._dispatch = dispatch
        self._largest = limits.max_message_bytes
        self._bucket = Bucket(limits.messages_per_second, limits.messages_burst, now)
        self._forbidden = Bucket(FORBIDDEN_PER_SECOND, FORBIDDEN_BURST, now)
        self._too_many = 0
        self._recent: deque[int] = deque(maxlen=RECENT_IDS)
        self._next_id = 0
        self._pending: dict[int, asyncio.Future[messages.Response]] = {}
        self._ended = False
        self._closed_for: str | None = None
        self.grace_seconds = limits.grace_seconds

    # From the client.

    async def receive(self, text: str, now: float) -> None:
        """Handle one message; everything that is wrong with it is answered, nothing raised."""
        if self._ended or self._closed_for is not None:
            return
        size = len(text) if text.isascii() else len(text.encode())
        message = messages.parse(text) if size <= self._largest else self._too_big(size)
        if isinstance(message, messages.Response) and (asked := self._pending.pop(message.id, None)) is not None:
            # Not counted: they are as many as we ask, a hundred at once when a proctor turns a page of the wall.
            if not asked.done():
                asked.set_result(message)
            return
        if not self._bucket.take(now):
            self._too_many += 1
            self._refuse(getattr(message, "id", None), "too_many_messages", "slow down")
            if self._too_many >= FLOOD:
                _log.warning("client_flooded", address=self.address, **self._who())
                self.finish("flood", "too many messages")
            return
        # One that is taken does not make good a hundred: on a slow machine now and then one is between any of a flood.
        self._too_many = max(0, self._too_many - 1)
        match message:
            case messages.Request():
                await self._request(message)
            case messages.Response():
                pass  # To nothing that was asked, or not any more.
            case messages.Bad():
                self._refuse(message.id, message.code, message.reason)
            case messages.Notification():
                pass  # The protocol has none from clients; one of a later version is no error.

    async def _request(self, request: messages.Request) -> None:
        if request.id in self._recent:
            self._refuse(request.id, "duplicate_request_id", f"request id {request.id} was used before")
            return
        self._recent.append(request.id)
        try:
            async with nullcontext() if self.peer is None else self.peer.turn:
                data = await self._dispatch(self, request.method, request.data)
        except RefusedError as error:
            if error.reason == "forbidden":
                self._note_forbidden(request, error.message)
            self._refuse(request.id, error.reason, error.message)
        except MediasoupError as error:
            self._refuse(request.id, error.code, error.message)
        except PsfuError as error:
            _log.error("request_failed", method=request.method, code=error.code, reason=str(error), **self._who())
            self._refuse(request.id, "internal", "the request failed; the server's log has the reason")
        else:
            self._wire.send(messages.answer(request.id, data))

    def _note_forbidden(self, request: messages.Request, reason: str) -> None:
        """Audit what somebody tried and may not, as long as they do not try to fill the audit with it."""
        if self.room is None or self.peer is None or not self._forbidden.take(asyncio.get_running_loop().time()):
            return
        target = request.data.get("peerId")
        self.room.note(
            request.method, by=self.peer.by, target=self.room.peers.get(target) if isinstance(target, str) else None,
            outcome="refused", reason=reason,
        )  # fmt: skip

    def _refuse(self, number: int | None, code: str, reason: str) -> None:
        self._wire.send(messages.refusal(number, code, reason))

    def _who(self) -> dict[str, str]:
        if self.peer is None or self.room is None:
            return {}
        return {"room": self.room.id, "peer": self.peer.id}

    def _too_big(self, size: int) -> messages.Bad:
        _log.warning("message_too_big", address=self.address, size=size, limit=self._largest, **self._who())
        return messages.Bad(code="message_too_big", reason=f"{size} bytes; the limit is {self._largest}")

    def ice_servers(self) -> list[dict[str, Any]]:
        """Return the ICE servers this client is told of, with credentials that begin now."""
        assert self.peer is not None
        return self.registry.ice.told(self.peer.id, now=time.time())

    # To the client.

    def notify(self, method: str, data: dict[str, Any]) -> None:
        """Send a notification."""
        self._wire.send(messages.notification(method, data))

    def ask(self, method: str, data: dict[str, Any]) -> asyncio.Future[messages.Response]:
        """Send a request; the future is its response, or is cancelled when the connection ends."""
        future: asyncio.Future[messages.Response] = asyncio.get_running_loop().create_future()
        if self._ended or len(self._pending) >= MAX_PENDING:
            future.cancel()
            return future
        self._next_id += 1
        self._pending[self._next_id] = future
        self._wire.send(messages.request(self._next_id, method, data))
        return future

    def offer(self, viewed: Viewed) -> None:
        """Ask the client to receive a consumer, then resume it; one it refuses is closed."""

        async def offered() -> None:
            try:
                response = await self.ask("newConsumer", describe(viewed))
            except asyncio.CancelledError:
                viewed.consumer.close()
                return
            if not response.ok:
                _log.info("consumer_refused", reason=response.reason, **self._who())
                viewed.consumer.close()
            elif not viewed.consumer.closed and self.room is not None and self.peer is not None:
                self.room.forwarding.ready(self.peer, viewed)

        spawn(offered(), name=f"offer {viewed.consumer.id}")

    def announce(self, owner: Peer, published: Published) -> None:
        """Tell of a new producer."""
        self.notify(
            "newProducer",
            {
                "peerId": owner.id,
                "producerId": published.producer.id,
                "kind": published.producer.kind,
                "appData": {"source": published.source},
            },
        )

    def reset(self) -> None:
        """The room's worker died."""
        assert self.room is not None
        self._drop_pending()
        self.notify("workerDied", {"roomId": self.room.id})

    def end(self, why: Literal["kicked", "room_closed", "replaced"], reason: str) -> None:
        """Say why and close."""
        self.notify({"kicked": "kicked", "room_closed": "roomClosed", "replaced": "replaced"}[why], {"reason": reason})
        self.finish(why, reason)

    def finish(self, why: str, reason: str) -> None:
        """Close the connection; `gone` follows."""
        self._closed_for = self._closed_for or why
        self._wire.close(CLOSE_CODES[why], reason[:100])

    def gone(self, code: int | None) -> None:
        """The connection is closed, with that WebSocket code if the client said one: leave, or keep the seat warm."""
        if self._ended:
            return
        self._ended = True
        self._drop_pending()
        room, peer = self.room, self.peer
        if room is None or peer is None or peer.link is not self:
            return
        if self._closed_for is not None or code in LEAVING or not peer.joined:
            room.leave(peer, self._closed_for or "left")
            _log.info("peer_left", reason=self._closed_for or "left", **self._who())
        else:
            room.disconnected(peer, self, self.grace_seconds)

    def _drop_pending(self) -> None:
        pending, self._pending = self._pending, {}
        for future in pending.values():
            future.cancel()


def describe(viewed: Viewed) -> dict[str, Any]:
    """Return what a client needs to receive a consumer."""
    consumer = viewed.consumer
    return {
        "peerId": viewed.owner.id,
        "producerId": consumer.producer_id,
        "id": consumer.id,
        "kind": consumer.kind,
        "rtpParameters": wire(consumer.rtp_parameters),
        "type": consumer.type,
        "appData": {"source": viewed.published.source, "peerId": viewed.owner.id},
        "producerPaused": consumer.producer_paused,
        "producerScores": list(consumer.score.producer_scores),
    }
