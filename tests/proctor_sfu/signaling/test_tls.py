"""Certificates: made for trials, kept while they serve, and files that do not serve."""

from __future__ import annotations

import datetime
import ssl
import stat
from pathlib import Path

import pytest
from cryptography import x509

from proctor_sfu.errors import SettingsError
from proctor_sfu.settings import Rtc, Settings, Signaling, Tls
from proctor_sfu.signaling.tls import RENEWED, VALID, context_of, names_of, self_signed

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
    assert context_of(settings(), tmp_path) is None
    context = context_of(settings(self_signed=True), tmp_path)
    assert context is not None and context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert (tmp_path / "tls" / "key.pem").exists()


def test_a_certificate_of_ones_own_comes_before_one_that_is_made(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path / "mine", ["localhost"], NOW)
    assert context_of(settings(certificate=certificate, key=key, self_signed=True), tmp_path / "state") is not None
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
        context_of(settings(certificate=certificate, key=key), tmp_path)


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="key: needed as well"):
        settings(certificate=tmp_path / "certificate.pem")
