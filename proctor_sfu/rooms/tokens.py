"""Join tokens: JSON Web Tokens that say who may enter which room as what. Made here, or by a system whose key we have.

No text of an error contains any of a token, and whoever checks one gets one of the codes ``token_…`` or claims.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

from proctor_sfu.errors import RefusedError
from proctor_sfu.rooms import claims as claim
from proctor_sfu.rooms.claims import Claims
from proctor_sfu.rooms.keys import Key, OwnKeys, PublicKeys
from proctor_sfu.rooms.names import checked_id, clean_name
from proctor_sfu.rooms.policy import sources_of
from proctor_sfu.rooms.roles import Role, Source

MAX_TOKEN: Final = 131_072
"""Characters."""
_JWS: Final = jwt.PyJWS()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected:
    """What a token says, if its signature is good, and why it is refused, if it is."""

    claims: Claims | None
    problem: RefusedError | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Minted:
    """A new token, and what it says."""

    token: str
    claims: Claims


class Tokens:
    """Makes and checks tokens for ``audience``; ``leeway`` is the difference of clocks in seconds that is forgiven."""

    def __init__(
        self, own: OwnKeys, public: PublicKeys, *, audience: str, leeway: float, clock: Callable[[], float] = time.time
    ) -> None:
        self.own = own
        self.public = public
        self._audience = audience
        self._leeway = leeway
        self._clock = clock

    def verifying(self) -> list[Key]:
        """Return all keys that verify."""
        return [*self.own.keys, *self.public.current()]

    def mint(
        self, *, room: str, subject: str, role: Role, ttl: float, name: str = "",
        sources: Sequence[Source] | None = None, not_before: float | None = None,
    ) -> Minted:  # fmt: skip
        """Make a token that is valid for ``ttl`` seconds. Raises `RefusedError` ``bad_data``."""
        now = self._clock()
        allowed = sources_of(role)
        if wrong := [each for each in sources or () if each not in allowed]:
            raise RefusedError("bad_data", f"a {role} never publishes {wrong[0]}")
        subject = checked_id("the subject", subject)
        claims = Claims(
            room=checked_id("a room id", room), subject=subject, role=role, name=clean_name(name, subject),
            sources=allowed if sources is None else tuple(each for each in allowed if each in sources),
            expires=round(max(now, not_before or now) + ttl), not_before=not_before, issued=round(now, 3),
            id=secrets.token_hex(12),  # To be typed: none begins with a dash, as an option does.
        )  # fmt: skip
        key = self.own.signing
        token = jwt.encode(
            claim.write(claims, self._audience), key.material, algorithm=key.algorithm, headers={"kid": key.id}
        )
        return Minted(token=token, claims=claims)

    def inspect(self, token: str) -> Inspected:
        """Return what a token says and whether it is good now; its problem is one of the codes ``token_…``."""
        claims = None
        try:
            claims, audiences = claim.read(authentic(token, self.verifying()))
            claim.check(claims, audiences, audience=self._audience, now=self._clock(), leeway=self._leeway)
        except RefusedError as error:
            return Inspected(claims=claims, problem=error)
        return Inspected(claims=claims, problem=None)


def authentic(token: str, keys: Sequence[Key]) -> bytes:
    """Return the payload of a token that one of ``keys`` signed; raises `RefusedError` ``token_…``."""
    header = _header(token)
    kid, algorithm = header.get("kid"), header.get("alg")
    named = [key for key in keys if kid is None or key.id in (kid, "")]
    if not named:
        raise RefusedError("token_unknown_key", "the token was signed with a key this server does not have")
    usable = [key for key in named if key.algorithm == algorithm]
    if not usable:
        raise RefusedError("token_wrong_algorithm", "the token is not signed as the server's keys demand")
    for key in usable:
        try:
            payload: bytes = _JWS.decode(token, key.material, algorithms=[key.algorithm])
        except jwt.InvalidSignatureError:
            continue
        except jwt.PyJWTError:
            raise _malformed() from None
        return payload
    raise RefusedError("token_bad_signature", "the token was changed, or signed by somebody else")


def _header(token: str) -> dict[str, Any]:
    """Return the header of a token, which nobody has vouched for yet."""
    if len(token) > MAX_TOKEN or not token.isascii():
        raise _malformed()
    try:
        header = _JWS.get_unverified_header(token)
    except jwt.PyJWTError:
        raise _malformed() from None
    # An extension that must be understood is one that we do not understand (RFC 7515, 4.1.11).
    if "crit" in header:
        raise _malformed()
    return header


def _malformed() -> RefusedError:
    return RefusedError("token_malformed", "that is no JSON Web Token of psfu")
