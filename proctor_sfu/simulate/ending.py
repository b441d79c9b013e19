"""Why a simulated peer cannot stay, or come in: a code, and words for people; what a peer survives is not among it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final, Self

import aiohttp
from aiortc.exceptions import InvalidStateError

from proctor_sfu.simulate.protoo import ClosedError, Data, RefusedError

TROUBLES: Final = (
    RefusedError, ClosedError, InvalidStateError, ConnectionError, TimeoutError, OSError, aiohttp.ClientError,
)  # fmt: skip
"""What may happen to a client that comes, stays or goes; anything else is a mistake of ours."""
FINAL: Final = frozenset({"kicked", "room_closed"})
"""Codes after which a peer does not come back."""
_CLOSED: Final = {1001: "shutdown", 4003: "kicked", 4004: "room_closed"}
"""Close code -> what it means; see psfu-signaling(7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """Why a stay ended before its time."""

    code: str
    reason: str

    @classmethod
    def told(cls, method: str, data: Data) -> Self | None:
        """Return what a notification means for a stay, None for one that ends none."""
        match method:
            case "workerDied":
                return cls(code="worker_died", reason="the room's worker died")
            case "kicked":
                return cls(code="kicked", reason=str(data.get("reason") or ""))
            case _:
                return None

    @classmethod
    def closed(cls, code: int | None) -> Self:
        """Return what it means that the WebSocket was closed with that code."""
        return cls(code=_CLOSED.get(code or 0, "closed"), reason=f"the connection was closed with {code}")

    @classmethod
    def media(cls, state: str) -> Self | None:
        """Return what a state of the media connection means, None for one it lives with."""
        if state in ("failed", "closed"):
            return cls(code="media", reason=f"the media connection is {state}")
        return None

    @classmethod
    def failed(cls, error: BaseException) -> Self:
        """Return what one of the `TROUBLES` means."""
        return cls(code=_code(error), reason=_reason(error))


def _code(error: BaseException) -> str:
    if isinstance(error, RefusedError):
        return error.code
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return "certificate"
    return "timeout" if isinstance(error, TimeoutError) else "network"


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorError) and not isinstance(error, aiohttp.ClientConnectorSSLError):
        cause = error.os_error
        # The number tells it in plain words, but names that are not found have numbers of their own.
        words = os.strerror(cause.errno) if cause.errno and cause.errno > 0 else cause.strerror or str(cause)
        return f"{error.host} port {error.port}: {words.lower()}"
    return str(error) or type(error).__name__
