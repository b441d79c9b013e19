"""Join tokens, the keys that make them good, and those taken back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says."""

    id: str | None
    """``jti``."""
    room: str
    subject: str
    """Peer id."""
    role: str
    name: str
    sources: tuple[str, ...]
    """What may be published with it."""
    issued_at: str | None
    not_before: str | None
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A new token. Whoever has it can join."""

    token: str
    link: str
    """Opens the page for its role; the token stands behind the ``#``, which no browser sends."""
    room_exists: bool
    claims: Claims


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What became of a token that was looked at."""

    good: bool
    code: str | None
    """Why not: one of the codes ``token_…``."""
    message: str
    claims: Claims | None
    """Only if its signature is good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key that verifies tokens; never the secret itself."""

    id: str
    """``kid``; empty for one that has none."""
    algorithm: str
    signs: bool
    """New tokens are signed with it."""
    origin: str
    """File it is in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """A token, or all tokens a subject got until then, that are no good any more."""

    kind: Literal["token", "subject"]
    value: str
    """``jti`` or peer id."""
    room: str | None
    """Of a subject: only in this room; null: in all."""
    at: str
    sent_away: tuple[str, ...]
    """Peers that were connected with them; only in the answer to the request."""
