"""Peers that join rooms and then do nothing: what a list of candidates needs to have rows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from proctor_sfu.simulate.protoo import Protoo

_T = TypeVar("_T")
_LIMIT = 20.0


class Guests:
    """A thread that keeps connections. `join` returns when the daemon has the peer."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="guests", daemon=True)
        self._thread.start()
        self._joined: list[Protoo] = []

    def join(self, url: str, room: str, peer: str, role: str = "candidate", name: str | None = None) -> Protoo:
        """Join an open room."""
        return self._do(self._join(url, room, peer, role, name))

    async def _join(self, url: str, room: str, peer: str, role: str, name: str | None) -> Protoo:
        async def refuse(method: str, data: dict[str, Any]) -> dict[str, Any]:
            return {}

        protoo = await Protoo.connect(url, refuse, lambda method, data: None)
        self._joined.append(protoo)
        data = {"roomId": room, "peerId": peer, "role": role}
        await protoo.request("authenticate", data if name is None else data | {"displayName": name})
        return protoo

    def close_code(self, guest: Protoo) -> int | None:
        """Wait until a guest's connection ended; returns the code it got."""
        return self._do(guest.wait_closed())

    def end(self) -> None:
        """Close all connections."""
        for guest in self._joined:
            self._do(guest.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_LIMIT)
