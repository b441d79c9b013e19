"""Keys of join tokens: our own, generated on the first start, and public ones of a learning management system.

Each key knows the one algorithm it is for, so the header of a token never chooses how the token is checked.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import jwt
import structlog
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from proctor_sfu.errors import RefusedError, StateError

_log = structlog.get_logger("psfu.tokens")

Algorithm: TypeAlias = Literal["HS256", "RS256", "ES256", "EdDSA"]
SECRET_BYTES: Final = 32
RSA_BITS: Final = 2048
"""Least size of an RSA key."""
_SUFFIX: Final = ".hs256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key and what it is for."""

    id: str
    """``kid``; empty for a public key file and a JWKS key that has none."""
    algorithm: Algorithm
    material: Any = field(repr=False)
    """The secret as bytes, or a public key of ``cryptography``."""
    origin: str
    """File it comes from."""

    @property
    def signs(self) -> bool:
        """Whether tokens can be made with it."""
        return self.algorithm == "HS256"


# Our own.


class OwnKeys:
    """The secrets in a folder of the state directory, a file each, the newest last; that one signs."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.keys: list[Key] = []

    def open(self, now: float) -> None:
        """Read them all, make the first if there is none. Raises `StateError`."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.keys = [_own(path) for path in sorted(self._folder.glob(f"*{_SUFFIX}"))]
            if not self.keys:
                self.add(now)
        except OSError as error:
            raise StateError(f"{error.filename or self._folder}: {(error.strerror or str(error)).lower()}") from error

    @property
    def signing(self) -> Key:
        """The one new tokens are signed with."""
        return self.keys[-1]

    def add(self, now: float) -> Key:
        """Make a new one that signs from now on; earlier ones still verify. Raises `OSError`."""
        # Names sort by time, so that the newest signs after a restart as well.
        name = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%S%f}Z-{secrets.token_hex(4)}"
        path = self._folder / f"{name}{_SUFFIX}"
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(file, base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)) + b"\n")
            os.fsync(file)
        finally:
            os.close(file)
        _sync_folder(self._folder)
        self.keys.append(_own(path))
        _log.info("token_key_made", kid=name)
        return self.signing

    def retire(self, kid: str) -> Key:
        """Delete one that does not sign any more, and with it every token it signed. Raises `RefusedError`."""
        for key in self.keys:
            if key.id == kid:
                break
        else:
            known = ", ".join(key.id for key in self.keys)
            raise RefusedError("key_not_found", f'no key "{kid}" (keys: {known})')
        if key is self.signing:
            raise RefusedError("conflict", f"key {kid} signs new tokens: make another first (psfu keys rotate)")
        Path(key.origin).unlink()
        _sync_folder(self._folder)
        self.keys.remove(key)
        _log.info("token_key_retired", kid=kid)
        return key


def _own(path: Path) -> Key:
    found = path.stat()
    if found.st_mode & 0o077:
        raise StateError(f"{path}: others may read this secret; make a new one, or chmod 600 if nobody did")
    try:
        secret = base64.b64decode(path.read_bytes().strip(), altchars=b"-_", validate=True)
    except ValueError:
        secret = b""
    if len(secret) < SECRET_BYTES:
        raise StateError(f"{path}: no key of psfu (restore it, or move it away to have a new one made)")
    return Key(id=path.name.removesuffix(_SUFFIX), algorithm="HS256", material=secret, origin=str(path))


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


# Those of others.


class PublicKeys:
    """Public keys in files of others: PEM, or one JSON Web Key Set. A file that changed is read again."""

    def __init__(self, pem: Sequence[Path], jwks: Path | None) -> None:
        self._files = [*pem, *([jwks] if jwks is not None else [])]
        self._jwks = jwks
        self._stamps: dict[Path, tuple[int, int, int]] = {}
        self._keys: dict[Path, list[Key]] = {}

    def open(self) -> None:
        """Read them all. Raises `StateError`."""
        for path in self._files:
            self._read(path)

    def current(self) -> list[Key]:
        """Return all keys; of a file that became unusable, those it had."""
        for path in self._files:
            try:
                if _stamp(path) != self._stamps[path]:
                    self._read(path)
                    _log.info("token_keys_read_again", path=str(path), keys=len(self._keys[path]))
            except (OSError, StateError) as error:
                _log.error("token_keys_unusable", path=str(path), reason=str(error))
        return [key for path in self._files for key in self._keys[path]]

    def _read(self, path: Path) -> None:
        try:
            # Taken before reading: a file that changes meanwhile is read once more.
            stamp = self._stamps[path] = _stamp(path)
            content = path.read_bytes()
        except OSError as error:
            raise StateError(f"{path}: {(error.strerror or str(error)).lower()}") from error
        self._keys[path] = list(_jwks(path, content)) if path == self._jwks else [_pem(path, content)]
        self._stamps[path] = stamp


def _stamp(path: Path) -> tuple[int, int, int]:
    found = path.stat()
    return found.st_mtime_ns, found.st_size, found.st_ino


def _pem(path: Path, content: bytes) -> Key:
    try:
        material = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm):
        raise StateError(f"{path}: no public key in PEM form (a private key does not belong here)") from None
    return Key(id="", algorithm=_algorithm(path, material), material=material, origin=str(path))


def _jwks(path: Path, content: bytes) -> Iterator[Key]:
    try:
        listed = json.loads(content)["keys"]
        entries = [dict(each) for each in listed]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise StateError(f"{path}: no JSON Web Key Set") from None
    for entry in entries:
        if entry.get("use", "sig") != "sig" or entry.get("kty") not in ("RSA", "EC", "OKP"):
            continue
        if "d" in entry:
            raise StateError(f"{path}: has a private key, which belongs to whoever signs and to nobody else")
        try:
            material = jwt.PyJWK(entry).key
        except jwt.PyJWTError:
            continue  # A key for something else, as RFC 7517, 5, wants it.
        algorithm = _algorithm(path, material)
        if entry.get("alg", algorithm) == algorithm:
            yield Key(id=str(entry.get("kid", "")), algorithm=algorithm, material=material, origin=str(path))


def _algorithm(path: Path, material: object) -> Algorithm:
    match material:
        case RSAPublicKey() if material.key_size >= RSA_BITS:
            return "RS256"
        case EllipticCurvePublicKey() if isinstance(material.curve, SECP256R1):
            return "ES256"
        case Ed25519PublicKey():
            return "EdDSA"
        case _:
            raise StateError(f"{path}: a key has to be RSA with {RSA_BITS} bits or more, EC P-256 or Ed25519")
