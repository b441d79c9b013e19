"""Tokens that were taken back before they expired; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor_sfu.rooms.claims import Claims

Kind: TypeAlias = Literal["token", "subject"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """One token, or all a subject got until then."""

    kind: Kind
    value: str
    """The token's ``jti``, or the subject."""
    room: str | None
    """Of a subject: in this room only, None: in all."""
    at: float
    """Seconds of Unix time."""

    def covers(self, claims: Claims) -> bool:
        """Return whether a token is revoked by this; one that does not say when it was issued counts as older."""
        if self.kind == "token":
            return claims.id == self.value
        if self.value != claims.subject or self.room not in (None, claims.room):
            return False
        return claims.issued is None or claims.issued <= self.at


class Revoked:
    """All revocations of the daemon."""

    def __init__(self, known: Iterable[Revocation] = ()) -> None:
        self._known: dict[tuple[Kind, str], list[Revocation]] = {}
        for each in known:
            self.add(each)

    def add(self, revocation: Revocation) -> None:
        """From now on its tokens are no good."""
        of_same = self._known.setdefault((revocation.kind, revocation.value), [])
        # A later one of the same room covers all that an earlier one did.
        of_same[:] = [each for each in of_same if each.room != revocation.room]
        of_same.append(revocation)

    def all(self) -> list[Revocation]:
        """Return them, oldest first."""
        return sorted((each for same in self._known.values() for each in same), key=lambda each: each.at)

    def find(self, claims: Claims) -> Revocation | None:
        """Return the revocation that covers a token, if there is one."""
        about = [*self._known.get(("subject", claims.subject), ()), *self._known.get(("token", claims.id or ""), ())]
        return next((each for each in about if each.covers(claims)), None)
