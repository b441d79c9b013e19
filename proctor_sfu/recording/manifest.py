"""Manifest: what a finished recording consists of, signed.

It has the length and the last hash of the ledger, hence of every row, and the length and hash of every journal. It is
signed with Ed25519 (RFC 8032) over its JSON in canonical form: sorted, without spaces. Nothing here does I/O.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from proctor_sfu.recording.contents import Summary
from proctor_sfu.recording.ledger import Row

FORMAT: Final = "psfu-manifest-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """A journal as it was when it was closed."""

    file: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What is signed. Of a ledger that grew later, the first ``rows`` are what it speaks of."""

    recording: str
    signed_at: str
    rows: int
    size: int
    """Of these rows."""
    tip: str
    """Hash of the last of them."""
    journals: tuple[Sealed, ...]
    """Those that are there; what was erased is not."""
    summary: Summary

    def canonical(self) -> bytes:
        """Return the bytes that are signed."""
        members = {"format": FORMAT, **asdict(self)}
        return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A manifest as it is on disk."""

    manifest: Manifest
    key: bytes
    """Raw public key that is said to have signed it."""
    signature: bytes

    def encode(self) -> bytes:
        """Return the file."""
        members = {
            "manifest": json.loads(self.manifest.canonical()),
            "key": base64.b64encode(self.key).decode(),
            "signature": base64.b64encode(self.signature).decode(),
        }
        return json.dumps(members, indent=1).encode() + b"\n"

    @classmethod
    def decode(cls, data: bytes) -> Signed:
        """Read the file; raises `ValueError` if it is not exactly what `encode` writes."""
        try:
            members = json.loads(data)
            inner = dict(members["manifest"])
            if inner.pop("format") != FORMAT:
                raise ValueError("its format is another")
            journals = tuple(Sealed(**_checked(Sealed, each)) for each in inner.pop("journals"))
            summary = Summary(**_checked(Summary, inner.pop("summary")))
            signed = cls(
                manifest=Manifest(journals=journals, summary=summary, **_checked(Manifest, inner)),
                key=base64.b64decode(members["key"], validate=True),
                signature=base64.b64decode(members["signature"], validate=True),
            )
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise ValueError(f"not a manifest: {error}") from None
        # A manifest has one form only: what a reader would skip over cannot be changed unseen.
        if signed.encode() != data:
            raise ValueError("not a manifest as psfu writes it")
        return signed

    def genuine(self) -> bool:
        """Whether the key it names signed it; whose key that is, is another question."""
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(self.signature, self.manifest.canonical())
        except (InvalidSignature, ValueError):
            return False
        return True


def problems(signed: Signed, recording: str, rows: Sequence[Row], trusted: bytes | None) -> list[str]:
    """Return what speaks against a manifest of ``recording``, whose ledger has these rows; more may follow later.

    ``trusted``: the raw public key that has to have signed; None: any.
    """
    stated = signed.manifest
    if not signed.genuine():
        return ["its signature is not that of its content"]
    if trusted is not None and signed.key != trusted:
        return [f"it was signed with another key, {fingerprint(signed.key)}, not with {fingerprint(trusted)}"]
    found = []
    if stated.recording != recording:
        found.append(f"it is that of {stated.recording}")
    if not 0 < stated.rows <= len(rows):
        found.append(f"the ledger has {len(rows)} rows, {stated.rows} were signed")
    elif rows[stated.rows - 1].hash != stated.tip:
        found.append("the ledger is not the one that was signed")
    return found


def sign(manifest: Manifest, key: Ed25519PrivateKey) -> Signed:
    """Sign a manifest."""
    return Signed(manifest=manifest, key=raw(key.public_key()), signature=key.sign(manifest.canonical()))


def raw(key: Ed25519PublicKey) -> bytes:
    """Return a public key as its 32 bytes."""
    return key.public_bytes(Encoding.Raw, PublicFormat.Raw)


def fingerprint(key: bytes) -> str:
    """Return the name people compare a raw public key by, as ssh-keygen(1) forms it."""
    return "SHA256:" + base64.b64encode(sha256(key).digest()).decode().rstrip("=")


_PLAIN: Final[Mapping[str, type]] = {"int": int, "str": str, "bool": bool}


def _checked(cls: type, members: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``members`` if they are just the plain ones of a dataclass, each of its type; raises `ValueError`."""
    kinds = {name: _PLAIN[hint] for name, hint in cls.__annotations__.items() if hint in _PLAIN}
    if set(members) != set(kinds):
        raise ValueError(f"its members are {', '.join(sorted(members))}")
    for name, kind in kinds.items():
        if type(members[name]) is not kind:
            raise ValueError(f"{name} is {members[name]!r}")
    return dict(members)
