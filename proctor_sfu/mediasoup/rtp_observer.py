"""RtpObserver: watches the audio of producers; base of the two kinds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, ClassVar, Literal, Protocol

from proctor_sfu.errors import NotFoundError
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.entity import Entity
from proctor_sfu.mediasoup.producer import Producer


class Home(Protocol):
    """What an observer needs of its router."""

    id: str
    producers: dict[str, Producer]

    def forget_rtp_observer(self, rtp_observer: RtpObserver) -> None:
        """Called when an observer closed by itself."""


class RtpObserver(Entity):
    """Base of the observers. Events: ``routerclose``; each kind adds its own.

    Observer events: ``close``, ``pause``, ``resume``, ``addproducer`` and ``removeproducer`` (the `Producer`). Source:
    https://mediasoup.org/documentation/v3/mediasoup/api/#RtpObserver.
    """

    __slots__ = ("_paused", "_router")

    type: ClassVar[Literal["audiolevel", "activespeaker"]]

    def __init__(self, entity_id: str, channel: Channel, router: Home, app_data: dict[str, Any] | None) -> None:
        super().__init__(entity_id, channel, app_data)
        self._router = router
        self._paused = False
        channel.handlers[entity_id] = self

    @property
    def paused(self) -> bool:
        """Whether it reports nothing for now."""
        return self._paused

    def close(self) -> None:
        """Close the observer."""
        if self._end():
            body = ("Router_CloseRtpObserverRequest", {"rtp_observer_id": self.id})
            self._channel.post("ROUTER_CLOSE_RTPOBSERVER", self._router.id, body)
            self._router.forget_rtp_observer(self)
            self._observe("close")

    def router_closed(self) -> None:
        """Called by the router when it closes."""
        if self._end():
            self.emit("routerclose")
            self._observe("close")

    def pause(self) -> asyncio.Future[None]:
        """Report nothing until `resume`."""
        return self._set_paused("RTPOBSERVER_PAUSE", True)

    def resume(self) -> asyncio.Future[None]:
        """Report again."""
        return self._set_paused("RTPOBSERVER_RESUME", False)

    def _set_paused(self, method: str, paused: bool) -> asyncio.Future[None]:
        def finish(_: Any) -> None:
            changed, self._paused = self._paused != paused, paused
            if changed:
                self._observe("pause" if paused else "resume")

        return self._channel.request(method, self.id, None, finish)

    def add_producer(self, *, producer_id: str) -> asyncio.Future[None]:
        """Watch an audio producer until it closes.

        Raises `NotFoundError` for one the router does not have; fails with `InvalidArgumentError` for video.
        """
        return self._change("ADD", producer_id, lambda producer: self._observe("addproducer", producer))

    def remove_producer(self, *, producer_id: str) -> asyncio.Future[None]:
        """Watch a producer no more. Raises `NotFoundError` for one the router does not have."""
        return self._change("REMOVE", producer_id, lambda producer: self._observe("removeproducer", producer))

    def _change(
        self, verb: Literal["ADD", "REMOVE"], producer_id: str, done: Callable[[Producer], None]
    ) -> asyncio.Future[None]:
        producer = self._router.producers.get(producer_id)
        if producer is None:
            raise NotFoundError(f'producer with id "{producer_id}" not found')
        return self._channel.request(
            f"RTPOBSERVER_{verb}_PRODUCER", self.id,
            (f"RtpObserver_{verb.capitalize()}ProducerRequest", {"producer_id": producer_id}),
            lambda _: done(producer),
        )  # fmt: skip

    def notified(self, event: str, body: Any) -> None:
        """Handle a notification of the worker."""
        raise NotImplementedError
