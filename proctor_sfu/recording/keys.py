"""Key files: the one that signs manifests, the master key, and the keys of recordings that it wraps.

Key files are 0600 and refused if others can read them. Erasing a recording's ``key.json`` erases the recording, also
from every copy and snapshot that is somewhere else.
"""

from __future__ import annotations

import base64
import json
import os
import stat
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from proctor_sfu.errors import KeyFileError, RefusedError, SealedError
from proctor_sfu.recording.folder import KEY
from proctor_sfu.recording.reading import content
from proctor_sfu.recording.sealed import KEY as KEY_BYTES

_NONCE: Final = 12


def signing_key(path: Path) -> Ed25519PrivateKey:
    """Return the key that signs manifests; it is made the first time. Raises `KeyFileError`."""
    if not path.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _create(path, pem)
    return load_signing_key(path)


def load_signing_key(path: Path) -> Ed25519PrivateKey:
    """Return the key that signs manifests, which has to be there. Raises `KeyFileError`."""
    return load_pem(_read_private(path), path)


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public half of a key in PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def load_pem(data: bytes, path: Path) -> Ed25519PrivateKey:
    """Return a private key from PEM; raises `KeyFileError`."""
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError) as error:
        raise KeyFileError(f"{path}: not a private key in PEM") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path}: not an Ed25519 key")
    return key


def public_key(path: Path) -> bytes:
    """Return a raw public key from PEM, private or public; raises `KeyFileError`."""
    try:
        data = content(path)
    except OSError as error:
        raise KeyFileError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    if b"PRIVATE" in data:
        return load_pem(data, path).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    try:
        return load_pem_public_key(data).public_bytes(Encoding.Raw, PublicFormat.Raw)
    except (ValueError, TypeError, AttributeError) as error:
        raise KeyFileError(f"{path}: not an Ed25519 key in PEM") from error


def master_key(path: Path) -> bytes:
    """Return the key that wraps the keys of recordings: 32 bytes in base64. Raises `KeyFileError`."""
    data = _read_private(path)
    try:
        key = base64.b64decode(data.strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileError(f"{path}: not 32 bytes in base64 (psfu recordings key --new-master {path} makes one)")
    return key


def new_master_key(path: Path) -> None:
    """Make a master key; raises `RefusedError` ``conflict`` if the file is there, and `KeyFileError`."""
    if path.exists():
        raise RefusedError("conflict", f"{path}: it is there already")
    _create(path, base64.b64encode(os.urandom(KEY_BYTES)) + b"\n")


def new_recording_key(folder: Path, recording: str, master: bytes) -> bytes:
    """Make the key of a recording and keep it, wrapped, in its folder."""
    key, nonce = os.urandom(KEY_BYTES), os.urandom(_NONCE)
    wrapped = AESGCM(master).encrypt(nonce, key, recording.encode())
    text = json.dumps({"nonce": base64.b64encode(nonce).decode(), "key": base64.b64encode(wrapped).decode()})
    _create(folder / KEY, text.encode() + b"\n")
    return key


def recording_key(folder: Path, recording: str, master: bytes) -> bytes:
    """Return the key of a recording. Raises `SealedError` if it was erased or another master key wrapped it."""
    try:
        members = json.loads(content(folder / KEY))
        nonce, wrapped = (base64.b64decode(members[name], validate=True) for name in ("nonce", "key"))
        return AESGCM(master).decrypt(nonce, wrapped, recording.encode())
    except FileNotFoundError:
        raise SealedError(f"{recording}: its key is not there: erased for ever") from None
    except InvalidTag:
        raise SealedError(f"{recording}: another master key wrapped its key") from None
    except (ValueError, KeyError, TypeError) as error:
        raise SealedError(f"{folder / KEY}: not a wrapped key: {error}") from None


def _create(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, data)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be made: {(error.strerror or str(error)).lower()}") from error


def _read_private(path: Path) -> bytes:
    try:
        found = path.stat()
        if found.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyFileError(f"{path}: others can read it: chmod 600 {path}")
        return content(path)
    except OSError as error:
        raise KeyFileError(f"{path}: {(error.strerror or str(error)).lower()}") from error
