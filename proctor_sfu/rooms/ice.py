"""ICE servers a client is told of: TURN credentials of the REST kind, as coturn and eturnal take them; pure.

``username`` is the Unix time at which the credential ends, a colon and the peer; ``credential`` the base64 of its
HMAC-SHA1 under a secret shared with the TURN server. Source: draft-uberti-behave-turn-rest-00.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


def turn_credential(secret: str, peer: str, *, expires: int) -> tuple[str, str]:
    """Return ``username`` and ``credential`` that are good until ``expires``, seconds of Unix time."""
    username = f"{expires}:{peer}"
    digest = hmac.new(secret.encode(), username.encode(), hashlib.sha1).digest()
    return username, base64.b64encode(digest).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServers:
    """The servers of a daemon. The first of the secrets signs; the others are still accepted while they are rotated."""

    urls: Sequence[str] = ()
    secrets: Sequence[str] = ()
    ttl: float = 14_400.0
    """Seconds a credential is good."""

    def told(self, peer: str, *, now: float) -> list[dict[str, Any]]:
        """Return ``RTCIceServer`` dictionaries (W3C WebRTC) for a peer at Unix time ``now``; none without URLs.

        STUN URLs need no credential and get an entry of their own.
        """
        servers: list[dict[str, Any]] = []
        stun = [url for url in self.urls if url.startswith("stun")]
        turn = [url for url in self.urls if not url.startswith("stun")]
        if stun:
            servers.append({"urls": stun})
        if turn and self.secrets:
            username, credential = turn_credential(self.secrets[0], peer, expires=int(now + self.ttl))
            servers.append({"urls": turn, "username": username, "credential": credential})
        return servers
