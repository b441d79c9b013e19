"""The manifest: its one form on disk, its signature, and every byte of it."""

from __future__ import annotations

import dataclasses

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from proctor_sfu.recording import manifest
from proctor_sfu.recording.contents import Summary
from proctor_sfu.recording.manifest import Manifest, Sealed, Signed

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
SUMMARY = Summary(
    begun_at="2026-01-01T09:00:00.000Z", ended_at="2026-01-01T12:00:00.000Z", tracks="camera", packets=7, size=99,
    gaps=1, gap_ms=500, held=False, retain_until="", erased=False,
)  # fmt: skip
MANIFEST = Manifest(
    recording="exam-101/ann/20260101T090000Z", signed_at="2026-01-01T12:00:00.000Z", rows=12, size=4096, tip="ab" * 32,
    journals=(Sealed(file="camera-0001.mjr", size=99, sha256="cd" * 32),),
    summary=SUMMARY,
)  # fmt: skip
SIGNED = manifest.sign(MANIFEST, KEY)


def test_it_reads_what_it_wrote() -> None:
    assert Signed.decode(SIGNED.encode()) == SIGNED
    assert SIGNED.genuine()


def test_every_member_is_signed() -> None:
    others = {"recording": "x", "signed_at": "x", "rows": 13, "size": 1, "tip": "x", "journals": (),
              "summary": dataclasses.replace(SUMMARY, gaps=0)}  # fmt: skip
    assert set(others) == {each.name for each in dataclasses.fields(Manifest)}
    for name, value in others.items():
        changed = dataclasses.replace(SIGNED, manifest=dataclasses.replace(MANIFEST, **{name: value}))
        assert not changed.genuine()


def test_every_flipped_byte_is_found() -> None:
    data = SIGNED.encode()
    for at in range(len(data)):
        changed = bytearray(data)
        changed[at] ^= 1 << at % 8
        try:
            found = Signed.decode(bytes(changed))
        except ValueError:
            continue
        assert not found.genuine(), at


def test_another_key_is_another_name() -> None:
    other = manifest.sign(MANIFEST, Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert other.genuine()
    assert manifest.fingerprint(other.key) != manifest.fingerprint(SIGNED.key)
    assert not dataclasses.replace(SIGNED, key=other.key).genuine()
    assert not dataclasses.replace(SIGNED, key=b"short").genuine()


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"manifest":{}}', b'{"manifest":{"format":"psfu-manifest-1","journals":[]}}',
     SIGNED.encode().replace(b'"rows": 12', b'"rows": "12"'), SIGNED.encode().replace(b'"rows": 12', b'"rows": true'),
     SIGNED.encode() + b" ", SIGNED.encode().replace(b"manifest-1", b"manifest-2")],
)  # fmt: skip
def test_what_is_no_manifest(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a manifest"):
        Signed.decode(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a manifest"):
        Signed.decode(data)
