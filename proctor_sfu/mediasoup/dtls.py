"""DTLS of a WebRTC transport (RFC 8827): fingerprints of certificates and who opens the handshake."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from proctor_sfu.errors import InvalidArgumentError
from proctor_sfu.mediasoup.rtp import Wire

DtlsState: TypeAlias = Literal["new", "connecting", "connected", "failed", "closed"]
DtlsRole: TypeAlias = Literal["auto", "client", "server"]
FingerprintAlgorithm: TypeAlias = Literal["sha-1", "sha-224", "sha-256", "sha-384", "sha-512"]

_DIGEST_BYTES = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}
_HEX_PAIRS = re.compile(r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class DtlsFingerprint(Wire):
    """Hash of a certificate: hexadecimal pairs separated by colons."""

    algorithm: FingerprintAlgorithm
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DtlsParameters(Wire):
    """Fingerprints and role of one end. As a client's: ``role`` is the client's own."""

    fingerprints: tuple[DtlsFingerprint, ...]
    role: DtlsRole = "auto"


def checked(params: DtlsParameters) -> DtlsParameters:
    """Return ``params``; raise `InvalidArgumentError` for anything the worker could not use.

    A fingerprint must have exactly the length of its algorithm; its digits go to the worker in upper case, since
    that is how the worker compares them.
    """
    if not isinstance(params, DtlsParameters):
        raise InvalidArgumentError("missing dtls_parameters")
    if not 1 <= len(params.fingerprints) <= len(_DIGEST_BYTES):
        raise InvalidArgumentError(f"dtls_parameters needs 1 to {len(_DIGEST_BYTES)} fingerprints")
    if params.role not in ("auto", "client", "server"):
        raise InvalidArgumentError(f"invalid dtls role {params.role!r}")
    return DtlsParameters(role=params.role, fingerprints=tuple(_fingerprint(each) for each in params.fingerprints))


def _fingerprint(fingerprint: DtlsFingerprint) -> DtlsFingerprint:
    size = _DIGEST_BYTES.get(fingerprint.algorithm)
    if size is None:
        raise InvalidArgumentError(f"invalid fingerprint algorithm {fingerprint.algorithm!r}")
    if len(fingerprint.value) != 3 * size - 1 or not _HEX_PAIRS.fullmatch(fingerprint.value):
        raise InvalidArgumentError(f"a {fingerprint.algorithm} fingerprint is {size} hex pairs separated by colons")
    return DtlsFingerprint(algorithm=fingerprint.algorithm, value=fingerprint.value.upper())
