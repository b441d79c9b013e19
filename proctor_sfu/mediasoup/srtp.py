"""SRTP keys of plain and pipe transports (RFC 3711, RFC 7714)."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup.rtp import Wire

SrtpCryptoSuite: TypeAlias = Literal[
    "AEAD_AES_256_GCM", "AEAD_AES_128_GCM", "AES_CM_128_HMAC_SHA1_80", "AES_CM_128_HMAC_SHA1_32"
]

_KEY_BYTES = {
    "AEAD_AES_256_GCM": 44,
    "AEAD_AES_128_GCM": 28,
    "AES_CM_128_HMAC_SHA1_80": 30,
    "AES_CM_128_HMAC_SHA1_32": 30,
}
"""Master key and salt together."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SrtpParameters(Wire):
    """Suite and key of one direction."""

    crypto_suite: SrtpCryptoSuite
    key_base64: str


def checked(params: SrtpParameters | None) -> SrtpParameters | None:
    """Return ``params``; raise `InvalidArgumentError` for an unknown suite or a key of the wrong length."""
    if params is None:
        return None
    size = _KEY_BYTES.get(params.crypto_suite)
    if size is None:
        raise InvalidArgumentError(f"invalid crypto suite {params.crypto_suite!r}")
    try:
        key = base64.b64decode(params.key_base64, validate=True)
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidArgumentError(f"key_base64 is not base64: {error}") from error
    if len(key) != size:
        raise InvalidArgumentError(f"a key for {params.crypto_suite} has {size} bytes, not {len(key)}")
    return params
