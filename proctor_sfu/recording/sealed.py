"""Sealed: a journal encrypted at rest, piece by piece, so that a crash costs its last piece only.

The file begins with ``PSFUSEAL`` and eight random bytes; each piece has its length and then AES-256-GCM of a piece of
the journal (NIST SP 800-38D). The nonce is the random bytes and the number of the piece; the recording and the file
name are authenticated with it, so that no piece passes elsewhere. Nothing here does I/O.
"""

from __future__ import annotations

import struct
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from proctor_sfu.errors import SealedError

MAGIC: Final = b"PSFUSEAL"
SALT: Final = 8
HEAD: Final = len(MAGIC) + SALT
KEY: Final = 32
TAG: Final = 16
LONGEST_PIECE: Final = 1 << 24
_LENGTH: Final = struct.Struct(">I")


class Sealer:
    """Encrypts one journal. ``salt``: eight random bytes, never used twice with a key."""

    def __init__(self, key: bytes, salt: bytes, recording: str, file: str) -> None:
        self._cipher = AESGCM(key)
        self._salt = salt
        self._context = f"{recording}/{file}".encode()
        self._count = 0

    def seal(self, piece: bytes) -> bytes:
        """Return the next bytes of the file."""
        sealed = self._cipher.encrypt(self._salt + _LENGTH.pack(self._count), piece, self._context)
        head = MAGIC + self._salt if self._count == 0 else b""
        self._count += 1
        return head + _LENGTH.pack(len(sealed)) + sealed


class Opener:
    """Decrypts one journal from pieces of any size; what is incomplete waits, at the end it is a torn tail.

    Without a key it only tells where pieces end.
    """

    def __init__(self, key: bytes | None, recording: str, file: str) -> None:
        self.offset = 0
        """Bytes of the file that were opened: where the first piece that was not begins."""
        self._cipher = None if key is None else AESGCM(key)
        self._context = f"{recording}/{file}".encode()
        self._salt = b""
        self._count = 0
        self._rest = b""

    @property
    def pending(self) -> int:
        """Bytes that do not make a piece yet."""
        return len(self._rest)

    def feed(self, data: bytes) -> bytes:
        """Return what can be opened now. Raises `SealedError` for a piece that is not genuine or another's."""
        data, at, opened = self._rest + data, 0, []
        if not self._salt:
            if not MAGIC.startswith(data[: len(MAGIC)]):
                raise SealedError("byte 0: not a sealed journal")
            if len(data) < HEAD:
                self._rest = data
                return b""
            self._salt, at = data[len(MAGIC) : HEAD], HEAD
        while at + _LENGTH.size <= len(data):
            (length,) = _LENGTH.unpack_from(data, at)
            body = at + _LENGTH.size
            if not TAG <= length <= LONGEST_PIECE + TAG:
                raise SealedError(f"byte {self.offset + at}: no sealed piece begins here")
            if body + length > len(data):
                break
            if self._cipher is not None:
                nonce = self._salt + _LENGTH.pack(self._count)
                try:
                    opened.append(self._cipher.decrypt(nonce, data[body : body + length], self._context))
                except InvalidTag:
                    raise SealedError(f"byte {self.offset + at}: this piece does not open with this key") from None
            self._count += 1
            at = body + length
        self.offset += at
        self._rest = data[at:]
        return b"".join(opened)
