"""Join tokens."""

from __future__ import annotations

import time
from typing import Annotated

from aiohttp import web
from pydantic import Field

from proctor_sfu.clock import timestamp
from proctor_sfu.control.api import tokens as api
from proctor_sfu.control.routes.answers import Body, Route, caller, read, success
from proctor_sfu.control.routes.rooms import Moment, RoleName, SourceName, Text
from proctor_sfu.errors import RefusedError, StateError
from proctor_sfu.rooms.claims import Claims
from proctor_sfu.rooms.keys import Key
from proctor_sfu.rooms.names import checked_id
from proctor_sfu.rooms.registry import Registry
from proctor_sfu.rooms.revoked import Revocation
from proctor_sfu.rooms.roles import Role
from proctor_sfu.text import safe_text

_KEYS = "/tokens/keys"
_REVOKED = "/tokens/revoked"


class CreateToken(Body):
    """``POST /v1/tokens``; ``ttl``: seconds, null: tokens.ttl_seconds."""

    room: Text
    subject: Text
    role: RoleName
    name: Annotated[str, Field(max_length=10_000)] = ""
    sources: list[SourceName] | None = None
    ttl: float | None = Field(None, ge=1, le=31_536_000)
    not_before: Moment | None = None


class InspectToken(Body):
    """``POST /v1/tokens/inspect``."""

    token: str


class RevokeTokens(Body):
    """``POST /v1/tokens/revoked``: a token's id, or a subject, in one room or in all."""

    id: Annotated[str, Field(min_length=1, max_length=128)] | None = None
    subject: Text | None = None
    room: Text | None = None


class TokenRoutes:
    """Make, look at, take back. ``base``: URL of the pages, ``ttl``: seconds unless it is said."""

    def __init__(self, registry: Registry, *, base: str, ttl: float) -> None:
        self._registry = registry
        self._base = base.rstrip("/")
        self._ttl = ttl

    def table(self) -> list[Route]:
        """Return the routes."""
        return [
            ("POST", "/tokens", self._create),
            ("POST", "/tokens/inspect", self._inspect),
            ("GET", _REVOKED, self._revoked),
            ("POST", _REVOKED, self._revoke),
            ("GET", _KEYS, self._keys),
            ("POST", _KEYS, self._rotate),
            ("DELETE", _KEYS + "/{kid}", self._retire),
        ]

    async def _create(self, request: web.Request) -> web.Response:
        body = await read(request, CreateToken)
        made = self._registry.tokens.mint(
            room=body.room, subject=body.subject, role=body.role, ttl=body.ttl or self._ttl, name=body.name,
            sources=body.sources, not_before=body.not_before,
        )  # fmt: skip
        claims = made.claims
        self._registry.audit.record(
            "token_minted", by=caller(request), room=claims.room, target=claims.subject, role=claims.role,
            token=claims.id, expires=timestamp(claims.expires),
        )  # fmt: skip
        page = "candidate" if claims.role is Role.CANDIDATE else "proctor"
        answer = api.Token(
            token=made.token, link=f"{self._base}/{page}/#token={made.token}",
            room_exists=claims.room in self._registry.rooms, claims=claims_view(claims),
        )  # fmt: skip
        return success(answer, status=201)

    async def _inspect(self, request: web.Request) -> api.Inspected:
        body = await read(request, InspectToken)
        inspected = self._registry.tokens.inspect(body.token)
        claims, problem = inspected.claims, inspected.problem
        if problem is None and claims is not None and self._registry.revoked.find(claims) is not None:
            problem = RefusedError("token_revoked", "the token was taken back")
        return api.Inspected(
            good=problem is None,
            code=None if problem is None else problem.reason,
            message="the token is good" if problem is None else problem.message,
            claims=None if claims is None else claims_view(claims),
        )

    async def _revoke(self, request: web.Request) -> web.Response:
        body = await read(request, RevokeTokens)
        if (body.id is None) == (body.subject is None):
            raise RefusedError("bad_data", "say the id of a token or a subject, and not both")
        if body.id is not None and body.room is not None:
            raise RefusedError("bad_data", "room: goes with a subject; a token is for one room anyway")
        revocation = Revocation(
            kind="subject" if body.id is None else "token",
            value=safe_text(body.id, 128) if body.id is not None else checked_id("the subject", body.subject or ""),
            room=None if body.room is None else checked_id("a room id", body.room),
            at=time.time(),
        )
        gone = await self._registry.revoke(revocation, by=caller(request))
        return success(revocation_view(revocation, tuple(peer.id for peer in gone)), status=201)

    async def _revoked(self, request: web.Request) -> list[api.Revocation]:
        return [revocation_view(each, ()) for each in self._registry.revoked.all()]

    async def _keys(self, request: web.Request) -> list[api.Key]:
        return [self._key_view(each) for each in self._registry.tokens.verifying()]

    async def _rotate(self, request: web.Request) -> web.Response:
        try:
            key = self._registry.tokens.own.add(time.time())
        except OSError as error:
            raise StateError(f"no new key: {error.strerror or error}") from error
        self._registry.audit.record("token_key_made", by=caller(request), kid=key.id)
        return success(self._key_view(key), status=201)

    async def _retire(self, request: web.Request) -> api.Key:
        key = self._registry.tokens.own.retire(safe_text(request.match_info["kid"], 64))
        self._registry.audit.record("token_key_retired", by=caller(request), kid=key.id)
        return self._key_view(key)

    def _key_view(self, key: Key) -> api.Key:
        signs = key is self._registry.tokens.own.signing
        return api.Key(id=key.id, algorithm=key.algorithm, signs=signs, origin=key.origin)


def claims_view(claims: Claims) -> api.Claims:
    """Show what a token says."""
    return api.Claims(
        id=claims.id, room=claims.room, subject=claims.subject, role=claims.role, name=claims.name,
        sources=claims.sources, issued_at=None if claims.issued is None else timestamp(claims.issued),
        not_before=None if claims.not_before is None else timestamp(claims.not_before),
        expires=timestamp(claims.expires),
    )  # fmt: skip


def revocation_view(revocation: Revocation, gone: tuple[str, ...]) -> api.Revocation:
    """Show a revocation."""
    return api.Revocation(
        kind=revocation.kind, value=revocation.value, room=revocation.room, at=timestamp(revocation.at), sent_away=gone
    )
