"""What a join token says: its claims, checked against a time that is an argument; no keys, no clock, no I/O."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from proctor_sfu.errors import RefusedError
from proctor_sfu.rooms.names import clean_name
from proctor_sfu.rooms.policy import sources_of
from proctor_sfu.rooms.roles import Role, Source
from proctor_sfu.text import ID

_LATEST: Final = 253_402_300_799.0
"""The end of the year 9999, in seconds of Unix time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """Who may enter which room as what. Times are seconds of Unix time."""

    room: str
    subject: str
    """The peer id."""
    role: Role
    name: str
    """Made safe to show; the subject if the token has none."""
    sources: tuple[Source, ...]
    """What may be published: all of the role, unless the token allows fewer."""
    expires: float
    not_before: float | None
    issued: float | None
    id: str | None
    """``jti``."""


class _Wire(BaseModel):
    """Claims as they arrive; others are ignored, as RFC 7519 wants it."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True, allow_inf_nan=False)

    room: str = Field(pattern=f"^(?:{ID.pattern})$")
    sub: str = Field(pattern=f"^(?:{ID.pattern})$")
    role: Role
    aud: str | list[str]
    exp: float = Field(ge=0, le=_LATEST)
    nbf: float | None = Field(None, ge=0, le=_LATEST)
    iat: float | None = Field(None, ge=0, le=_LATEST)
    jti: str | None = Field(None, min_length=1, max_length=128)
    name: str = ""
    sources: list[Source] | None = None


def read(payload: bytes) -> tuple[Claims, tuple[str, ...]]:
    """Return the claims in the payload of a token, and its audiences. Raises `RefusedError` ``token_malformed``."""
    try:
        json.loads(payload, object_pairs_hook=_unique)
        wire = _Wire.model_validate_json(payload)
    except ValidationError as error:
        problems = [f"claim {each['loc'][0] if each['loc'] else '?'}: {each['msg'].lower()}" for each in error.errors()]
        raise RefusedError("token_malformed", "; ".join(problems[:3])) from None
    except (ValueError, RecursionError):
        raise RefusedError("token_malformed", "the claims are no JSON object with unique names") from None
    allowed = sources_of(wire.role)
    if wrong := [each for each in wire.sources or () if each not in allowed]:
        raise RefusedError("token_malformed", f"claim sources: a {wire.role} never publishes {wrong[0]}")
    claims = Claims(
        room=wire.room,
        subject=wire.sub,
        role=wire.role,
        name=clean_name(wire.name, wire.sub),
        sources=allowed if wire.sources is None else tuple(each for each in allowed if each in wire.sources),
        expires=wire.exp,
        not_before=wire.nbf,
        issued=wire.iat,
        id=wire.jti,
    )
    return claims, (wire.aud,) if isinstance(wire.aud, str) else tuple(wire.aud)


def check(claims: Claims, audiences: tuple[str, ...], *, audience: str, now: float, leeway: float) -> None:
    """Raise `RefusedError` unless a token is meant for ``audience`` and valid at ``now``, give or take ``leeway``."""
    if audience not in audiences:
        raise RefusedError("token_wrong_audience", "the token is for another service (claim aud)")
    if now >= claims.expires + leeway:
        raise RefusedError("token_expired", "the token has expired; ask for a new link")
    if claims.not_before is not None and now < claims.not_before - leeway:
        raise RefusedError("token_not_yet_valid", "the token is not valid yet")


def write(claims: Claims, audience: str) -> dict[str, Any]:
    """Return claims as the payload of a token."""
    members = {
        "aud": audience, "room": claims.room, "sub": claims.subject, "role": claims.role, "exp": claims.expires,
        "nbf": claims.not_before, "iat": claims.issued, "jti": claims.id,
        "name": claims.name if claims.name != claims.subject else None,
        "sources": list(claims.sources) if claims.sources != sources_of(claims.role) else None,
    }  # fmt: skip
    return {name: value for name, value in members.items() if value is not None}


def _unique(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
    """Refuse a name that comes twice: two readers could take different ones for true (RFC 7519, 4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name comes twice")
    return found
