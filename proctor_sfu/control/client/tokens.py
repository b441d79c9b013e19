"""Join tokens."""

from __future__ import annotations

from collections.abc import Sequence

from proctor_sfu.control.api.tokens import Inspected, Key, Revocation, Token
from proctor_sfu.control.client.transport import Transport, segment


class Tokens:
    """Make, look at, take back; and the keys."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(
        self, *, room: str, subject: str, role: str, name: str = "", sources: Sequence[str] | None = None,
        ttl: float | None = None, not_before: float | None = None,
    ) -> Token:  # fmt: skip
        """Make a token. ``ttl``: seconds, None: tokens.ttl_seconds; ``not_before``: Unix time."""
        body = {
            "room": room, "subject": subject, "role": role, "name": name,
            "sources": None if sources is None else list(sources), "ttl": ttl, "not_before": not_before,
        }  # fmt: skip
        return self._transport.one(Token, self._transport.call("POST", "/v1/tokens", body=body))

    def inspect(self, token: str) -> Inspected:
        """Return what a token says and whether it is good."""
        return self._transport.one(
            Inspected, self._transport.call("POST", "/v1/tokens/inspect", body={"token": token})
        )  # fmt: skip

    def revoke(self, *, token_id: str | None = None, subject: str | None = None, room: str | None = None) -> Revocation:
        """Take back one token, or all a subject got until now."""
        body = {"id": token_id, "subject": subject, "room": room}
        return self._transport.one(Revocation, self._transport.call("POST", "/v1/tokens/revoked", body=body))

    def revoked(self) -> list[Revocation]:
        """Return what was taken back, oldest first."""
        return self._transport.many(Revocation, self._transport.call("GET", "/v1/tokens/revoked"))

    def keys(self) -> list[Key]:
        """Return the keys that verify tokens."""
        return self._transport.many(Key, self._transport.call("GET", "/v1/tokens/keys"))

    def rotate(self) -> Key:
        """Make a new key that signs from now on."""
        return self._transport.one(Key, self._transport.call("POST", "/v1/tokens/keys"))

    def retire(self, kid: str) -> Key:
        """Delete a key that does not sign any more."""
        return self._transport.one(Key, self._transport.call("DELETE", f"/v1/tokens/keys/{segment(kid)}"))
