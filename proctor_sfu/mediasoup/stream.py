"""What producers, consumers and their data kin share: they live in a transport, end with it and can be paused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.entity import Entity


class Stream(Entity):
    """Base of `Producer`, `Consumer`, `DataProducer` and `DataConsumer`."""

    __slots__ = ("_forget", "_paused", "_transport_id")

    _CLOSING: ClassVar[tuple[str, str, str]]
    """How the worker is asked to close it: method, body, field of the body with its id."""

    def __init__(
        self, entity_id: str, channel: Channel, app_data: dict[str, Any] | None, *, transport_id: str, paused: bool,
        forget: Callable[[Any], None],
    ) -> None:  # fmt: skip
        super().__init__(entity_id, channel, app_data)
        self._transport_id = transport_id
        self._paused = paused
        self._forget = forget

    def close(self) -> None:
        """Close it. The worker closes consumers with their producer; a producer does not notice a consumer's end."""
        if self._end():
            method, body, field = self._CLOSING
            self._channel.post(method, self._transport_id, (body, {field: self.id}))
            self._forget(self)
            self._observe("close")

    def transport_closed(self) -> None:
        """Called by the transport when it closes."""
        if self._end():
            self.emit("transportclose")
            self._observe("close")

    def _set_paused(self, paused: bool) -> Callable[[Any], None]:
        """Return what to do when the worker confirms."""

        def finish(_: Any) -> None:
            changed, self._paused = self._paused != paused, paused
            if changed and not self._held:
                self._observe("pause" if paused else "resume")

        return finish

    @property
    def _held(self) -> bool:
        """Whether nothing flows anyway, so that pausing and resuming tells an observer nothing."""
        return False
