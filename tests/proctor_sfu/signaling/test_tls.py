"""Certificates: made for trials, kept while they serve, and files that do not serve."""

from __future__ import annotations

import contextlib
import datetime
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from proctor_sfu.errors import SettingsError
from proctor_sfu.settings import Rtc, Settings, Signaling, Tls
from proctor_sfu.signaling.tls import RENEWED, VALID, Served, names_of, self_signed, served

NOW = datetime.datetime(2026, 11, 24, tzinfo=datetime.UTC)


def settings(**tls: object) -> Settings:
    return Settings(signaling=Signaling(tls=Tls.model_validate(tls)))


def test_a_certificate_for_trials_names_this_machine_and_keeps_its_key_private(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path / "tls", ["localhost", "127.0.0.1", "::1"], NOW)
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert [str(each) for each in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]
    assert found.not_valid_before_utc <= NOW and found.not_valid_after_utc == NOW + VALID
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700


def test_it_is_kept_until_it_nearly_ends_or_the_names_change(tmp_path: Path) -> None:
    def made(names: list[str], now: datetime.datetime) -> bytes:
        return self_signed(tmp_path, names, now)[0].read_bytes()

    first = made(["localhost"], NOW)
    assert made(["localhost"], NOW + VALID - RENEWED - datetime.timedelta(seconds=1)) == first
    renewed = made(["localhost"], NOW + VALID - RENEWED)
    assert renewed != first
    assert made(["localhost", "exam.example"], NOW + VALID - RENEWED) not in (first, renewed)


def test_names_are_those_clients_may_use() -> None:
    some = Settings(signaling=Signaling(host="0.0.0.0"), rtc=Rtc(announced_address="203.0.113.7"))
    names = names_of(some)
    assert {"localhost", "127.0.0.1", "::1", "203.0.113.7"} <= set(names) and "0.0.0.0" not in names


def test_tls_is_off_unless_asked_for(tmp_path: Path) -> None:
    assert served(settings(), tmp_path) is None
    found = served(settings(self_signed=True), tmp_path)
    assert found is not None and found.context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (tmp_path / "tls" / "key.pem").exists()


def test_a_certificate_of_ones_own_comes_before_one_that_is_made(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path / "mine", ["localhost"], NOW)
    found = served(settings(certificate=certificate, key=key, self_signed=True), tmp_path / "state")
    assert found is not None and shown(found) == der(certificate)
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("broken", ["absent", "not PEM", "another key"])
def test_files_that_do_not_serve_are_told_by_name(tmp_path: Path, broken: str) -> None:
    certificate, key = self_signed(tmp_path / "one", ["localhost"], NOW)
    if broken == "absent":
        key.unlink()
    elif broken == "not PEM":
        key.write_text("no key\n")
    else:
        key = self_signed(tmp_path / "other", ["localhost"], NOW)[1]
    with pytest.raises(SettingsError, match=r"key\.pem"):
        served(settings(certificate=certificate, key=key), tmp_path)


def der(certificate: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(certificate.read_text())


def shown(server: Served, name: str | None = "localhost") -> bytes:
    """Return the certificate that a client is shown who asks for ``name`` or for none; no network is needed for it."""
    client = ssl.create_default_context()
    client.check_hostname, client.verify_mode = False, ssl.CERT_NONE
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(back, there, server_hostname=name)
    other = server.context.wrap_bio(there, back, server_side=True)
    for _ in range(3):
        for side in (one, other):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()
    found = one.getpeercert(binary_form=True)
    assert found is not None
    return found


@pytest.mark.parametrize("name", ["localhost", None])
def test_a_renewed_certificate_is_shown_to_whoever_connects_next(tmp_path: Path, name: str | None) -> None:
    now = datetime.datetime.now(datetime.UTC)
    certificate, key = self_signed(tmp_path / "live", ["localhost"], now)
    server = served(settings(certificate=certificate, key=key), tmp_path)
    assert server is not None and shown(server, name) == der(certificate)
    before = der(certificate)
    for new, old in zip(self_signed(tmp_path / "new", ["localhost"], now), (certificate, key), strict=True):
        new.replace(old)
    assert shown(server, name) == before, "it was read before anybody said so"
    server.renew(now)
    assert shown(server, name) == der(certificate) != before


@pytest.mark.parametrize("broken", ["absent", "not PEM", "another key", "ended"])
def test_one_that_does_not_serve_leaves_the_one_before(tmp_path: Path, broken: str) -> None:
    now = datetime.datetime.now(datetime.UTC)
    certificate, key = self_signed(tmp_path / "live", ["localhost"], now)
    server = served(settings(certificate=certificate, key=key), tmp_path)
    assert server is not None
    before = shown(server)
    match broken:
        case "absent":
            key.unlink()
        case "not PEM":
            certificate.write_text("no certificate\n")
        case "another key":
            self_signed(tmp_path / "other", ["localhost"], now)[1].replace(key)
        case _:
            long_ago = now - VALID - datetime.timedelta(minutes=1)
            for new, old in zip(self_signed(tmp_path / "old", ["x"], long_ago), (certificate, key), strict=True):
                new.replace(old)
    with pytest.raises(SettingsError, match=r"(key|certificate)\.pem: "):
        server.renew(now)
    assert shown(server) == before


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="key: needed as well"):
        settings(certificate=tmp_path / "certificate.pem")
