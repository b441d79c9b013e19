"""What clients send besides RTP parameters: DTLS fingerprints, SRTP keys, SCTP streams."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from proctor_sfu.errors import InvalidArgumentError, UnsupportedError
from proctor_sfu.mediasoup import dtls, srtp
from proctor_sfu.mediasoup.dtls import DtlsFingerprint, DtlsParameters
from proctor_sfu.mediasoup.sctp import SctpStreamParameters, StreamIds, checked_stream, consumer_stream
from proctor_sfu.mediasoup.srtp import SrtpParameters

LENGTHS = {"sha-1": 20, "sha-224": 28, "sha-256": 32, "sha-384": 48, "sha-512": 64}
KEYS = {
    "AEAD_AES_256_GCM": 44, "AEAD_AES_128_GCM": 28, "AES_CM_128_HMAC_SHA1_80": 30, "AES_CM_128_HMAC_SHA1_32": 30,
}  # fmt: skip


def hands(algorithm: Any, value: Any, role: Any = "auto") -> DtlsParameters:
    return DtlsParameters(fingerprints=(DtlsFingerprint(algorithm=algorithm, value=value),), role=role)


def pairs(count: int, pair: str = "ab") -> str:
    return ":".join([pair] * count)


@pytest.mark.parametrize("algorithm", LENGTHS)
def test_a_fingerprint_has_the_length_of_its_hash(algorithm: str) -> None:
    found = dtls.checked(hands(algorithm, pairs(LENGTHS[algorithm])))
    assert found.fingerprints[0].value == pairs(LENGTHS[algorithm], "AB"), "the worker compares upper case"
    for other in (LENGTHS[algorithm] - 1, LENGTHS[algorithm] + 1):
        with pytest.raises(InvalidArgumentError, match=f"a {algorithm} fingerprint is {LENGTHS[algorithm]} hex pairs"):
            dtls.checked(hands(algorithm, pairs(other)))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (hands("md5", pairs(16)), "invalid fingerprint algorithm 'md5'"),
        (hands("sha-1", pairs(20, "gg")), "20 hex pairs"),
        (hands("sha-1", pairs(20).replace(":", "-")), "20 hex pairs"),
        (hands("sha-1", ""), "20 hex pairs"),
        (hands("sha-1", pairs(20), "chief"), "invalid dtls role 'chief'"),
        (DtlsParameters(fingerprints=()), "1 to 5 fingerprints"),
        (DtlsParameters(fingerprints=hands("sha-1", pairs(20)).fingerprints * 6), "1 to 5 fingerprints"),
        (None, "missing dtls_parameters"),
    ],
)
def test_dtls_parameters_that_are_refused(value: Any, words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        dtls.checked(value)


@pytest.mark.parametrize("suite", KEYS)
def test_a_key_has_the_length_of_its_suite(suite: Any) -> None:
    good = SrtpParameters(crypto_suite=suite, key_base64=base64.b64encode(bytes(KEYS[suite])).decode())
    assert srtp.checked(good) is good
    for size in (KEYS[suite] - 1, KEYS[suite] + 1):
        with pytest.raises(InvalidArgumentError, match=f"has {KEYS[suite]} bytes, not {size}"):
            srtp.checked(SrtpParameters(crypto_suite=suite, key_base64=base64.b64encode(bytes(size)).decode()))


def test_srtp_parameters_that_are_refused() -> None:
    assert srtp.checked(None) is None
    for suite, key, words in (
        ("ROT13", "", "invalid crypto suite 'ROT13'"),
        ("AEAD_AES_128_GCM", "not base64!", "not base64"),
        ("AEAD_AES_128_GCM", None, "not base64"),
    ):
        with pytest.raises(InvalidArgumentError, match=words):
            srtp.checked(SrtpParameters(crypto_suite=suite, key_base64=key))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "ordered"),
    [({}, True), ({"ordered": False}, False), ({"max_retransmits": 3}, False), ({"max_packet_life_time": 9}, False),
     ({"max_retransmits": 0}, True), ({"ordered": True, "max_packet_life_time": 0}, True)],
)  # fmt: skip
def test_a_stream_is_ordered_unless_it_is_limited(given: dict[str, Any], ordered: bool) -> None:
    assert checked_stream(SctpStreamParameters(stream_id=65535, **given)).ordered is ordered


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"stream_id": -1}, "stream_id must be an integer from 0 to 65535, not -1"),
        ({"stream_id": 65536}, "stream_id"),
        ({"stream_id": "1"}, "stream_id"),
        ({"stream_id": True}, "stream_id"),
        ({"max_packet_life_time": 65536}, "max_packet_life_time"),
        ({"max_retransmits": 1.5}, "max_retransmits"),
        ({"max_packet_life_time": 1, "max_retransmits": 1}, "cannot provide both"),
        ({"ordered": True, "max_retransmits": 1}, "cannot be ordered"),
    ],
)
def test_streams_that_are_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgumentError, match=words):
        checked_stream(SctpStreamParameters(**{"stream_id": 1, **given}))


def test_a_stream_is_needed() -> None:
    with pytest.raises(InvalidArgumentError, match="missing sctp_stream_parameters"):
        checked_stream(None)


LIMITED = SctpStreamParameters(stream_id=5, ordered=False, max_retransmits=3)
RELIABLE = SctpStreamParameters(stream_id=7, ordered=True)


@pytest.mark.parametrize(
    ("source", "options", "expected"),
    [
        (LIMITED, {}, SctpStreamParameters(stream_id=1, ordered=False, max_retransmits=3)),
        (LIMITED, {"ordered": True}, SctpStreamParameters(stream_id=1, ordered=True)),
        (LIMITED, {"ordered": True, "max_retransmits": 9}, SctpStreamParameters(stream_id=1, ordered=True)),
        (RELIABLE, {"ordered": False}, SctpStreamParameters(stream_id=1, ordered=False)),
        (
            RELIABLE, {"max_packet_life_time": 40},
            SctpStreamParameters(stream_id=1, ordered=False, max_packet_life_time=40),
        ),
        (RELIABLE, {"max_retransmits": 0}, SctpStreamParameters(stream_id=1, ordered=False, max_retransmits=0)),
        (None, {}, SctpStreamParameters(stream_id=1, ordered=True)),
    ],
)  # fmt: skip
def test_a_consumers_stream(
    source: SctpStreamParameters | None, options: dict[str, Any], expected: SctpStreamParameters
) -> None:
    assert consumer_stream(source, 1, **options) == expected


def test_stream_ids_count_up_and_come_back_late() -> None:
    ids = StreamIds()
    ids.limit = 4
    assert [ids.take() for _ in range(3)] == [0, 1, 2]
    ids.free(SctpStreamParameters(stream_id=1))
    ids.free(None)
    assert [ids.take(), ids.take()] == [3, 1]
    with pytest.raises(UnsupportedError, match="no SCTP stream id is free"):
        ids.take()


def test_stream_ids_keep_to_what_was_negotiated() -> None:
    ids = StreamIds()
    taken = [ids.take() for _ in range(10)]
    ids.limit = 12
    assert [ids.take(), ids.take()] == [10, 11]
    ids.free(SctpStreamParameters(stream_id=taken[4]))
    assert ids.take() == 4
