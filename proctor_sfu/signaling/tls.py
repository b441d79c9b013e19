"""HTTPS: the certificate clients are shown, given by the settings or made here for trials.

It is renewed without a restart: whoever renews certificates replaces the files and asks for a reload. A new
certificate that does not serve is refused, and the one before goes on serving.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
import ssl
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from proctor_sfu.errors import SettingsError
from proctor_sfu.settings import Settings

VALID: Final = datetime.timedelta(days=90)
RENEWED: Final = datetime.timedelta(days=7)
"""A self-signed certificate that ends within this is made anew at start."""


class Served:
    """The certificate in use. Whoever connects after `renew` is shown the new one; connections that stand go on."""

    def __init__(self, settings: Settings, state: Path) -> None:
        """``settings`` have to want TLS; raises `SettingsError` for files that do not serve."""
        self._settings = settings
        self._state = state
        self.certificate, self._current = self._load()
        self.context = _server()
        """What to listen with; hands every connection to the context of the moment."""
        self.context.sni_callback = self._hand_over

    def renew(self, now: datetime.datetime) -> None:
        """Read the files again; raises `SettingsError` for files that do not serve, which changes nothing."""
        certificate, context = self._load()
        if (end := certificate.not_valid_after_utc) <= now:
            raise SettingsError([f"{self._files()[0]}: ended at {end:%Y-%m-%d %H:%M} UTC; renew it first"])
        self.certificate, self._current = certificate, context

    def _hand_over(self, connection: ssl.SSLObject, name: str | None, context: ssl.SSLContext) -> None:
        connection.context = self._current

    def _files(self) -> tuple[Path, Path]:
        tls = self._settings.signaling.tls
        if tls.certificate is not None and tls.key is not None:
            return tls.certificate, tls.key
        return self_signed(self._state / "tls", names_of(self._settings), datetime.datetime.now(datetime.UTC))

    def _load(self) -> tuple[x509.Certificate, ssl.SSLContext]:
        files = self._files()
        context = _loaded(*files)
        return x509.load_pem_x509_certificate(files[0].read_bytes()), context


def served(settings: Settings, state: Path) -> Served | None:
    """Return what to serve TLS with, None if the settings want plain HTTP.

    A self-signed certificate is kept in ``tls`` below ``state``. Raises `SettingsError` for files that do not serve.
    """
    tls = settings.signaling.tls
    return Served(settings, state) if tls.certificate is not None or tls.self_signed else None


def _server() -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _loaded(certificate: Path, key: Path) -> ssl.SSLContext:
    context = _server()
    try:
        context.load_cert_chain(certificate, key)
    except ssl.SSLError as error:
        raise SettingsError([f"{certificate}, {key}: not a certificate and its key in PEM: {error.reason}"]) from error
    except OSError as error:
        unreadable = key if os.access(certificate, os.R_OK) else certificate
        raise SettingsError([f"{unreadable}: {(error.strerror or str(error)).lower()}"]) from error
    return context


def names_of(settings: Settings) -> list[str]:
    """Return what browsers may call this server: loopback, this machine, and what the settings name."""
    host, announced = settings.signaling.host, settings.rtc.announced_address
    names = ["localhost", "127.0.0.1", "::1", socket.gethostname(), host, *([announced] if announced else [])]
    return sorted({name for name in names if name and name not in ("0.0.0.0", "::")})


def self_signed(folder: Path, names: Iterable[str], now: datetime.datetime) -> tuple[Path, Path]:
    """Return a self-signed certificate for ``names`` and its key in ``folder``; one that still serves is kept."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    if not (key.exists() and certificate.exists() and _serves(certificate, names, now)):
        folder.mkdir(mode=0o700, exist_ok=True)
        secret = ec.generate_private_key(ec.SECP256R1())
        _write(key, _pem(secret))
        _write(certificate, _issue(secret, names, now).public_bytes(serialization.Encoding.PEM))
    return certificate, key


def _serves(certificate: Path, names: Iterable[str], now: datetime.datetime) -> bool:
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    alternatives = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return set(alternatives) == set(_general(names)) and found.not_valid_after_utc > now + RENEWED


def _issue(secret: ec.EllipticCurvePrivateKey, names: Iterable[str], now: datetime.datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "psfu, self-signed")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(secret.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks of clients may be behind.
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName(_general(names)), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(secret, hashes.SHA256())
    )


def _general(names: Iterable[str]) -> list[x509.GeneralName]:
    return [_as_address(name) or x509.DNSName(name) for name in names]


def _as_address(name: str) -> x509.IPAddress | None:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return None


def _pem(secret: ec.EllipticCurvePrivateKey) -> bytes:
    return secret.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    """Replace a file by one only its owner reads."""
    unfinished = path.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
    unfinished.replace(path)
