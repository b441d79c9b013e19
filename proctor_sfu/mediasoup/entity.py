"""What all mediasoup entities share: an id, a channel, events, an observer, application data, an idempotent close."""

from __future__ import annotations

from types import TracebackType
from typing import Any, Self

from proctor_sfu.errors import NotFoundError
from proctor_sfu.mediasoup.channel import Channel
from proctor_sfu.mediasoup.emitter import Emitter


class Entity(Emitter):
    """Base of the entities; made by their parents, never directly. Leaving ``async with`` closes it."""

    __slots__ = ("_app_data", "_channel", "_closed", "_observer", "id")

    def __init__(self, entity_id: str, channel: Channel, app_data: dict[str, Any] | None) -> None:
        super().__init__()
        self.id = entity_id
        """UUID, the same in the worker."""
        self._channel = channel
        self._closed = False
        self._app_data = app_data
        self._observer: Emitter | None = None

    @property
    def closed(self) -> bool:
        """Whether it is closed; nothing can be asked of it any more."""
        return self._closed

    @property
    def app_data(self) -> dict[str, Any]:
        """Data of the application, not looked at here; may be replaced. An empty dict unless given."""
        if self._app_data is None:
            self._app_data = {}
        return self._app_data

    @app_data.setter
    def app_data(self, value: dict[str, Any]) -> None:
        self._app_data = value

    @property
    def observer(self) -> Emitter:
        """Events for whoever watches without owning: creation of children, pause, resume, ``close``.

        Each class lists them; ``close`` is emitted once however the entity was closed.
        """
        if self._observer is None:
            self._observer = Emitter()
        return self._observer

    def _observe(self, event: str, *args: Any) -> None:
        if self._observer is not None:
            self._observer.emit(event, *args)

    def _tell(self, event: str, *args: Any) -> None:
        """Emit on both the entity and its observer."""
        self.emit(event, *args)
        self._observe(event, *args)

    def _must_be_open(self) -> None:
        """Raise `NotFoundError` where an answer comes too late: what it tells of was closed with this entity."""
        if self._closed:
            raise NotFoundError(f"{type(self).__name__} {self.id} was closed meanwhile")

    def close(self) -> None:
        """Close it and everything that lives in it."""
        raise NotImplementedError

    def _end(self) -> bool:
        """Mark it closed and hear no more of it from the worker; say whether it was open until now."""
        if self._closed:
            return False
        self._closed = True
        self._channel.handlers.pop(self.id, None)
        return True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
