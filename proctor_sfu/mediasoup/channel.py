"""The two sockets to one mediasoup-worker: requests with ids, notifications in order.

A request is written when it is made, so many can be under way; writes of one turn of the event loop leave together.
The answer is turned into its final value *before* the following message is looked at, and notifications are delivered
through ``call_soon``: whoever awaits a request directly sees its result before any later notification of the worker.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import struct
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias, TypeVar, runtime_checkable

from proctor_sfu.errors import (
    ChannelError,
    InvalidArgumentError,
    MediasoupError,
    NotFoundError,
    WorkerClosedError,
    WorkerRequestError,
)
from proctor_sfu.mediasoup import protocol
from proctor_sfu.mediasoup.codec import DECODE_ERRORS, Decode
from proctor_sfu.mediasoup.dtls import DtlsParameters
from proctor_sfu.mediasoup.framing import MAX_MESSAGE, Framer

_T = TypeVar("_T")
Finish: TypeAlias = Callable[[Any], _T]
Body: TypeAlias = tuple[str, Any]

_offset = struct.Struct("<I").unpack_from
_log = logging.getLogger("psfu.mediasoup.channel")
_worker_log = logging.getLogger("psfu.mediasoup.worker")
_LEVELS = {"D": logging.DEBUG, "W": logging.WARNING, "E": logging.ERROR, "X": logging.INFO}
_REFUSALS: dict[str, type[MediasoupError]] = {"TypeError": InvalidArgumentError, "NotFoundError": NotFoundError}
_GONE = "throwing MediaSoupNotFoundError: Channel request handler"
"""What the worker logs, as an error, when something closed while a request for it was on the way: the answer says so
to whoever asked."""
_ID_MARK = 0xA5C35A3C
_BATCH = 64
"""Frames that leave at once, so that the worker begins while the host still makes more."""


class Notified(Protocol):
    """An entity that takes the worker's notifications."""

    def notified(self, event: str, body: Any) -> None:
        """Handle one notification; ``body`` is the decoded content or None."""


@runtime_checkable
class Closable(Protocol):
    """What an abandoned request may have made."""

    def close(self) -> None:
        """Close it."""


class Channel:
    """Requests to and notifications from one worker. ``lost`` is called once if the worker ends the stream."""

    def __init__(self, codecs: protocol.Codecs, lost: Callable[[Exception | None], None]) -> None:
        self.codec = codec = codecs.full
        self.created = codecs.created
        self.certificate: DtlsParameters | None = None
        """DTLS parameters of every new transport: a worker has one certificate. Kept by the routers."""
        self.handlers: dict[str, Notified] = {}
        self.closed = False
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._decode = codec.decoder(protocol.MESSAGE)
        self._methods = codec.numbers(protocol.METHOD)
        self._framer = Framer()
        self._bodies = codec.members(protocol.ANSWER)
        self._pending: dict[int, tuple[asyncio.Future[Any], Finish[Any] | None, str, Decode | None]] = {}
        self._next_id = 0
        self._out: list[bytes] = []
        self._bare: dict[str, tuple[bytes, bytes, bytes]] = {}
        self._writer: asyncio.WriteTransport | None = None
        self._reader: asyncio.BaseTransport | None = None

    async def open(self, requests: socket.socket, answers: socket.socket) -> None:
        """Take over both sockets, from here on closed by this channel."""
        self._writer, _ = await self._loop.create_connection(lambda: _Side(self, listen=False), sock=requests)
        self._reader, _ = await self._loop.create_connection(lambda: _Side(self, listen=True), sock=answers)

    def close(self) -> None:
        """Fail every pending request with `WorkerClosedError` and close the sockets. Idempotent."""
        if self.closed:
            return
        self._flush()
        self.closed = True
        self.handlers.clear()
        pending, self._pending = self._pending, {}
        for future, _, method, _ in pending.values():
            if not future.done():
                future.set_exception(WorkerClosedError(f"worker closed, {method} was not answered"))
        for side in (self._writer, self._reader):
            if side is not None:
                side.close()

    # Requests.

    def request(
        self, method: str, handler_id: str = "", body: Body | None = None, finish: Finish[_T] | None = None
    ) -> asyncio.Future[_T]:
        """Send a request; the future becomes ``finish(answer body)``, or the body itself without ``finish``.

        If the caller has given up by then, what ``finish`` made is closed again. ``finish`` may raise a
        `MediasoupError`, which the future then fails with.

        Raises (through the future): `WorkerClosedError`, and what the worker refuses as `InvalidArgumentError`,
        `NotFoundError` or `WorkerRequestError`. Raises at once: `InvalidArgumentError` for a body that does not
        fit the schema.
        """
        number = self._take_id()
        if body is None and len(handler_id) == 36:
            before, between, after = self._bare.get(method) or self._make_bare(method)
            frame = before + number.to_bytes(4, "little") + between + handler_id.encode() + after
        else:
            frame = self.encode(number, method, handler_id, body)
        return self.send(number, frame, method, finish)

    def take(self) -> int:
        """Return a fresh request id for a frame built by the caller; see `send`."""
        return self._take_id()

    def encode(self, number: int, method: str, handler_id: str, body: Body | None) -> bytes:
        """Return the frame of a request."""
        content: dict[str, Any] = {"id": number, "method": method, "handler_id": handler_id, "body": body}
        frame = self.codec.encode(protocol.MESSAGE, {"data": ("Request", content)})
        if len(frame) > MAX_MESSAGE:
            raise InvalidArgumentError(f"{method} is too big: {len(frame)} bytes, the limit is {MAX_MESSAGE}")
        return frame

    def send(
        self, number: int, frame: bytes, method: str, finish: Finish[_T] | None = None, decode: Decode | None = None
    ) -> asyncio.Future[_T]:
        """Send a ready frame that carries the id ``number``; ``decode`` replaces the codec's decoder of the answer."""
        future: asyncio.Future[_T] = self._loop.create_future()
        if self.closed:
            future.set_exception(WorkerClosedError(f"worker closed, cannot send {method}"))
            return future
        self._pending[number] = (future, finish, method, decode)
        self._write(frame)
        return future

    def post(self, method: str, handler_id: str, body: Body) -> None:
        """Send a request whose answer does not matter, as when closing: a refusal means it is gone already."""
        if not self.closed:
            self.request(method, handler_id, body).add_done_callback(_ignore)

    def notify(self, event: str, handler_id: str = "", body: Body | None = None) -> None:
        """Send a notification; raises `WorkerClosedError`, or `InvalidArgumentError` when it is too big."""
        if self.closed:
            raise WorkerClosedError(f"worker closed, cannot send {event}")
        content: dict[str, Any] = {"handler_id": handler_id, "event": event, "body": body}
        frame = self.codec.encode(protocol.MESSAGE, {"data": ("Notification", content)})
        if len(frame) > MAX_MESSAGE:
            raise InvalidArgumentError(f"{event} is too big: {len(frame)} bytes, the limit is {MAX_MESSAGE}")
        self._write(frame)

    def _take_id(self) -> int:
        self._next_id = self._next_id % 0xFFFFFFFF + 1
        return self._next_id

    def _make_bare(self, method: str) -> tuple[bytes, bytes, bytes]:
        """Cut a request without a body at its id and handler id, so that later ones need no encoding."""
        handler = os.urandom(18).hex()
        frame = self.encode(_ID_MARK, method, handler, None)
        before, rest = frame.split(_ID_MARK.to_bytes(4, "little"))
        between, after = rest.split(handler.encode())
        self._bare[method] = (before, between, after)
        return self._bare[method]

    def _write(self, frame: bytes) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(frame)
        if len(self._out) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._out and not self.closed and self._writer is not None:
            self._writer.write(b"".join(self._out))
        self._out.clear()

    # Answers and notifications.

    def received(self, data: bytes) -> None:
        """Take bytes from the worker."""
        try:
            buffer, positions = self._framer.feed(data)
            for position in positions:
                if self.closed:
                    return
                self._message(buffer, position)
        except ChannelError as error:
            self.end(error)

    def _message(self, buffer: bytes, position: int) -> None:
        try:
            ((kind, content),) = self._decode(buffer, position + _offset(buffer, position)[0])
            if kind == "Response":
                self._answered(*content)
                return
        except DECODE_ERRORS as error:
            raise ChannelError(f"a message from the worker cannot be decoded: {error!r}") from error
        if kind == "Notification":
            handler_id, event, body = content
            self._loop.call_soon(self._deliver, handler_id, event, None if body is None else body[1])
        elif kind == "Log":
            level = logging.DEBUG if _GONE in content else _LEVELS.get(content[:1], logging.INFO)
            _worker_log.log(level, "%s", content[1:])

    def _answered(
        self, number: int, accepted: bool, body: tuple[int, bytes, int] | None, error: str | None, reason: str | None
    ) -> None:
        pending = self._pending.pop(number, None)
        if pending is None:
            raise ChannelError(f"the worker answered request {number}, which was not asked")
        future, finish, method, decode = pending
        if not accepted:
            if not future.done():
                refusal = _REFUSALS.get(error or "", WorkerRequestError)
                future.set_exception(refusal(f"{reason or error or 'refused'} [{method}]"))
            return
        value: Any = None
        if body is not None:
            kind, buffer, position = body
            value = (decode or self._bodies[kind])(buffer, position)
        if finish is not None:
            try:
                value = finish(value)
            except MediasoupError as refusal:
                if not future.done():
                    future.set_exception(refusal)
                return
        if not future.done():
            future.set_result(value)
        elif isinstance(value, Closable):
            value.close()

    def _deliver(self, handler_id: str, event: str, body: Any) -> None:
        handler = self.handlers.get(handler_id)
        if handler is not None:
            handler.notified(event, body)
        elif not self.closed:
            _log.debug("notification %s for %s, which is closed", event, handler_id)

    def end(self, error: Exception | None) -> None:
        """The stream ended, or is damaged: close and tell the owner, once."""
        if not self.closed:
            if error is not None:
                _log.error("channel to the worker is lost: %s", error)
            self._lost(error)


class _Side(asyncio.Protocol):
    """One of the two sockets."""

    def __init__(self, channel: Channel, *, listen: bool) -> None:
        self.channel = channel
        self.listen = listen

    def data_received(self, data: bytes) -> None:
        if self.listen:
            self.channel.received(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.channel.end(exc)


def _ignore(future: asyncio.Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        _log.debug("closing: %s", error)
